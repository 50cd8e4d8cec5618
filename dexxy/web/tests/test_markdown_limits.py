"""What a stranger can write costs a page little, whatever its shape."""

from time import process_time
from typing import Any

import pytest
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.sources.models import Source
from dexxy.web import markdown
from dexxy.web.markdown import (
    CACHE_BYTES,
    LONGEST,
    LONGEST_PLAIN,
    MOST_GROWTH,
    MOST_ON_A_PAGE,
    Bodies,
    render,
)
from tests.factories import make_message, make_thread

LINKS = ("https://a.b/(" * 20000)[:19900] + " a1"
TABLE = "|a" * 620 + "\n" + "|-" * 620 + "\n" + "|\n" * 8000


# Of the processor, for the longest body. A tenth of it is usual; here others are at work, too.
MOST_SECONDS = 1.0
uncached: Any = markdown.render.__wrapped__


def full_of(piece: str) -> str:
    return (piece * (LONGEST // len(piece) + 1))[:LONGEST]


def numbered(piece: str, most: int = 2000) -> str:
    return "".join(piece.format(number) for number in range(most))[:LONGEST]


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (LINKS, "it has too many links in one line"),
        (full_of("a://"), "it has too many links in one line"),
        (full_of("x :// "), "it has too many links in one line"),
        (full_of("http://a"), "it has too many links in one line"),
        (full_of("//a.b/[{(<"), "it has too many links in one line"),
        (full_of("a@b.com\n"), "it has too many addresses"),
        (full_of("a@b.cc "), "it has too many addresses"),
        (TABLE, "its tables have too many cells"),
        (TABLE[:5000], "its tables have too many cells"),
        ("> " + TABLE.replace("\n", "\n> "), "its tables have too many cells"),
        ("- " + TABLE.replace("\n", "\n  "), "its tables have too many cells"),
        ("1. > |a|b|c\n   > |-|-|-\n" + "   > |\n" * 2800, "its tables have too many cells"),
        (full_of("["), "it has too many brackets"),
        (full_of("![a]("), "it has too many brackets"),
        (full_of("[\n"), "it has too many brackets"),
        (">" * 19 + " a\n" + "a\n" * 9000, "its quotes or lists are nested too deeply"),
        ("- > 1. " * 7 + " a\n" + "a\n" * 9000, "its quotes or lists are nested too deeply"),
        ("[a]: http://x/" + "y" * 9000 + "\n\n" + "[a] " * 2000, "it would be too long"),
        (full_of("&") + "<p title='&'>" * 9, ""),
        ("".join(f"<b a={n}>" for n in range(1000)) + "<p>x" * 2000, "it has too many tags"),
        (numbered("<table><i a={}><p>x"), "it has too many tags"),
        (numbered("<b a={}><select></b></select><p>x"), "it has too many tags"),
        (numbered("<b a={} title='</b>'><p>x"), "it has too many tags"),
    ],
)
def test_what_is_dear_is_shown_as_plain_text_with_the_reason(shape: str, reason: str) -> None:
    began = process_time()
    shown = uncached(shape)

    assert process_time() - began < MOST_SECONDS
    assert shown.plain_because == reason
    assert bool(reason) == shown.html.startswith('<pre class="is-plain"')


@pytest.mark.parametrize(
    "piece",
    [
        *("> a\n\n", "1. a\n", "- [ ] a\n", "# a\n", "a\n=\n", "a@b.cc ", "<http://a>\n"),
        *("*a_b~c", "**a*", "``a`", "<div>", "<a>", "<h1><a>", "<b><p>", "<ul><li>", "<table>"),
        *("&", "<", '"', "\\", "<!--", "<details><summary>", "<b><table><td>", "> [!TIP]\n> a\n\n"),
        *("[a](b)", "[a][b]", "![a](b)\n", "|a|b|\n|-|-|\n\n", "~~~\n", "    a\n\n", "\n", "\0"),
    ],
)
@pytest.mark.parametrize("longest", [LONGEST, LONGEST // 4])
def test_no_shape_becomes_more_than_a_body_may(piece: str, longest: int) -> None:
    body, began = full_of(piece), process_time()

    shown = uncached(body, longest)

    assert process_time() - began < MOST_SECONDS
    assert len(shown.html) <= MOST_GROWTH * longest


@pytest.mark.parametrize(
    "written",
    [
        "Some words, **bold** and `code`, https://example.com/a and [more](https://example.org).\n",
        "| a | b | c | d | e |\n|---|---|---|---|---|\n" + "| 1 | 2 | 3 | 4 | 5 |\n" * 30 + "\n",
        "- [x] one\n  - [ ] two\n    > a quote\n\n",
        f'<li><a href="https://example.com/acme/tools/commit/{"a1" * 20}"><code>a1a1a1a</code></a>'
        ' Fix it (<a href="https://example.com/acme/tools/issues/123">#123</a>)</li>\n',
        "```json\n" + '{"url": "https://example.com/a", "list": [[1], [2]]},\n' * 40 + "```\n\n",
        "<details>\n\n```\n" + "> step [info] done\n" * 40 + "```\n</details>\n\n",
    ],
)
def test_what_people_write_is_rendered_up_to_the_longest_body(written: str) -> None:
    assert render(full_of(written)).plain_because == ""


def test_a_title_or_an_address_longer_than_any_is_left_out() -> None:
    html = render(f'<a title="{"x" * 3000}" href="https://a.b/{"y" * 3000}">z</a>').html

    assert html == '<p><a rel="nofollow noopener noreferrer">z</a></p>\n'


def test_a_page_renders_so_much_and_shows_the_rest_as_plain_text() -> None:
    bodies, body = Bodies(), full_of("*word* ")

    shown = [bodies.render(body) for _ in range(MOST_ON_A_PAGE // LONGEST + 2)]

    assert [one.plain_because for one in shown[-3:]] == ["", *["the page has too much text"] * 2]
    assert (shown[-3].shown, shown[-1].shown, shown[-1].is_cut) == (LONGEST, LONGEST_PLAIN, True)


def test_the_bodies_that_are_kept_are_bounded_by_their_bytes() -> None:
    cache: Any = markdown.render.cache
    for number in range(CACHE_BYTES // LONGEST):
        render(full_of(f"{number} [["))

    assert CACHE_BYTES * 0.9 < cache.currsize <= CACHE_BYTES


def test_a_page_says_why_a_body_is_plain_text(
    client: Client, alice: User, workspace: Workspace, source: Source
) -> None:
    client.force_login(alice)
    thread = make_thread(source=source)
    for number in range(20):
        make_message(thread=thread, body=LINKS + str(number))
    began = process_time()

    page = client.get(f"/w/{workspace.slug}/threads/{thread.pk}/").content.decode()

    reason = "Shown as plain text: it has too many links in one line."
    assert page.count(reason) == 20
    assert process_time() - began < 2
