"""Turn the bodies of messages, which are hostile input, into HTML that can be shown."""

import re
import sys
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache, cached
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dexxy.web.markdown_limits import TOO_LONG, too_much_from, too_much_in
from dexxy.web.picture_urls import picture_url

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from nh3 import Cleaner

# GitHub accepts bodies of 65,536 characters; most of the long ones are logs.
LONGEST = 20_000
# Characters of Markdown that one page renders: up to a hundredth of a millisecond each. The bodies
# behind them are shown as plain text, and less of each.
MOST_ON_A_PAGE = 400_000
LONGEST_PLAIN = 2_000
# HTML is at most so many times as long as its body; that of tables and tasks is long.
MOST_GROWTH = 12
# Bytes of bodies and of their HTML that a process keeps.
CACHE_BYTES = 16 * 2**20
# Addresses and titles are repeated where a link is not closed; no browser takes longer ones.
_LONGEST_ATTRIBUTE = 2_048
_ABSOLUTE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
# A page has its own first and second headings.
_HEADINGS_BELOW = 2

# fmt: off
_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p",
    "pre", "q", "s", "samp", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "ul", "var",
}
# fmt: on
_ALERTS = {"note", "tip", "important", "warning", "caution"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"alt", "height", "src", "title", "width"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "details": {"open"},
    "input": {"checked"},
}
# A ticked box is the only input there is, and nobody can change it.
_SET_ATTRIBUTES = {
    "input": {"type": "checkbox", "disabled": ""},
    "img": {"loading": "lazy"},
    # Both scroll where they are too wide, also by the keyboard.
    "pre": {"tabindex": "0"},
    "table": {"tabindex": "0"},
}
_CLASSES = {
    "div": {"markdown-alert", *(f"markdown-alert-{kind}" for kind in _ALERTS)},
    "p": {"markdown-alert-title"},
    "ul": {"contains-task-list"},
    "li": {"task-list-item"},
}


@dataclass(frozen=True)
class Rendered:
    """A body that can be put into a page.

    Args:
        shown: how many characters of the body there are.
        is_cut: whether that is not all of it.
        plain_because: why it is plain text, as part of a sentence; "" where it is rendered.
    """

    html: SafeString
    shown: int
    is_cut: bool
    plain_because: str = ""


class Bodies:
    """The bodies of one page, which together may cost so much."""

    def __init__(self) -> None:
        self._left = MOST_ON_A_PAGE

    def render(self, body: str) -> Rendered:
        """Render one more body; as plain text where the others have used the page up."""
        self._left -= min(len(body), LONGEST)
        if self._left < 0:
            return _plain(body, _cut(body, LONGEST_PLAIN), "the page has too much text")
        return render(body)


def _bytes(rendered: Rendered) -> int:
    # The body is kept, too, as the key; its characters are at most as wide as those of the HTML.
    return 2 * sys.getsizeof(rendered.html)


@cached(LRUCache(CACHE_BYTES, getsizeof=_bytes), lock=Lock())
def render(body: str, longest: int = LONGEST) -> Rendered:
    """Render GitHub-flavoured markdown, at most the first LONGEST characters of it.

    What would take too long, or become too much, is shown as plain text.
    """
    shown = _cut(body, longest)
    most = MOST_GROWTH * longest
    if reason := too_much_in(shown):
        return _plain(body, shown, reason)
    parser = _parser()
    tokens = parser.parse(shown)
    if reason := too_much_from(tokens, most):
        return _plain(body, shown, reason)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + _HEADINGS_BELOW)}"
    clean = _cleaner().clean(parser.renderer.render(tokens, parser.options, {}))
    if len(clean) > most:
        return _plain(body, shown, TOO_LONG)
    return _rendered(body, shown, mark_safe(clean))  # noqa: S308  # nosec B308, B703 - the cleaner made it safe


def _plain(body: str, shown: str, reason: str) -> Rendered:
    html = format_html('<pre class="is-plain" tabindex="0">{}</pre>', shown)
    return _rendered(body, shown, html, reason)


def _rendered(body: str, shown: str, html: SafeString, plain_because: str = "") -> Rendered:
    return Rendered(
        html=html,
        shown=len(shown),
        is_cut=len(shown) < len(body),
        plain_because=plain_because,
    )


# Both are loaded where the first body is shown: the pages' tags are known to every process.
@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("gfm-like2", {"breaks": True})


@cache
def _cleaner() -> "Cleaner":
    from nh3 import Cleaner

    return Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        set_tag_attribute_values=_SET_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if len(value) > _LONGEST_ATTRIBUTE:
        return None
    if name not in ("href", "src"):
        return value
    # On our pages a relative address would lead to ourselves, not to where its author meant.
    if not _ABSOLUTE.match(value):
        return None
    return picture_url(value) or None if name == "src" else value


def _cut(body: str, longest: int) -> str:
    if len(body) <= longest:
        return body
    # At the end of a line, unless the line is what is long.
    end = body.rfind("\n", longest * 3 // 4, longest)
    return body[: end if end > 0 else longest]
