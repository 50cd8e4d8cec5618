"""The catalogues of other languages have all texts, with the same placeholders."""

import ast
import re
from collections.abc import Iterator
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


# What no page shows: it is for a terminal, a script, a program that asks the API, or the log.
_FOR_PROGRAMS = re.compile(
    r"dexxy/(cli|config|embedded|mcp|safekeeping|watching|doctor)/|/partitions/|/graphql|_?graphql"
    r"|dexxy/common/(api|valkey)|/webhooks/verification\.py|/activities/|contributors/activities"
    r"|replica_watch|connecting/asking|mail/smtp\.py|kept/files\.py|signing_in/providers\.py"
)
_NO_TEXTS = {"TypeError", "ValueError", "AssertionError", "JSONDecodeError", "validation_error"}


def bare_errors(source: str) -> Iterator[int]:
    """Yield the lines on which an error, or what is stored as one, gets English that is no text."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        is_error = name.endswith("Error") and name not in _NO_TEXTS
        texts_at = node.args[:1] if is_error else node.args if name == "access_lost" else []
        if any(_is_bare(one) for one in texts_at):
            yield node.lineno


def _is_bare(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return len(text.split()) > 1
        case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
            return any(_is_bare(part) for part in parts)
    return False


@pytest.mark.parametrize(
    ("source", "is_bare"),
    [
        ('raise FilterError(f"It takes {count} values.")', True),
        ('return errors.AccessDeniedError(reason or "It is closed.")', True),
        ('access_lost(rows, "It is gone.")', True),
        ('raise FilterError(_("It takes {count} values.").format(count=count))', False),
        ('raise FilterError(gettext_noop("It is closed."))', False),
    ],
)
def test_bare_english_is_found(source: str, is_bare: bool) -> None:
    assert list(bare_errors(source)) == ([1] if is_bare else [])


def test_no_error_that_a_page_shows_is_bare_english() -> None:
    found = [
        f"{name}:{line}"
        for path in sorted((texts.ROOT / "dexxy").rglob("*.py"))
        for name in [path.relative_to(texts.ROOT).as_posix()]
        if "tests" not in path.parts and not _FOR_PROGRAMS.search(name)
        for line in bare_errors(path.read_text())
    ]

    assert found == []


# Names, and what is typed as it stands, are no texts.
_NAMES = {
    "Dexxy",
    "CSV",
    "JSON Lines",
    "discord",
    "example.org",
    "-----BEGIN RSA PRIVATE KEY-----",
}
_BLOCK = re.compile(r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}", re.DOTALL)
_COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", re.DOTALL)
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_TYPED = re.compile(r"<(style|script|code|pre|svg|kbd)\b.*?</\1>", re.DOTALL)
_READ_OUT = re.compile(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"')


def bare_words(template: str) -> list[str]:
    """Return the words of a template that are shown as they stand, whatever language is read."""
    shown = _TAG.sub("\0", _BLOCK.sub("\0", _COMMENT.sub("", template)))
    texts_of = [*_READ_OUT.findall(shown), *re.findall(r"(?:^|>)([^<]*)", _TYPED.sub("", shown))]
    words = [word.strip(" \n·") for text in texts_of for word in text.split("\0")]
    return [word for word in words if re.search("[A-Za-z]{3}", re.sub(r"&\w+;", "", word))]


def test_bare_words_of_a_template_are_found() -> None:
    template = '<b title="Who">{% translate "Team" %} waits</b>{# said #}<code>make</code>'
    assert bare_words(template) == ["Who", "waits"]


def test_no_template_has_bare_english() -> None:
    found = [
        (path.name, word)
        for path in sorted((texts.ROOT / "dexxy").rglob("templates/**/*.html"))
        # For whoever builds pages, and for programs.
        if path.name not in {"components.html", "api_page.html"}
        for word in bare_words(path.read_text())
        if word not in _NAMES
    ]

    assert found == []
