"""The pages of the figures: what they show, to whom, and what else they are asked."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures.steps import DAY
from dexxy.messages.models import Thread
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from dexxy.web.insights import keeping
from dexxy.web.insights.catalogue import CARDS

STORIES = " | ".join(
    [
        *["I A opens 0, T says 5, T closes 9"] * 6,
        "I B opens 30, C says 31",
        "P B opens 40, T approves 45, T merges 50",
        "P C opens 41, C closes 45",
        "D C opens 60, B says 61, T chooses 66",
        "I b1 opens 70, b1 says 71",
    ]
)
JANUARY = "?period=custom&from=2026-01-01&to=2026-01-31"


def page(client: Client, workspace: Workspace, path: str = "") -> str:
    answer = client.get(f"/w/{workspace.slug}/insights/{path}")
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture(autouse=True)
def nobody_hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count each card for its reader, however busy the machine is."""
    monkeypatch.setattr(keeping, "PATIENCE", 60.0)
    monkeypatch.setattr(keeping, "SLOW", 60.0)


@pytest.fixture
def told(source: Source) -> list[Thread]:
    organizations = {"A": "Acme", "B": "Other", "C": "Third"}
    return Teller(source, team={"T": None}, organizations=organizations).tell(STORIES)


def test_each_figure_has_a_card_that_loads_itself_and_a_link_without_a_script(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)

    html = page(client, workspace, "?period=30d")

    for slug in CARDS:
        address = f"/w/{workspace.slug}/insights/{slug}/?period=30d"
        assert f'hx-get="{address}"' in html
        assert f'<a href="{address}">' in html
    assert html.count('hx-trigger="intersect once"') == len(CARDS)
    assert 'aria-current="page">30 d' in html
    assert '<span class="quiet" title="Time zone">UTC</span>' in html


@pytest.mark.parametrize("slug", CARDS)
def test_a_figure_is_a_card_for_htmx_and_a_page_to_send(
    client: Client, bob: User, workspace: Workspace, told: list[Thread], slug: str
) -> None:
    client.force_login(bob)
    headers = {"HX-Request": "true", "HX-Target": f"c-{slug}"}
    address = f"/w/{workspace.slug}/insights/{slug}/{JANUARY}"

    part = client.get(address, headers=headers).content.decode()
    whole = page(client, workspace, f"{slug}/{JANUARY}")

    assert part.startswith(f'<section class="card" id="c-{slug}">')
    assert part.strip() in whole
    assert "1 January – 31 January 2026" in whole
    assert "How this is counted" in part


@pytest.mark.parametrize("slug", CARDS)
def test_each_list_behind_a_number_has_as_many_rows_as_the_number_says(
    client: Client, bob: User, workspace: Workspace, told: list[Thread], slug: str
) -> None:
    client.force_login(bob)
    html = page(client, workspace, f"{slug}/{JANUARY}")
    links = re.findall(rf'href="(/w/[^"]*/insights/{slug}/[a-z0-9_-]+/)\?[^"]*">([\d,]+)</a>', html)

    for address, number in links:
        rows = client.get(f"{address}{JANUARY}").content.decode()
        assert rows.count('<li class="row act"') == int(number)


def test_the_numbers_of_a_month(
    client: Client, bob: User, workspace: Workspace, told: list[Thread]
) -> None:
    client.force_login(bob)

    def shown(slug: str) -> str:
        return words(page(client, workspace, f"{slug}/{JANUARY}"))

    assert "Issues, by anybody 5 h Issues, by the team 5 h" in shown("first-response")
    assert "Opened 7 Active 7 Closed 6" in shown("issues")
    assert "Closed of 100 new —" in shown("issues")
    assert "Closed of 100 new needs 10 new ones." in shown("issues")
    assert "Merged of finished 1 of 2" in shown("acceptance")
    assert "Active people 4 Of the team 1 Others 3" in shown("people")
    assert "New people 4" in shown("newcomers")
    assert "Said by bots 10 %" in shown("bots")
    assert "Fewer than 5 people took part" in shown("hours")
    assert "No median of fewer than 5 threads" in shown("review")
    assert "Left out: 1 of a bot." in shown("first-response")
    assert "New people 4 too few to compare" in shown("overview")


def test_periods_are_compared_where_both_have_ten(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    teller = Teller(source, team={"T": None})
    teller.tell(" | ".join(["I A opens 0d"] * 10 + ["I A opens 31d"] * 15))
    client.force_login(bob)

    february = words(page(client, workspace, "issues/?period=custom&from=2026-02-01&to=2026-03-03"))
    assert "Opened 15 ↑ 50 % from 10" in february
    assert "Open after 25 ↑ 150 % from 10" in february


def test_a_table_is_a_file_for_a_spreadsheet_with_times_in_seconds(
    client: Client, bob: User, workspace: Workspace, told: list[Thread]
) -> None:
    client.force_login(bob)

    answer = client.get(f"/w/{workspace.slug}/insights/first-response.csv{JANUARY}")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "first-response-2026-01-01-2026-01-31.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert rows[0]["Threads"] == "Issues, by anybody"
    assert (rows[0]["In all"], rows[0]["Median"], rows[0]["Nine of ten within"]) == (
        "7",
        "18000.0",
        "",
    )


def test_a_name_that_looks_like_a_formula_is_a_text_to_a_spreadsheet(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    Teller(source, organizations={"A": "=1+1"}).tell("I A opens 0")
    client.force_login(bob)

    answer = client.get(f"/w/{workspace.slug}/insights/elephant.csv{JANUARY}")

    assert "'=1+1" in answer.content.decode()


@pytest.mark.parametrize("slug", CARDS)
def test_nothing_is_said_plainly_in_a_workspace_without_messages(
    client: Client, bob: User, workspace: Workspace, slug: str
) -> None:
    client.force_login(bob)

    html = page(client, workspace, f"{slug}/{JANUARY}")

    assert '<p class="soft">' in html
    assert "<svg viewBox" not in html
    assert client.get(f"/w/{workspace.slug}/insights/{slug}.csv{JANUARY}").status_code == 200


def test_all_figures_are_on_one_page_to_print(
    client: Client, bob: User, workspace: Workspace, told: list[Thread]
) -> None:
    client.force_login(bob)

    html = page(client, workspace, f"{JANUARY}&all=1")

    assert all(f'id="c-{slug}"' in html for slug in CARDS)
    assert "hx-get" not in html.partition('<div class="cards">')[2].partition("</main>")[0]


def test_stars_and_forks_are_added_up_when_all_repositories_have_some(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    for days, stars in ((1, 100), (9, 120), (20, 150)):
        at = BEGIN + days * DAY
        counts_note(source.pk, Counts(stars, 7), taken_at=at, is_hint=False)
    client.force_login(bob)

    shown = words(page(client, workspace, f"growth/{JANUARY}"))

    assert "Stars 150 More stars +50 Forks 7 More forks +0" in shown


def test_the_messages_of_a_period_are_the_feed_of_its_days(
    client: Client, bob: User, workspace: Workspace, source: Source, told: list[Thread]
) -> None:
    client.force_login(bob)

    html = page(client, workspace, f"messages/{JANUARY}&source={source.pk}&kind=discussion")

    found = re.search(r'<a href="(/w/[^"]*/feed/[^"]*)">3</a>', html)
    assert found
    feed = client.get(found[1].replace("&amp;", "&"))
    assert len(feed.context["page"].items) == 3
    assert "since%3A2026-01-01+until%3A2026-01-31" in found[1]


def test_each_figure_leads_to_its_paragraph_in_the_reference(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)

    html = page(client, workspace, "how/")

    for card in CARDS.values():
        assert f'<h2 id="{card.anchor}">' in html
    assert f'href="/w/{workspace.slug}/insights/how/#rhythm"' in page(client, workspace, "bots/")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?period=forever", "There is no such period"),
        ("?period=custom&from=2026-02-31&to=2026-03-01", "Write both days as 2026-11-29."),
        ("?period=custom&from=2026-03-01&to=2026-02-01", "The last day is before the first one."),
        ("?period=custom&from=2020-01-01&to=2026-02-01", "Choose two years at most."),
        ("?period=custom&from=0001-01-01&to=0001-02-01", "Choose days from the year 2000 on."),
        ("?from=x", "Write both days as 2026-11-29."),
        ("?source=x", "source is not an id."),
        ("?source=1000000000000000000000", "source is not an id."),
        ("?kind=poem", "kind is not one of"),
        ("?organization=a%00b", "organization holds a null byte."),
    ],
)
def test_who_asks_for_what_there_is_not_is_told_so(
    client: Client, bob: User, workspace: Workspace, query: str, says: str
) -> None:
    client.force_login(bob)

    answer = client.get(f"/w/{workspace.slug}/insights/{query}")

    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert client.get(f"/w/{workspace.slug}/insights/issues/{query}").status_code == 400


@pytest.mark.parametrize("path", ["no-figure/", "no-figure.csv", "issues/no-list/", "a/b/c/"])
def test_what_is_no_figure_is_not_found(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    assert client.get(f"/w/{workspace.slug}/insights/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "how/", "issues/", "issues.csv", "issues/new/"])
def test_figures_are_for_who_is_in_the_workspace(
    client: Client, charlie: User, workspace: Workspace, path: str
) -> None:
    address = f"/w/{workspace.slug}/insights/{path}"
    assert client.get(address).status_code == 302

    client.force_login(charlie)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 405


def test_the_period_is_that_of_the_workspace_and_ends_today(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)
    today = timezone.now().date()

    html = page(client, workspace, "?period=7d")

    days = f"from={today - timedelta(days=6):%Y-%m-%d}&to={today:%Y-%m-%d}"
    [custom] = re.findall(r'href="(\?[^"]*)#custom"', html)
    assert custom.replace("&amp;", "&") == f"?period=custom&{days}"
    # The form of custom days takes no room where other days are shown.
    assert 'id="custom"' not in html
    form = page(client, workspace, custom.replace("&amp;", "&"))
    assert f'name="to" value="{today:%Y-%m-%d}"' in form
