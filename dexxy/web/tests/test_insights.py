"""The pages of the figures: what they show, to whom, and what else they are asked."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures.steps import DAY
from dexxy.messages.models import Thread, ThreadKind
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from dexxy.web.insights import keeping
from dexxy.web.insights.catalogue import CARDS
from dexxy.web.insights.reference import source as source_of
from tests.factories import make_source

STORIES = " | ".join(
    [
        *["I A opens 0, T says 5, T closes 9"] * 6,
        "I B opens 30, C says 31",
        "P B opens 40, T approves 45, T merges 50",
        "P C opens 41, C closes 45",
        "D C opens 60, B says 61, T chooses 66",
        "I b1 opens 70, b1 says 71",
        *["I Q opens -200d, Q closes -199d"] * 3,
    ]
)
LISTED = ("all", "done", "open", "never", "withdrawn")
SOON = tuple(f"within-{band}" for band in range(1, 5))
# The cards without a chart, each with the reason.
UNDRAWN = {"overview": "The cards below it draw its six numbers over time."}
FLOW = {"new", "active", "closed", "reopened", "open-before", "open-after"}
# The numbers that no list shows, by what stands beside or above them, each with the reason.
_CONTRIBUTIONS = "The feed also shows what accounts wrote that are gone, and what was hidden."
_OF_BOTH = "A quotient of two numbers that have lists."
UNLISTED: dict[str, dict[str, str]] = {
    "repositories": {"owner/repo": _CONTRIBUTIONS, "Contributions": _CONTRIBUTIONS},
    "hours": {"Hour": "It is an hour.", "Contributions": "No list keeps hours of the week."},
    "bursts": {"Contributions": _CONTRIBUTIONS, "Unusual above": "It is a limit."},
    "bots": {"By people": _CONTRIBUTIONS},
    "issues": {"Closed of 100 new": _OF_BOTH},
    "pull-requests": {"Closed of 100 new": _OF_BOTH},
    "absence": {
        "Contributions": _CONTRIBUTIONS,
        "Number": _CONTRIBUTIONS,
        "1 person who did most": _CONTRIBUTIONS,
        "4 other people": _CONTRIBUTIONS,
    },
    "elephant": {
        "Organizations that made half of it": "The table is the list of organizations.",
        "Organizations": "The table is the list of organizations.",
        "Contributions": _CONTRIBUTIONS,
        "Acme": _CONTRIBUTIONS,
        "Other": _CONTRIBUTIONS,
        "Third": _CONTRIBUTIONS,
    },
    "growth": dict.fromkeys(
        ["Stars", "More stars", "Forks", "More forks"], "Nobody keeps whose they are."
    ),
}
# The lists that the numbers of each card lead to, of these stories.
LISTS = {
    "overview": {"feed", "people", "new", "opened", "waiting"},
    "messages": {"feed"},
    "repositories": {"people", "opened-{source}"},
    "people": {"people", "team", "others"},
    "bots": {"feed", "bots", "suspects"},
    "first-response": {
        f"{kind}-{of}{end}" for kind in ThreadKind for of in ("", "team-") for end in LISTED
    },
    "answers": {*LISTED, *SOON},
    "time-to-close": {
        f"{kind}-{of}{end}"
        for kind in (ThreadKind.ISSUE, ThreadKind.DISCUSSION)
        for of in ("", "closed-")
        for end in LISTED
    }
    | {f"{kind}-{band}" for kind in (ThreadKind.ISSUE, ThreadKind.DISCUSSION) for band in SOON},
    "waiting": {"end"},
    "issue-age": {"open", "band-1", "band-2", "band-3", "band-4"},
    "issues": FLOW,
    "pull-requests": FLOW,
    "discussions": FLOW,
    "review": {*LISTED, *SOON},
    "merge": {*LISTED, *SOON},
    "acceptance": {"merged", "declined", "withdrawn"},
    "merge-reviews": {"reviewed", "others", "self-merged"},
    "how-far": {"acted", "opened", "proposed", "merged", "reviewed"},
    "newcomers": {"people"},
    "conversion": {f"{step}{of}" for step in ("merged", "back") for of in ("", "-not", "-recent")},
    "occasional": {"occasional", "regular", "new"},
    "quiet": {"inactive", "active"},
    "absence": {"people", "half"},
    "elephant": {"organizations-1", "organizations-2", "organizations-3"},
}
# Numbers, and what is called so in code.
KEPT = r"\d+(?:\.\d+)?|`[^`]+`"
HOUR = timedelta(hours=1)
ANSWERS = """
query ($workspace: ID!, $withTeam: Boolean!) {
  figures(workspaceId: $workspace, since: "2026-01-01", until: "2026-02-01") {
    firstResponse(withTeam: $withTeam) { done { count } }
    teamResponse(withTeam: $withTeam) { done { count } }
    timeToAnswer(withTeam: $withTeam) { duration { done { count } } }
    responseSteps(withTeam: $withTeam) { teamMedianSeconds }
  }
}"""
LEFT_OUT = """
query ($workspace: ID!) {
  figures(workspaceId: $workspace, since: "2026-01-01", until: "2026-02-01") {
    leftOut { messages bots threads { kind count } }
  }
}"""
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
    monkeypatch.setattr(keeping, "PATIENCE_FOR_ALL", 60.0)


@pytest.fixture
def told(source: Source) -> list[Thread]:
    organizations = {"A": "Acme", "B": "Other", "C": "Third"}
    threads = Teller(source, {"T": None}, organizations).tell(STORIES)
    # So that nobody who waits is of the old pile.
    Source.objects.update(created_at=BEGIN)
    standings_recompute(source.workspace_id, [t.pk for t in threads], team_of(source.workspace_id))
    return threads


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


def test_each_figure_is_drawn_unless_there_is_a_reason(
    client: Client, bob: User, workspace: Workspace, source: Source, told: list[Thread]
) -> None:
    Teller(source).tell("I E opens 80")
    counts_note(source.pk, Counts(100, 7), taken_at=BEGIN + DAY, is_hint=False)
    client.force_login(bob)

    shown = {slug: page(client, workspace, f"{slug}/{JANUARY}") for slug in CARDS}

    assert {slug for slug, html in shown.items() if "<svg viewBox" not in html} == set(UNDRAWN)


def test_bars_say_how_soon_how_many_threads_had_it(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    days = [0.5, 1, 1.5, 7, 8, 30, 30.5, 30.9]
    stories = [f"P A opens 0d, T merges {day}d" for day in days]
    Teller(source, {"T": None}).tell(" | ".join([*stories, "P A opens 0d", "P A opens 1d"]))
    client.force_login(bob)

    html = words(page(client, workspace, f"merge/{JANUARY}"))

    assert "Within a day 2 20% Later, within a week 2 20% Later, within 30 days 2 20%" in html
    assert "Still later 2 20% Still waiting 2 20%" in html


def test_half_of_the_contributions_is_drawn_without_a_name(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    stories = ["I A opens 0"] * 12 + ["I B opens 0"] * 6 + ["I C opens 0"] * 6
    Teller(source).tell(" | ".join(stories))
    client.force_login(bob)

    html = page(client, workspace, f"absence/{JANUARY}")

    assert "1 person who did most 12 50% 2 other people 12 50%" in words(html)
    assert "<bdi>A</bdi>" not in html


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("slug", CARDS)
def test_each_number_of_a_card_leads_to_as_many_rows_as_it_says(
    client: Client,
    bob: User,
    workspace: Workspace,
    source: Source,
    told: list[Thread],
    slug: str,
) -> None:
    Teller(source).tell("I E opens 80, E says 200")
    counts_note(source.pk, Counts(100, 7), taken_at=BEGIN + DAY, is_hint=False)
    client.force_login(bob)
    html = page(client, workspace, f"{slug}/{JANUARY}").partition("<section")[2]
    card = html.partition("</section>")[0]
    links = re.findall(r'<a href="(/w/[^"]*)">([\d,.]+)</a>', card)

    lists = [re.sub(r"\?.*", "", address).split("/")[3:-1] for address, _ in links]
    wanted = {name.format(source=source.pk) for name in LISTS.get(slug, set())}
    assert {names[-1] if names else "waiting" for names in lists} == wanted
    assert unlisted(card) <= set(UNLISTED.get(slug, {}))
    for address, number in links:
        answer = client.get(address.replace("&amp;", "&"))
        assert rows_of(answer) == int(number), address


def unlisted(card: str) -> set[str]:
    """Return what stands beside or above the numbers of a card that lead nowhere."""
    number = r"[+-]?(?!0<)\d[\d,.]*"
    found = set(re.findall(rf"<dt>([^<]*)</dt><dd>{number}<", card))
    bars = rf'<li><span>([^<]*)</span><svg(?:(?!</svg>).)*</svg><span class="num">{number}<'
    found |= set(re.findall(bars, card))
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', card)
    for row in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", card):
        cells = re.findall(r'<td class="num">(.*?)</td>', row)
        found |= {
            head
            for head, cell in zip(heads[1:], cells, strict=True)
            if re.fullmatch(number.replace("<", "$"), cell)
        }
    return found


def rows_of(answer: Any) -> int:
    """Count the rows of a page that a number leads to."""
    context = answer.context
    if "rows" in context:
        text: str = answer.content.decode()
        return text.count('<li class="row act"')
    found: int = len(context["page"].items)
    return found


@pytest.mark.parametrize(
    ("query", "waiting"),
    [
        ("", 5),
        ("&source={here}", 3),
        ("&source={here}&source={there}", 5),
        ("&kind=pull_request", 1),
        ("&kind=issue&kind=discussion", 4),
        ("&organization=Acme Ants", 2),
        ("&organization=Acme Ants&kind=issue&source={there}", 1),
        ("&organization=Nobody", 0),
    ],
)
def test_who_waits_now_is_counted_by_the_search_that_the_number_leads_to(
    client: Client, bob: User, workspace: Workspace, source: Source, query: str, waiting: int
) -> None:
    teller = Teller(source, team={"T": None}, organizations={"A": "Acme Ants", "B": "Other"})
    ago = {name: f"{(timezone.now() - BEGIN) / HOUR - 24 * n}" for n, name in enumerate("xyz", 1)}
    threads = teller.tell(f"I A opens {ago['x']} | P B opens {ago['y']} | D C opens {ago['z']}")
    teller.source = there = make_source(workspace=workspace, name="octo/other ants")
    threads += teller.tell(f"I A opens {ago['x']} | I B opens {ago['y']}")
    standings_recompute(workspace.pk, [one.pk for one in threads], team_of(workspace.pk))
    client.force_login(bob)

    html = page(
        client, workspace, f"overview/?period=7d{query}".format(here=source.pk, there=there.pk)
    )

    found = re.search(r'<dt>Waiting now</dt><dd><a href="([^"]*)">(\d+)</a>', html)
    assert found
    assert int(found[2]) == waiting
    assert rows_of(client.get(found[1].replace("&amp;", "&"))) == waiting


@pytest.mark.parametrize(
    "query", ["&source=999999999", "&organization=" + "x" * 250, '&organization=a "b']
)
def test_who_waits_now_is_not_told_where_no_search_says_who(
    client: Client, bob: User, workspace: Workspace, source: Source, query: str
) -> None:
    client.force_login(bob)

    html = page(client, workspace, f"overview/?period=7d{query}")

    assert "<dt>Waiting now</dt><dd>—</dd>" in html


@pytest.mark.parametrize("path", ["", "issues/"])
def test_figures_of_what_is_gone_say_so(
    client: Client, bob: User, workspace: Workspace, told: list[Thread], path: str
) -> None:
    gone = make_source(workspace=workspace, is_archived=True)
    client.force_login(bob)
    asked = f"{path}?period=7d&source={gone.pk}&organization=ACME&organization=<Gone>"

    html = words(page(client, workspace, asked))

    assert "A repository of this filter is not connected any more." in html
    assert "No profile names &lt;Gone&gt;." in html
    assert "No profile names ACME" not in html


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
    assert "Said by bots 10%" in shown("bots")
    assert "Fewer than 5 people took part" in shown("hours")
    assert "No median of fewer than 5 threads" in shown("review")
    assert "Left out: 1 of a bot." in shown("first-response")
    assert "New people 4 too few to compare" in shown("overview")
    # Of what there was none nothing is told.
    assert "closed by bots" not in shown("time-to-close")
    assert "not planned" not in shown("time-to-close")
    assert "nobody else has spoken" not in shown("answers")


def test_answers_to_everybody_count_threads_of_the_team(
    client: Client, ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    told = "I T opens 0, U says 2 | D T opens 0, U says 1, T chooses 3 | I A opens 0, T says 1"
    Teller(source, team={"T": None, "U": None}).tell(told)
    client.force_login(bob)

    def rows(slug: str, more: str = "") -> list[list[str]]:
        text = client.get(f"/w/{workspace.slug}/insights/{slug}.csv{JANUARY}{more}").content
        return [row[:3] for row in csv.reader(io.StringIO(text.decode()))][1:]

    def api(*, with_team: bool) -> Any:
        return ask(ANSWERS, bob, workspace=workspace.pk, withTeam=with_team)["data"]["figures"]

    assert rows("first-response") == [
        ["Issues, by anybody", "1", "1"],
        ["Issues, by the team", "1", "1"],
    ]
    assert rows("first-response", "&openers=everyone") == [
        ["Issues, by anybody", "2", "2"],
        ["Issues, by the team", "2", "2"],
        ["Discussions, by anybody", "1", "1"],
        ["Discussions, by the team", "1", "1"],
    ]
    assert rows("answers", "&openers=everyone") == [["Until the chosen answer", "1", "1"]]
    assert rows("answers") == []
    for with_team, issues, answers in ((False, 1, 0), (True, 2, 1)):
        found = api(with_team=with_team)
        assert found["firstResponse"][0]["done"]["count"] == issues
        assert found["teamResponse"][0]["done"]["count"] == issues
        assert found["timeToAnswer"]["duration"]["done"]["count"] == answers
        assert len(found["responseSteps"]) == 31
    html = page(client, workspace, f"{JANUARY}&openers=everyone")
    assert '<option value="everyone" selected>' in html
    assert "Leave threads of the team out again" in html
    shown = words(page(client, workspace, f"first-response/{JANUARY}&openers=everyone"))
    assert "Threads that the team opened count, too." in shown
    overview = words(page(client, workspace, f"overview/{JANUARY}&openers=everyone"))
    assert "Issues opened 2" in overview


@pytest.mark.parametrize("slug", ["absence", "elephant"])
def test_on_how_few_it_rests_is_told_of_a_year_unless_a_period_is_chosen(
    client: Client, bob: User, workspace: Workspace, source: Source, slug: str
) -> None:
    last_spring = (timezone.now() - 200 * DAY - BEGIN) / HOUR
    stories = [f"I {who} opens {last_spring}" for who in "ABC" for _ in range(10)]
    Teller(source, organizations={"A": "a", "B": "b", "C": "c"}).tell(" | ".join(stories))
    client.force_login(bob)
    note = "Of the last 365 days, unless a period is chosen."

    usual = page(client, workspace, f"{slug}/")
    chosen = page(client, workspace, f"{slug}/?period=90d")
    of_all = page(client, workspace, "?all=1")

    year_ago = timezone.now().date() - timedelta(days=364)
    assert note in usual
    assert f"{year_ago.day} {year_ago:%B %Y}" in usual
    assert "that made half of it 2" in words(usual) or "who made half of it 2" in words(usual)
    assert note not in chosen
    assert "Nobody wrote anything in this time." in chosen
    assert of_all.count(note) == 2


def test_figures_say_how_much_of_bots_they_leave_out(
    client: Client, ask: Ask, bob: User, workspace: Workspace, told: list[Thread]
) -> None:
    client.force_login(bob)

    def shown(slug: str) -> str:
        return words(page(client, workspace, f"{slug}/{JANUARY}"))

    found = ask(LEFT_OUT, bob, workspace=workspace.pk)["data"]["figures"]["leftOut"]

    assert "Left out: 2 of bots." in shown("messages")
    assert "Left out: 1 bot." in shown("people")
    assert "Left out: 1 of a bot." in shown("issues")
    assert "Left out" not in shown("pull-requests")
    counts = {one["kind"]: one["count"] for one in found.pop("threads")}
    assert found == {"messages": 2, "bots": 1}
    assert counts == {"ISSUE": 1, "PULL_REQUEST": 0, "DISCUSSION": 0}


def test_periods_are_compared_where_both_have_ten(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    teller = Teller(source, team={"T": None})
    teller.tell(" | ".join(["I A opens 0d"] * 10 + ["I A opens 31d"] * 15))
    client.force_login(bob)

    february = words(page(client, workspace, "issues/?period=custom&from=2026-02-01&to=2026-03-03"))
    assert "Opened 15 ↑ 50% from 10" in february
    assert "Open after 25 ↑ 150% from 10" in february


def test_a_period_is_compared_with_nothing_where_nobody_wants_it(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    stories = [f"P A opens {day}d, T merges {day}.1d" for day in (*range(10), *range(31, 41))]
    Teller(source, team={"T": None}).tell(" | ".join(stories))
    client.force_login(bob)
    february = "?period=custom&from=2026-02-01&to=2026-03-03"

    for slug in ("overview", "messages", "pull-requests", "acceptance"):
        compared = words(page(client, workspace, f"{slug}/{february}&compare=before"))
        alone = words(page(client, workspace, f"{slug}/{february}&compare=none"))
        assert re.search(r"from \d|Previous|, before", compared)
        assert not re.search(r"from \d|[Pp]revious|, before|[↑↓]|too few", alone)
    assert "compared with" in page(client, workspace, february)
    whole = page(client, workspace, f"{february}&compare=none")
    assert "compared with" not in whole
    assert f"/insights/issues/{february}&compare=none".replace("&", "&amp;") in whole
    assert ",Previous" not in page(client, workspace, f"messages.csv{february}&compare=none")


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


def test_the_reference_is_whole_in_german_and_has_the_same_anchors(
    client: Client, bob: User, workspace: Workspace
) -> None:
    def parts(text: str) -> list[tuple[str, list[str]]]:
        """Tell of each line what it is, and the numbers and names that no language changes."""
        lines = re.sub(r"\]\([^)]*\)", "", text).splitlines()
        return [(re.match(r"[#|-]*", line)[0], sorted(re.findall(KEPT, line))) for line in lines]  # type: ignore[index]

    client.force_login(bob)

    german = client.get(f"/w/{workspace.slug}/insights/how/", headers={"Accept-Language": "de"})
    html = german.content.decode()

    assert parts(source_of("de")) == parts(source_of("en"))
    assert '<div class="pad panel prose" lang="de">' in html
    assert '<h2 id="durations">Dauern</h2>' in html
    assert re.findall(r'<h2 id="([^"]*)"', html) == re.findall(
        r'<h2 id="([^"]*)"', page(client, workspace, "how/")
    )


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
        ("?openers=us", "openers is one of: others, everyone."),
        ("?compare=year", "compare is one of: none, before."),
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
