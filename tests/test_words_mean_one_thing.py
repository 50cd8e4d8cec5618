"""Two words that mean much have one meaning each, that of CONTEXT.md, in the names of the code.

A place is what a backup is restored into; said are the words of messages. What else somebody could
call so has a name of its own: a cursor, a position, an index, an area, a notice, the text of an
error.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Word -> the files whose names it may be part of.
HOMES = {
    "place": (
        "dexxy/safekeeping/",
        "dexxy/cli/management/commands/restore.py",
    ),
    "said": (
        "dexxy/messages/",
        "dexxy/mcp/telling.py",
        "dexxy/web/insights/",
        "dexxy/web/member/numbers.py",
        "dexxy/web/templatetags/",
        "dexxy/web/wording/feed_lines.py",
    ),
}
# How people name a thread, as acme/app#12.
OF_THREADS = {
    ("dexxy/messages/models.py", "place"),
    ("dexxy/web/templatetags/waiting.py", "short_place"),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def misused(path: str, source: str) -> list[str]:
    """Return the names in a file that have one of the words elsewhere than at its home."""
    found = [
        f"{line}: {name}"
        for line, name in _named(ast.parse(source))
        for word in {part.lower().removesuffix("s") for part in _WORDS.findall(name)} & HOMES.keys()
        if not path.startswith(HOMES[word]) and (path, name) not in OF_THREADS
    ]
    return sorted(found)


def _named(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="place", value=value) if ast.unparse(value).endswith("thread"):
                continue
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield node.lineno, name


def files() -> list[Path]:
    found = (ROOT / "dexxy").rglob("*.py")
    return [path for path in found if not {"tests", "migrations"} & set(path.parts)]


def test_a_place_and_what_was_said_are_one_thing_each() -> None:
    found = {
        name: misused(name, path.read_text(encoding="utf-8"))
        for path in files()
        for name in [path.relative_to(ROOT).as_posix()]
    }

    assert len(found) > 500
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "place = 1",
        "for places in x: pass",
        "def f(place): pass",
        "class _Place: pass",
        "x.said",
        "SaidError()",
        "f'{said}'",
    ],
)
def test_another_meaning_is_found(source: str) -> None:
    assert len(misused("dexxy/web/feed.py", source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("dexxy/safekeeping/restoring.py", "class PlaceBusyError(Exception): pass"),
        ("dexxy/messages/answers.py", "IS_SAID = 1"),
        ("dexxy/web/feed.py", "row.thread.place"),
        ("dexxy/web/feed.py", "placed = replaced = 1"),
        ("dexxy/web/feed.py", "_('{place} is {said}').format(place=1, said=2)"),
    ],
)
def test_the_one_meaning_is_not(path: str, source: str) -> None:
    assert misused(path, source) == []
