"""Links of Markdown files, as GitHub follows them: to files of this repository, and headings."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin

ROOT = Path(__file__).resolve().parent.parent.parent
# What a link is not: code, in fences and between backticks.
_CODE = re.compile(r"^( *)(```+)[^\n]*\n.*?^\1\2[^\n]*$|(`+)[^`].*?\3", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()([^()\s]+)(\))")
_ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:|//", re.IGNORECASE)


def rewritten(text: str, change: Callable[[str], str]) -> str:
    """Return TEXT with each link into the repository as CHANGE gives it."""
    pieces, end = [], 0
    for code in _CODE.finditer(text):
        pieces += [_links_changed(text[end : code.start()], change), code[0]]
        end = code.end()
    return "".join([*pieces, _links_changed(text[end:], change)])


def _links_changed(text: str, change: Callable[[str], str]) -> str:
    def changed(link: re.Match[str]) -> str:
        is_elsewhere = _ELSEWHERE.match(link[2])
        return link[0] if is_elsewhere else f"{link[1]}{change(link[2])}{link[3]}"

    return _LINK.sub(changed, text)


def target_of(page: Path, link: str) -> tuple[Path, str]:
    """Return the file that LINK on PAGE names, and the anchor there, or ''."""
    file, _, anchor = link.partition("#")
    return ((page.parent / file).resolve() if file else page), anchor


def dead_links(page: Path) -> Iterator[str]:
    """Find the links of PAGE that lead to no file, or to no heading of it."""
    found: list[str] = []

    def noted(link: str) -> str:
        target, anchor = target_of(page, link)
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(target)):
            found.append(link)
        return link

    rewritten(page.read_text("utf-8"), noted)
    yield from found


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a Markdown file."""
    if page.suffix != ".md":
        return set()
    parser = MarkdownIt("gfm-like2").use(anchors_plugin, max_level=6)
    tokens = parser.parse(page.read_text("utf-8"))
    return {str(one.attrs["id"]) for one in tokens if one.type == "heading_open"}
