import re

import pytest
from django.utils import translation

from dexxy.web.markdown import MOST_COLOURED, Bodies, render
from dexxy.web.written.code import LONGEST_BLOCK
from dexxy.web.written.references import MOST_LINKED, Home, references_in

HERE = Home("https://github.com/ada/pool", "ada/pool")
KNOWN = (("ada/pool#12", "/w/team/threads/5/"), ("@mira", "/w/team/people/3/"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("~~old~~ **new**", "<p><s>old</s> <strong>new</strong></p>\n"),
        ("`a < b`", "<p><code>a &lt; b</code></p>\n"),
        ("线程池", "<p>线程池</p>\n"),
        ("<details><summary>more</summary>x</details>",) * 2,
    ],
)
def test_markdown_reads_as_on_github(written: str, shown: str) -> None:
    assert str(render(written).html) == shown


def test_tables_task_lists_and_alerts_are_understood() -> None:
    html = render("| a |\n|---|\n| 1 |\n\n- [x] done\n\n> [!NOTE]\n> Mind.").html

    assert "<td>1</td>" in html
    assert 'type="checkbox"' in html
    assert "disabled" in html
    assert "markdown-alert-note" in html


def test_links_lead_out_without_trust() -> None:
    html = render("[a](https://example.com) and https://example.org").html

    assert html.count('rel="nofollow noopener noreferrer"') == 2
    assert 'href="https://example.com"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<iframe src='https://example.com'></iframe>",
        "<style>body { display: none }</style>",
        "<p style='position: fixed'>x</p>",
        "<form action='/accounts/logout/'><button>x</button></form>",
        "<input type=text name=password>",
        "<svg><use href='data:text/html,x'/></svg>",
        "<div hx-get='/accounts/logout/' hx-trigger=load class=top id=content>x</div>",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    ],
)
def test_nothing_hostile_survives(hostile: str) -> None:
    html = str(render(hostile).html)

    for piece in ("<script", "onerror", '="javascript:', "<iframe", "<style", "style=", "<form"):
        assert piece not in html
    for piece in ("hx-", '="data:', "id=", "name=", "<svg", "type=text", 'class="top"', "<button"):
        assert piece not in html


def links(body: str) -> list[tuple[str, str]]:
    """Return where the links of a body lead that was written in a repository, and their words."""
    html = str(render(body, home=HERE, known=KNOWN).html)
    found = re.findall(r'<a(?: href="([^"]*)")?[^>]*>(.*?)</a>', html)
    return [(address, re.sub("<.*?>", "", words)) for address, words in found]


@pytest.mark.parametrize(
    ("body", "address", "words"),
    [
        ("Fixes #12.", "/w/team/threads/5/", "#12"),
        ("see GH-12", "/w/team/threads/5/", "GH-12"),
        ("see Ada/Pool#12", "/w/team/threads/5/", "Ada/Pool#12"),
        ("#13", "https://github.com/ada/pool/issues/13", "#13"),
        ("(b/c#7)", "https://github.com/b/c/issues/7", "b/c#7"),
        ("Thanks @Mira!", "/w/team/people/3/", "@Mira"),
        ("@some-one", "https://github.com/some-one", "@some-one"),
        ("in abc1234", "https://github.com/ada/pool/commit/abc1234", "abc1234"),
        ("0a" * 20, f"https://github.com/ada/pool/commit/{'0a' * 20}", "0a0a0a0"),
        (f"b/c@{'0a' * 20}", f"https://github.com/b/c/commit/{'0a' * 20}", "b/c@0a0a0a0"),
        ("https://github.com/ada/pool/issues/12", "/w/team/threads/5/", "#12"),
        ("https://github.com/b/c/pull/7", "https://github.com/b/c/pull/7", "b/c#7"),
        ("[a](docs/a.md)", "https://github.com/ada/pool/blob/HEAD/docs/a.md", "a"),
        ("[a](/docs/a.md)", "https://github.com/ada/pool/blob/HEAD/docs/a.md", "a"),
        ("[a](../../wiki)", "https://github.com/ada/pool/wiki", "a"),
        ("<a href='a.md'>a</a>", "https://github.com/ada/pool/blob/HEAD/a.md", "a"),
    ],
)
def test_what_is_referred_to_is_a_link(body: str, address: str, words: str) -> None:
    assert links(body) == [(address, words)]


@pytest.mark.parametrize(
    "body",
    [
        *("foo#12", "#12a", "#0", "&#12;", "a@mira.com.", "x/@mira", "1234567", "deadbeef"),
        *("`#12 @mira`", "```\n#12 @mira\n```", "<code>#12</code>", "@-a", ":#12"[:1]),
    ],
)
def test_what_only_looks_like_a_reference_is_none(body: str) -> None:
    assert [one for one in links(body) if "mailto:" not in one[0]] == []


def test_links_are_not_linked_again() -> None:
    assert links("[#12 @mira](https://a.b) <a href='https://c.d'>#12</a>") == [
        ("https://a.b", "#12 @mira"),
        ("https://c.d", "#12"),
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "[x](dexxy:ada/pool#13)",
        "<a href='dexxy:/accounts/logout/'>x</a>",
        "[x](//evil.example/)",
        "[x](/\\evil.example/)",
        "[x](\\\\evil.example/)",
        "[x](#top)",
        "[x](?next=/)",
        "<a href=' '>x</a>",
        # A browser takes the scheme of the page for none at all.
        "[x](https:/accounts/logout/)",
        "<a href='HTTP:accounts/logout/'>x</a>",
    ],
)
def test_no_author_can_lead_to_our_pages_or_astray(hostile: str) -> None:
    assert all(
        address == "" or address.startswith("https://github.com/ada/pool/blob/HEAD/")
        for address, _ in links(hostile)
    )


def test_without_a_repository_nothing_is_linked() -> None:
    html = render("#12 @mira abc1234 :tada:").html

    assert html == "<p>#12 @mira abc1234 🎉</p>\n"


def test_signs_have_the_names_that_github_gives_them() -> None:
    html = render(":+1: :white_check_mark::rocket: 12:30:45 :no_such_sign: `:tada:`").html

    assert html == "<p>👍 ✅🚀 12:30:45 :no_such_sign: <code>:tada:</code></p>\n"


def test_a_picture_of_the_repository_comes_through_us() -> None:
    html = render("![logo](img/logo.png)", home=HERE).html

    of = "https%3A%2F%2Fgithub.com%2Fada%2Fpool%2Fraw%2FHEAD%2Fimg%2Flogo.png"
    assert re.search(rf'src="/pictures/[\w-]+\?of={of}"', html)


def test_only_so_many_references_become_links() -> None:
    assert len(links("#7 " * 1000)) == MOST_LINKED


def test_all_that_may_be_known_is_found_for_looking_up() -> None:
    found = references_in("#12 b/c#7 @Mira https://github.com/d/e/pull/9 :tada: abc1234", HERE)

    assert [one.key for one in found] == ["ada/pool#12", "b/c#7", "@mira", "d/e#9"]


def test_a_page_leads_only_where_its_own_workspace_knows_the_way() -> None:
    bodies = Bodies(HERE, {"@mira": "/w/team/people/3/"})

    assert 'href="/w/team/people/3/"' in bodies.render("@mira").html
    assert 'href="https://github.com/mira"' in Bodies(HERE).render("@mira").html


def test_code_has_colours_up_to_a_length_and_only_in_known_languages() -> None:
    def shown(code: str, language: str = "go") -> str:
        return str(render(f"```{language}\n{code}\n```").html)

    assert '<span class="x-k">func</span> main()' in shown("func main()")
    assert "x-s" in shown('say("<b>")')
    assert "&lt;b&gt;" in shown('say("<b>")')
    assert '<span class="x-d">-a' in shown("-a\n+b", "diff")
    for code, language in (
        ("x = 1\n" * (LONGEST_BLOCK // 5), "python"),
        (f"x = '{'y' * 400}'", "python"),
        ("x = 1", "no-such"),
        ("x = 1", '"><b onclick=alert(1)>'),
    ):
        assert "<span" not in shown(code, language)


def test_the_colours_of_a_page_are_rationed() -> None:
    block = "```python\n" + "x = 1\n" * 500 + "```\n"
    bodies = Bodies()

    assert render(block * 3).html.count("<pre") == 3
    assert render(block * 3).coloured <= MOST_COLOURED
    coloured = [bodies.render(f"{block}{n}").coloured for n in range(12)]
    assert coloured == [3000] * 10 + [0] * 2


def test_a_language_that_is_slow_to_colour_has_less_of_a_ration() -> None:
    code = "val abcdefghijklmnop = someOtherName\n" * 35
    quick, slow = (render(f"```{language}\n{code}```\n" * 4) for language in ("kotlin", "scala"))

    assert (quick.html.count('class="x-k"'), quick.coloured) == (4 * 35, 4 * len(code))
    assert (slow.html.count('class="x-k"'), slow.coloured) == (35, 3 * len(code))


def test_a_task_is_named_a_table_keeps_its_sides() -> None:
    html = render("- [x] done **well**\n\n| a | b |\n|--:|:-:|\n| 1 | 2 |").html

    assert 'aria-label="done well"' in html
    assert '<td align="right">1</td>' in html
    assert '<td align="center">2</td>' in html


def test_pictures_and_boxes_of_html_have_names() -> None:
    html = render(
        '<img src="https://a.b/c.png"> <img src="https://a.b/d.png" alt="D"> <input>'
    ).html

    assert sorted(re.findall(r'alt="[^"]*"', html)) == ['alt=""', 'alt="D"']
    assert 'aria-label="…"' in html


def test_what_scrolls_is_named_in_the_language_of_the_page() -> None:
    body = "```\nx\n```\n\n| a |\n|---|\n| 1 |\n\n<pre role=button>y</pre>"
    bodies = Bodies(HERE)

    here = bodies.render(body).html
    with translation.override("de"):
        there = bodies.render(body).html

    def attributes(html: str, tag: str) -> list[list[str]]:
        # The cleaner writes them in no order.
        return [sorted(one.split()) for one in re.findall(rf"<{tag} ([^>]+)>", html)]

    code = ['aria-label="Code"', 'role="group"', 'tabindex="0"']
    assert attributes(here, "pre") == [code, code]
    assert attributes(here, "table") == [['aria-label="Table"', 'tabindex="0"']]
    assert attributes(there, "table") == [['aria-label="Tabelle"', 'tabindex="0"']]


def test_a_relative_address_leads_nowhere_rather_than_to_us() -> None:
    html = render("[out](/accounts/logout/) ![x](//example.com/x.png) [y](../y)").html

    assert "href" not in html
    assert "src" not in html


def test_a_body_beyond_reason_is_cut_at_a_line_and_says_so() -> None:
    whole = render("line\n" * 10, longest=50)
    cut = render("line\n" * 11, longest=50)

    assert not whole.is_cut
    assert cut.is_cut
    assert cut.html.count("line") == 10
    assert render("x" * 51, longest=50).html == f"<p>{'x' * 50}</p>\n"


def test_headings_of_a_body_stand_below_those_of_the_page() -> None:
    assert render("# One\n\n##### Five").html == "<h3>One</h3>\n<h6>Five</h6>\n"
