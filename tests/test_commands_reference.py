"""The page of commands and the program must name the same commands and options."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import load_command_class

from dexxy.cli.command_line import COMMANDS, EXPORTS, FORMATS, QUEUES, parser_of
from dexxy.people.models import Export, Format

PAGE = (Path(__file__).resolve().parent.parent / "docs/reference/commands.md").read_text("utf-8")


def section(command: str) -> str:
    """Return what the page says below the heading of this command."""
    return PAGE.partition(f"\n## dexxy {command}\n")[2].partition("\n## ")[0]


def test_the_page_lists_every_command() -> None:
    listed = re.findall(r"^\| \[`dexxy ([\w-]+)`\]", PAGE, flags=re.MULTILINE)

    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "manage"])
def test_the_page_lists_the_options_of_the_command(command: str) -> None:
    parser = parser_of(command)

    documented = re.findall(r"^\| `(--[a-z-]+)", section(command), flags=re.MULTILINE)

    offered = re.findall(r"^  (?:-h, )?(--[a-z-]+)", parser.format_help(), flags=re.MULTILINE)
    assert sorted([*documented, "--help"]) == sorted(offered)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "manage"])
def test_each_command_line_has_its_command(command: str) -> None:
    assert load_command_class("dexxy.cli", command.replace("-", "_"))


def test_the_command_line_offers_what_there_is() -> None:
    # It names these itself, so that it needs no Django.
    assert tuple(settings.RQ_QUEUES) == QUEUES
    assert tuple(Export.values) == EXPORTS
    assert tuple(Format.values) == FORMATS
