"""Turn the bodies of messages, which are hostile input, into HTML that can be shown."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache, cached
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dexxy.web.picture_urls import picture_url
from dexxy.web.written.addresses import resolved
from dexxy.web.written.code import CLASSES, coloured, weight
from dexxy.web.written.elements import below_the_page, task_item
from dexxy.web.written.limits import (
    TOO_LONG,
    TOO_MUCH_ON_THE_PAGE,
    too_much_from,
    too_much_in,
)
from dexxy.web.written.references import NOWHERE, SCHEME, Home, Linker, references_in

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from nh3 import Cleaner

# GitHub accepts bodies of 65,536 characters; most of the long ones are logs.
LONGEST = 20_000
# Characters of Markdown that one page renders: up to a hundredth of a millisecond each. The bodies
# behind them are shown as plain text, and less of each.
MOST_ON_A_PAGE = 400_000
LONGEST_PLAIN = 2_000
# Of code that is coloured, which costs several times as much as the rest.
MOST_COLOURED, MOST_COLOURED_ON_A_PAGE = 6_000, 30_000
# HTML is at most so many times as long as its body; that of tables and tasks is long.
MOST_GROWTH = 12
# Bytes of bodies and of their HTML that a process keeps.
CACHE_BYTES = 16 * 2**20
# Addresses and titles are repeated where a link is not closed; no browser takes longer ones.
_LONGEST_ATTRIBUTE = 2_048

# fmt: off
_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p",
    "pre", "q", "s", "samp", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
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
    "input": {"aria-label", "checked"},
}
# A ticked box is the only input there is, and nobody can change it.
_SET_ATTRIBUTES = {
    "input": {"type": "checkbox", "disabled": ""},
    "img": {"loading": "lazy"},
}
_CLASSES = {
    "div": {"markdown-alert", *(f"markdown-alert-{kind}" for kind in _ALERTS)},
    "p": {"markdown-alert-title"},
    "ul": {"contains-task-list"},
    "li": {"task-list-item"},
    "span": set(CLASSES),
}


# The keys of what a body refers to, with the addresses of our pages.
Known = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rendered:
    """A body that can be put into a page.

    Args:
        shown: how many characters of the body there are.
        is_cut: whether that is not all of it.
        plain_because: why it is plain text, as part of an English sentence that the catalogues
            have; "" where it is rendered.
        coloured: how many characters of code have colours, those of a slow language several times.
    """

    html: SafeString
    shown: int
    is_cut: bool
    plain_because: str = ""
    coloured: int = 0


class Bodies:
    """The bodies of one page, which together may cost so much.

    Args:
        home: the repository in which they were written.
        known: the addresses of our pages of what they refer to, by the keys of the references.
    """

    def __init__(self, home: Home = NOWHERE, known: Mapping[str, str] | None = None) -> None:
        self._home, self._known = home, known or {}
        self._left, self._colours = MOST_ON_A_PAGE, MOST_COLOURED_ON_A_PAGE

    def render(self, body: str, home: Home | None = None) -> Rendered:
        """Render one more body; as plain text where the others have used the page up.

        Args:
            home: where it was written, if that is another repository than the page's.
        """
        home = home or self._home
        self._left -= min(len(body), LONGEST)
        if self._left < 0:
            return _plain(body, _cut(body, LONGEST_PLAIN), TOO_MUCH_ON_THE_PAGE)
        named = {one.key for one in references_in(body[:LONGEST], home)}
        known = tuple((key, self._known[key]) for key in sorted(named & self._known.keys()))
        colours = MOST_COLOURED if self._colours > 0 else 0
        found = render(body, LONGEST, home, known, colours, get_language() or "")
        self._colours -= found.coloured
        return found


def _bytes(rendered: Rendered) -> int:
    # The body is kept, too, as the key; its characters are at most as wide as those of the HTML.
    return 2 * sys.getsizeof(rendered.html)


@cached(LRUCache(CACHE_BYTES, getsizeof=_bytes), lock=Lock())
def render(
    body: str,
    longest: int = LONGEST,
    home: Home = NOWHERE,
    known: Known = (),
    most_coloured: int = MOST_COLOURED,
    language: str = "",
) -> Rendered:
    """Render GitHub-flavoured markdown, at most the first LONGEST characters of it.

    What would take too long, or become too much, is shown as plain text.

    Args:
        home: the repository in which it was written.
        known: the keys of references that lead to pages of ours, with their addresses.
        most_coloured: how many characters of code may have colours; fewer of a slow language.
        language: that of the page, in which a body in the cache names what scrolls.
    """
    shown = _cut(body, longest)
    most = MOST_GROWTH * longest
    if reason := too_much_in(shown):
        return _plain(body, shown, reason)
    parser = _parser()
    tokens = parser.parse(shown)
    if reason := too_much_from(tokens, most):
        return _plain(body, shown, reason)
    below_the_page(tokens)
    Linker(home, frozenset(key for key, _ in known)).link(tokens)
    colours = _Colours(most_coloured)
    options: Any = {**parser.options, "highlight": colours.colour}
    options = type(parser.options)(options)
    clean = _cleaner(home, dict(known)).clean(parser.renderer.render(tokens, options, {}))
    if len(clean) > most:
        return _plain(body, shown, TOO_LONG)
    html = mark_safe(clean)  # noqa: S308  # nosec B308, B703 - the cleaner made it safe
    return _rendered(body, shown, html, coloured=colours.used)


class _Colours:
    """Colours the code of one body, up to a number of characters."""

    def __init__(self, most: int) -> None:
        self._most, self.used = most, 0

    def colour(self, code: str, language: str, _attributes: str) -> str:
        """Colour one more block; '' leaves it as it is."""
        cost = weight(code, language)
        if self.used + cost > self._most:
            return ""
        html = coloured(code, language)
        self.used += cost if html else 0
        return html


def _plain(body: str, shown: str, reason: str) -> Rendered:
    html = format_html(
        '<pre class="is-plain" tabindex="0" role="group" aria-label="{}">{}</pre>',
        _("Plain text"),
        shown,
    )
    return _rendered(body, shown, html, reason)


def _rendered(
    body: str, shown: str, html: SafeString, plain_because: str = "", coloured: int = 0
) -> Rendered:
    is_cut = len(shown) < len(body)
    return Rendered(html, len(shown), is_cut, plain_because=plain_because, coloured=coloured)


# Loaded where the first body is shown: the pages' tags are known to every process.
@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like2", {"breaks": True})
    parser.add_render_rule("list_item_open", task_item)
    return parser


def _cleaner(home: Home, known: Mapping[str, str]) -> "Cleaner":
    from nh3 import Cleaner

    def attribute(_tag: str, name: str, value: str) -> str | None:
        if len(value) > _LONGEST_ATTRIBUTE:
            return None
        if name not in ("href", "src"):
            return value
        if value.startswith(SCHEME):
            return known.get(value.removeprefix(SCHEME)) if name == "href" else None
        address = resolved(value, home, is_picture=name == "src")
        return (picture_url(address) if name == "src" else address) or None

    return Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        set_tag_attribute_values={**_SET_ATTRIBUTES, **_scrolling()},
        allowed_classes=_CLASSES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", SCHEME.rstrip(":")},
        link_rel="nofollow noopener noreferrer",
    )


def _scrolling() -> dict[str, dict[str, str]]:
    """Return the attributes of what scrolls where it is too wide, also by the keyboard.

    What can be focused needs a name, and a `pre` a role to have one.
    """
    return {
        "pre": {"tabindex": "0", "role": "group", "aria-label": _("Code")},
        "table": {"tabindex": "0", "aria-label": _("Table")},
    }


def _cut(body: str, longest: int) -> str:
    if len(body) <= longest:
        return body
    # At the end of a line, unless the line is what is long.
    end = body.rfind("\n", longest * 3 // 4, longest)
    return body[: end if end > 0 else longest]
