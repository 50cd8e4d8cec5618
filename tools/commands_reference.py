"""Write the tables of docs/reference/commands.md from what each command takes."""

import re
from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from dexxy.cli.command_line import COMMANDS, parser_of

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/commands.md"
BY = "written by `make fmt` from dexxy/cli/command_line.py -->\n"
END = "<!-- end -->\n"
_PART = re.compile(rf"<!-- ([\w -]+): {re.escape(BY)}.*?{END}", re.DOTALL)
_DEFAULT = re.compile(r"\s*\(default: (.*)\)$", re.DOTALL)
# What argparse shows in its own way, and pages as code.
_CODE = re.compile(r"(?<![\w`/])(--[a-z][a-z-]*|DEXXY_[A-Z_]+|GITHUB_TOKEN)(?![\w`])")


def written() -> str:
    """Return the page with its parts as the program says them."""

    def part(found: re.Match[str]) -> str:
        lines = _overview() if found[1] == "all commands" else _command(found[1])
        return f"<!-- {found[1]}: {BY}{chr(10).join(lines)}\n{END}"

    return _PART.sub(part, PAGE.read_text(encoding="utf-8"))


def _overview() -> Iterator[str]:
    yield from ("| command | what it does |", "|---|---|")
    for name, command in COMMANDS.items():
        yield f"| [`dexxy {name}`](#dexxy-{name}) | {_text(command.summary)} |"


def _command(name: str) -> Iterator[str]:
    parser = parser_of(name)
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield from ("```text", usage.replace("[-h] ", "").replace(" [-h]", ""), "```")
    shown = [one for one in parser._actions if one.help is not SUPPRESS and one.dest != "help"]
    if shown:
        yield from ("", "| argument | default | meaning |", "|---|---|---|")
    for action in sorted(shown, key=lambda one: bool(one.option_strings)):
        yield _row(parser, action)


def _row(parser: ArgumentParser, action: Action) -> str:
    said = str(action.help) % {**vars(action), "prog": parser.prog}
    default = _DEFAULT.search(said)
    meaning = _text(_DEFAULT.sub("", said))
    if action.choices:
        meaning = f"{meaning}: {', '.join(f'`{one}`' for one in action.choices)}"
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    name = " ".join(filter(None, [*action.option_strings, str(value or "")]))
    return f"| `{name}` | {_default(default[1]) if default else ''} | {meaning} |"


def _default(said: str) -> str:
    is_value = " " not in said and not said.startswith("`")
    return f"`{said}`" if is_value else _text(said)


def _text(said: str) -> str:
    return _CODE.sub(r"`\1`", said).replace("|", "\\|")


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
