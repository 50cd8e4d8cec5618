"""The documentation: its links lead somewhere, and `make docs` builds all of it, for any server."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.built_documentation import html
from tools.documentation.links import ROOT, anchors, dead_links, rewritten, target_of
from tools.documentation.staging import DOCS, GROUPS, PROJECT, links_of

__all__ = ["html"]

PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in (*PROJECT, "README.md"))]


class Page(HTMLParser):
    """What a built page has: where it leads, what can be led to, and what a policy forbids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []
        self._script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")
            elif name == "style" or name.startswith("on"):
                self.inline.append(f"{name} of {tag}")
        self._script = tag == "script"
        if tag == "style":
            self.inline.append(tag)

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append("script")

    def handle_endtag(self, _tag: str) -> None:
        self._script = False


@pytest.fixture(scope="module")
def built(html: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in html.rglob("*.html")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_a_dead_link_would_be_found(tmp_path: Path) -> None:
    # Below the repository, as pages are.
    page = DOCS / "how-to" / "never-written.md"
    text = "# A [b](begin.md) [c](none.md) [d](begin.md#another-team) [e](begin.md#none) `[f](x)`"
    found: list[str] = []

    def noted(link: str) -> str:
        target, anchor = target_of(page, link)
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
        return link

    rewritten(text, noted)

    assert found == ["none.md", "begin.md#none"]


def test_nothing_that_was_built_is_taken_for_a_module(html: Path) -> None:
    # What looks for modules below dexxy would find it there.
    assert list(html.rglob("*.py")) == []
    assert len(list(html.rglob("mbox_to_jsonl.py.txt"))) == 1


def test_each_page_is_named_by_the_first_one(html: Path) -> None:
    named = {target_of(DOCS / "README.md", link)[0] for link in links_of(DOCS / "README.md")}
    pages = {page for folder in GROUPS for page in (DOCS / folder).glob("*.md")}

    assert sorted(page.name for page in pages - named) == []


def test_each_page_has_become_html(html: Path, built: dict[Path, Page]) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html").as_posix() for page in DOCS.rglob("*.md")}
    pages = {re.sub(r"README\.html$", "index.html", page) for page in pages}
    pages |= {f"project/{Path(name).stem}.html" for name in PROJECT} | {"search.html"}

    assert {path.relative_to(html).as_posix() for path in built} == pages


def leading_nowhere(path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for link in pages[path].links:
        parts = urlsplit(link)
        if parts.scheme in ("http", "https", "mailto"):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        is_there = target.is_file()
        if is_there and parts.fragment and target in pages:
            is_there = unquote(parts.fragment) in pages[target].ids
        if not is_there:
            yield link


def test_each_link_between_built_pages_leads_somewhere(built: dict[Path, Page]) -> None:
    dead = {path.name: list(leading_nowhere(path, built)) for path in built}

    assert {name: links for name, links in dead.items() if links} == {}
    assert sum(len(page.links) for page in built.values()) > 3000


def test_each_alert_leads_to_a_place_of_a_built_page(built: dict[Path, Page], html: Path) -> None:
    alerts = (DOCS / "examples/monitoring/alerts.yml").read_text("utf-8")

    led_to = re.findall(r"runbook_url: .*{{ end }}([\w/.-]+)#([\w-]+)'$", alerts, re.MULTILINE)

    assert len(led_to) == alerts.count("- alert:") > 20
    assert [where for page, where in led_to if where not in built[html / page].ids] == []


def test_nothing_that_is_loaded_comes_from_elsewhere_or_stands_inside_of_a_page(
    built: dict[Path, Page], html: Path
) -> None:
    loaded = re.compile(r'<(?:script|link|img|iframe)[^>]* (?:src|href)="(?:[a-z]+:)?//')

    assert [path.name for path, page in built.items() if page.inline] == []
    assert [path.name for path in built if loaded.search(path.read_text("utf-8"))] == []
    assert [path.name for path in built if "<script" in path.read_text("utf-8")] == ["search.html"]
