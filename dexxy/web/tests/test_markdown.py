import pytest

from dexxy.web.markdown import render


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
