"""The page of commands says what the program does: its tables are written from it."""

import re

import pytest
from django.conf import settings
from django.core.management import load_command_class

from dexxy.cli.command_line import COMMANDS, EXPORTS, FORMATS, QUEUES, parser_of
from dexxy.people.models import Export, Format
from tools import commands_reference

PAGE = commands_reference.PAGE.read_text("utf-8")


def test_the_reference_is_what_the_program_says() -> None:
    assert commands_reference.written() == PAGE, "run make fmt and review the diff"


def test_each_command_has_a_section_with_its_arguments_and_some_words() -> None:
    sections = re.findall(r"^## dexxy ([\w-]+)\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)

    assert [name for name, _ in sections] == list(COMMANDS)
    for name, text in sections:
        written, _, said = text.rpartition("<!-- end -->\n")
        assert name == "manage" or written.startswith(f"<!-- {name}: written by"), name
        assert len(said.split()) > 10, name


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "manage"])
def test_each_argument_says_what_it_is_for(command: str) -> None:
    arguments = parser_of(command)._actions

    assert [one.dest for one in arguments if not one.help] == []


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "manage"])
def test_each_command_line_has_its_command(command: str) -> None:
    assert load_command_class("dexxy.cli", command.replace("-", "_"))


def test_the_command_line_offers_what_there_is() -> None:
    # It names these itself, so that it needs no Django.
    assert tuple(settings.RQ_QUEUES) == QUEUES
    assert tuple(Export.values) == EXPORTS
    assert tuple(Format.values) == FORMATS
