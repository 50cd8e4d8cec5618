"""The reference of all figures, as a page: what docs/reference/figures.md says."""

import re
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
def reference() -> SafeString:
    """Return the reference as HTML; each heading has the id that links name."""
    from markdown_it import MarkdownIt

    path = _HERE if _HERE.is_file() else _WRITTEN
    _title, _, text = path.read_text().partition("\n")
    html = MarkdownIt("commonmark").enable("table").render(_ELSEWHERE.sub(r"\1", text))
    html = html.replace("<table>", '<table tabindex="0">')
    shown = _HEADING.sub(_with_id, html)
    return mark_safe(shown)  # noqa: S308  # nosec B308, B703 - it is our own text


def _with_id(heading: re.Match[str]) -> str:
    return f'<h2 id="{slugify(heading[1])}">{heading[1]}</h2>'
