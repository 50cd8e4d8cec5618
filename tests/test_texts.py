"""The catalogues of other languages have all texts, with the same placeholders."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages import Message

from tools import texts

PLACEHOLDER = re.compile(r"\{\w*[^}]*\}|%(?:\(\w+\))?[sd%]|</?\w+|&\w+;")


@pytest.fixture(scope="module")
def found() -> set[tuple[str | None, object]]:
    return {(message.context, message.id) for message in texts.found() if message.id}


@pytest.mark.parametrize("path", texts.catalogues(), ids=lambda path: path.parent.parent.name)
def test_a_catalogue_has_each_text_translated_and_no_other(
    path: Path, found: set[tuple[str | None, object]]
) -> None:
    catalogue = texts.read(path)
    kept = {(message.context, message.id): message for message in catalogue if message.id}

    assert set(kept) == found, "run `make texts`"
    missing = [message.id for message in kept.values() if not all(texts.strings(message))]
    assert missing == []
    assert [message.id for message in kept.values() if message.fuzzy] == []


@pytest.mark.parametrize("path", texts.catalogues(), ids=lambda path: path.parent.parent.name)
def test_a_translation_has_the_placeholders_and_tags_of_its_text(path: Path) -> None:
    odd = [message.id for message in texts.read(path) if message.id and not _has_same(message)]

    assert odd == []


@pytest.mark.parametrize("path", texts.catalogues(), ids=lambda path: path.parent.parent.name)
def test_what_django_loads_is_what_the_catalogue_says(path: Path) -> None:
    compiled = path.with_suffix(".mo").read_bytes()

    assert compiled == texts.compiled(texts.read(path)), "run `make texts`"


def test_no_text_hides_in_an_f_string_where_nobody_finds_it() -> None:
    hidden = [
        f"{path}:{node.lineno}"
        for path in (texts.ROOT / "dexxy").rglob("*.py")
        for formatted in ast.walk(ast.parse(path.read_text()))
        if isinstance(formatted, ast.JoinedStr)
        for node in ast.walk(formatted)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in texts.KEYWORDS
    ]

    assert hidden == []


def _has_same(message: Message) -> bool:
    ids = [message.id] if isinstance(message.id, str) else message.id
    wanted = [_placeholders(one) for one in ids]
    # Of "one thread" and "{number} threads" a translation may follow either.
    return all(_placeholders(one) in wanted for one in texts.strings(message) if one)


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))
