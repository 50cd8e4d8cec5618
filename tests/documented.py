"""What the documentation shows in fences, by page: commands, settings, programs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
)
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"(?:export )?([A-Z][A-Z_]+)=(\S*)")


@dataclass(frozen=True)
class Command:
    """A command as somebody types it, with all its lines.

    Args:
        page: where it stands, from the root of the repository.
    """

    page: str
    text: str

    @property
    def setting(self) -> tuple[str, str] | None:
        """The name and the value, if it is a line of settings and no command."""
        line = self.text.partition("  #")[0].strip()
        found = _SETTING.fullmatch(line) or re.fullmatch(r'([A-Z_]+)="([^"]*)"', line)
        return (found[1], found[2]) if found else None


def fences(page: str, language: str) -> list[str]:
    """Return what stands in the fences of one language on a page."""
    text = (ROOT / page).read_text("utf-8")
    return [dedent(body) for _, of, body in _FENCE.findall(text) if of == language]


def named_in_sentences(page: str) -> Iterator[str]:
    """Yield what stands behind `dexxy` in the commands that a page names outside of fences."""
    text = _FENCE.sub("", (ROOT / page).read_text("utf-8"))
    yield from re.findall(r"`(?:[A-Z_]+=\S+ )*(?:[\w./]*/)?dexxy ([^`\n]+)`", text)


def blocks(page: str) -> Iterator[list[Command]]:
    """Return the commands of each fence of a page."""
    for body in fences(page, "sh"):
        yield [Command(page, text) for text in _commands(body.splitlines())]
    for body in fences(page, "console"):
        typed = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
        yield [Command(page, text) for text in _commands(typed)]


def _commands(lines: list[str]) -> Iterator[str]:
    """Put together what belongs to one command: continued lines, loops, and what is fed to it."""
    so_far: list[str] = []
    for line in lines:
        so_far.append(line)
        text = "\n".join(so_far)
        fed = re.search(r"<<'?(\w+)'?", text)
        is_open = fed is not None and so_far[-1] != fed[1]
        is_loop = text.startswith("until ") and not text.rstrip().endswith("done")
        if line.endswith("\\") or is_open or is_loop or text.count("'") % 2:
            continue
        if text.strip():
            yield text
        so_far = []
    assert not so_far, f"a command does not end: {so_far}"
