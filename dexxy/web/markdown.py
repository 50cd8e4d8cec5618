"""Turn the bodies of messages, which are hostile input, into HTML that can be shown."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from nh3 import Cleaner

# GitHub accepts bodies of 65,536 characters; most of the long ones are logs. A page of a thread
# has a hundred bodies, and a hostile body takes up to a hundredth of a millisecond a character.
LONGEST = 20_000
LONGEST_IN_FEED = 5_000
# About as many lines as a body may have before it is folded.
_TALL = 10
_CHARACTERS_A_LINE = 100
_LINES_AN_IMAGE = 10

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
}
_CLASSES = {
    "div": {"markdown-alert", *(f"markdown-alert-{kind}" for kind in _ALERTS)},
    "p": {"markdown-alert-title"},
    "ul": {"contains-task-list"},
    "li": {"task-list-item"},
}


@dataclass(frozen=True)
class Rendered:
    """A body that can be put into a page."""

    html: SafeString
    is_tall: bool
    is_cut: bool


@lru_cache(maxsize=1024)
def render(body: str, longest: int = LONGEST) -> Rendered:
    """Render GitHub-flavoured markdown, at most the first LONGEST characters of it."""
    shown = _cut(body, longest)
    html = _cleaner().clean(_parser().render(shown))
    return Rendered(
        # The cleaner's allow-list is what makes it safe.
        html=mark_safe(html),  # noqa: S308  # nosec B308, B703
        is_tall=_lines(shown) > _TALL,
        is_cut=len(shown) < len(body),
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
        url_schemes={"http", "https", "mailto"},
        # On our pages a relative address would lead to ourselves, not to where its author meant.
        url_relative="deny",
        link_rel="nofollow noopener noreferrer",
    )


def _cut(body: str, longest: int) -> str:
    if len(body) <= longest:
        return body
    # At the end of a line, unless the line is what is long.
    end = body.rfind("\n", longest * 3 // 4, longest)
    return body[: end if end > 0 else longest]


def _lines(body: str) -> int:
    text = sum(1 + len(line) // _CHARACTERS_A_LINE for line in body.splitlines())
    return text + _LINES_AN_IMAGE * (body.count("![") + body.count("<img"))
