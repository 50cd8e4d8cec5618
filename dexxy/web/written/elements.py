"""What differs between Markdown as a parser writes it and as a page of ours needs it."""

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from dexxy.web.rows.excerpts import excerpt

if TYPE_CHECKING:
    from markdown_it.token import Token

# A page has its own first and second headings.
_HEADINGS_BELOW = 2
_LONGEST_LABEL = 120
# Of two attributes of one name the first one holds.
_NAMELESS_PICTURE = re.compile(r"<img\b(?![^>]*\balt\s*=)", re.IGNORECASE)
_BOX = re.compile(r"<input\b", re.IGNORECASE)


def below_the_page(tokens: "Sequence[Token]") -> None:
    """Change TOKENS so that their headings stand below the page's, and nothing needs a style."""
    for token in tokens:
        for html in (token, *(token.children or ())):
            if html.type in {"html_block", "html_inline"}:
                html.content = _named(html.content)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + _HEADINGS_BELOW)}"
        elif token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs["align"] = str(token.attrs.pop("style")).removeprefix("text-align:")


def _named(html: str) -> str:
    """Name the pictures and boxes of HTML that somebody wrote; the cleaner comes after this."""
    return _BOX.sub('<input aria-label="…"', _NAMELESS_PICTURE.sub('<img alt=""', html))


def task_item(renderer: Any, tokens: "Sequence[Token]", index: int, options: Any, env: Any) -> str:
    """Render the beginning of an item of a list; the box of a task is named like the task."""
    token = tokens[index]
    opened = str(renderer.renderToken(tokens, index, options, env))
    if "checked" not in token.meta:
        return opened
    words = next((one.content for one in tokens[index + 1 : index + 3] if one.content), "")
    label = excerpt(words)[:_LONGEST_LABEL] or "…"
    checked = " checked" if token.meta["checked"] else ""
    return f'{opened}<input type="checkbox" disabled{checked} aria-label="{escape(label)}"> '
