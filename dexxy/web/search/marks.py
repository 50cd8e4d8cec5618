"""Mark in a text what a search found in it."""

import re
from collections.abc import Iterator

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from dexxy.messages.feed.search import split_phrases
from dexxy.web.rows import excerpts

# What is before and behind the first match in an excerpt.
_BEFORE, _BEHIND = 30, 240
# Endings that the index of words cuts off, roughly; so "tickers" finds "ticker".
_ENDING = re.compile(r"(?:ing|ed|es|s|ly)$")


def pattern_of(words: str) -> re.Pattern[str] | None:
    """Return what finds the words and phrases of a search in a text; None if there are none."""
    plain, phrases = split_phrases(words)
    parts = [*(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)]
    parts += [_word(word) for piece in plain.split() for word in re.findall(r"\w+", piece)]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def marked(text: str, found: re.Pattern[str] | None) -> SafeString:
    """Return TEXT as HTML, with `<mark>` around whatever FOUND finds."""
    if found is None:
        return conditional_escape(text)
    return format_html_join("", "{}{}", _pieces(text, found))


def excerpt_of(body: str, found: re.Pattern[str] | None) -> str:
    """Return one line of a BODY, with the first match in it."""
    first = found.search(body) if found else None
    if first is None or first.start() < _BEHIND // 2:
        return excerpts.excerpt(body)
    begin = body.rfind(" ", 0, max(0, first.start() - _BEFORE)) + 1
    return f"…{excerpts.excerpt(body[begin : first.end() + _BEHIND])}"


def _word(word: str) -> str:
    if not word.isascii():
        # Scripts without spaces: a word begins anywhere.
        return re.escape(word)
    stem = _ENDING.sub("", word) if len(word) > 4 else word
    return rf"\b{re.escape(stem)}\w{{0,4}}\b"


def _pieces(text: str, found: re.Pattern[str]) -> Iterator[tuple[str, SafeString | str]]:
    end = 0
    for match in found.finditer(text):
        if match.group():
            yield text[end : match.start()], format_mark(match.group())
            end = match.end()
    yield text[end:], ""


def format_mark(text: str) -> SafeString:
    """Return TEXT as marked."""
    return format_html("<mark>{}</mark>", text)
