"""What rendering a body may cost, told from its text: a few shapes of Markdown cost far more than
their length.

Each limit is several times what people write, and a body that reaches it takes about a tenth of a
second. The limits count and take no time, so that a body is shown alike on every machine.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

if TYPE_CHECKING:
    from markdown_it.token import Token

# Markdown-it fills up the rows of a table that are too short.
MOST_CELLS = 6_000
# The beginning of each address is searched for in all of its line.
MOST_LINK_STEPS = 4_000_000
MOST_BRACKETS = 3_000
MOST_MAIL_ADDRESSES = 1_200
# Each line is tried as the beginning of every block, at each level of quotes and lists.
MOST_NESTED_LINES = 60_000
# A tag such as `<b>` that is not closed is repeated in every element that follows.
MOST_REPEATED_TAGS = 500_000

TOO_LONG = gettext_noop("it would be too long")
TOO_MUCH_ON_THE_PAGE = gettext_noop("the page has too much text")

_MAIL_ADDRESS = re.compile(r"\w@\w")
_DELIMITER_ROW = re.compile(r"[|:\-][|:\-\s]*")
_MARKERS = re.compile(r"[ \t]*(?:(?:>|[-+*]|\d{1,9}[.)])[ \t]*)*")
_MARKER = re.compile(r">|[-+*]|\d+[.)]")
# https://html.spec.whatwg.org/multipage/parsing.html#formatting
_FORMATTING = re.compile(
    r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)


def too_much_in(text: str) -> str:
    """Say what in TEXT would take too long to render, as part of a sentence; "" if nothing does."""
    lines = text.splitlines()
    if text.count("[") > MOST_BRACKETS:
        return gettext_noop("it has too many brackets")
    if sum(line.count("//") * len(line) for line in lines) > MOST_LINK_STEPS:
        return gettext_noop("it has too many links in one line")
    if len(_MAIL_ADDRESS.findall(text)) > MOST_MAIL_ADDRESSES:
        return gettext_noop("it has too many addresses")
    if _cells(lines) > MOST_CELLS:
        return gettext_noop("its tables have too many cells")
    if len(lines) * max(map(_nested, lines), default=0) > MOST_NESTED_LINES:
        return gettext_noop("its quotes or lists are nested too deeply")
    return ""


def too_much_from(tokens: "Sequence[Token]", most: int) -> str:
    """Say what in parsed TOKENS would become more than MOST characters, or take too long to clean.

    An address that is defined once can be used a thousand times. Which tags of the body's own HTML
    are closed is not asked, because only the cleaner can know that; those of Markdown all are.
    """
    every = list(_every(tokens))
    if sum(map(_length, every)) > most:
        return TOO_LONG
    html = [token.content for token in every if token.type in ("html_inline", "html_block")]
    repeated = sum(len(_FORMATTING.findall(text)) for text in html)
    if repeated * (len(every) + sum(text.count("<") for text in html)) > MOST_REPEATED_TAGS:
        return gettext_noop("it has too many tags")
    return ""


def _every(tokens: "Iterable[Token]") -> "Iterator[Token]":
    for token in tokens:
        yield token
        yield from _every(token.children or ())


def _length(token: "Token") -> int:
    return len(token.content) + sum(len(str(value)) for value in token.attrs.values())


def _cells(lines: Sequence[str]) -> int:
    """Count the cells that tables can have, those that are filled up among them."""
    cells = columns = 0
    for line in lines:
        text = line.strip(" \t>")
        # In a list, too, where the last marker and the first column can be the same sign.
        row = line[len(_markers(line)) :]
        if not text:
            columns = 0
        elif _DELIMITER_ROW.fullmatch(text):
            columns = max(columns, text.strip("|").count("|") + 1)
        elif _DELIMITER_ROW.fullmatch(row):
            columns = max(columns, row.count("|") + 1)
        cells += columns
    return cells


def _nested(line: str) -> int:
    return len(_MARKER.findall(_markers(line)))


def _markers(line: str) -> str:
    found = _MARKERS.match(line)
    return found.group() if found else ""
