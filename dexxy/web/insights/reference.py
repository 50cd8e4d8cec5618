"""The reference of all figures, as a page: what docs/reference/figures.md says."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

# In an installation it is beside this file; in a checkout it is where it is written.
_HERE = Path(__file__).parent / "figures.md"
_WRITTEN = Path(__file__).parents[3] / "docs" / "reference" / "figures.md"
# Other files of the documentation are not shown here.
_ELSEWHERE = re.compile(r"\[([^\]]+)\]\([\w./-]+\.md[^)]*\)")
_HEADING = re.compile(r"<h2>(.*?)</h2>")


@cache
def reference(language: str) -> SafeString:
    """Return the reference in a language, or in English, as HTML.

    Each heading has the id that links name, which is that of the English one.
    """
    from markdown_it import MarkdownIt

    english = source()
    _title, _, text = source(language).partition("\n")
    html = MarkdownIt("commonmark").enable("table").render(_ELSEWHERE.sub(r"\1", text))
    html = html.replace("<table>", '<table tabindex="0">')
    ids = map(slugify, re.findall(r"^## (.*)$", english, re.MULTILINE))
    shown = _HEADING.sub(lambda heading: _with_id(heading[1], ids), html)
    return mark_safe(shown)  # noqa: S308  # nosec B308, B703 - it is our own text


def language_of(language: str) -> str:
    """Return in which language the reference is shown to whoever reads in LANGUAGE."""
    return language if _translated(language).is_file() else "en"


def source(language: str = "en") -> str:
    """Return the reference as it is written."""
    if (path := _translated(language)).is_file():
        return path.read_text()
    return (_HERE if _HERE.is_file() else _WRITTEN).read_text()


def _translated(language: str) -> Path:
    return _HERE.with_suffix(f".{slugify(language)}.md")


def _with_id(heading: str, ids: Iterator[str]) -> str:
    return f'<h2 id="{next(ids)}">{heading}</h2>'
