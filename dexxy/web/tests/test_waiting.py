"""The home page: who waits, what people decide about it, and who is on the team."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import PAGE
from dexxy.messages.models import Recount, TeamDecision, Thread, Triage
from dexxy.messages.team.roster import team_learn, team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.triage import (
    thread_note,
    threads_assign,
    threads_set_aside,
    threads_snooze,
)
from dexxy.sources.models import Source
from tests.factories import make_identity, make_source, make_thread, make_user, make_workspace

Get = Callable[..., str]
NOW = timezone.now()


def ago(days: float) -> str:
    return f"{(NOW - timedelta(days=days) - BEGIN) / timedelta(hours=1):.4f}"


def recount(workspace: Workspace) -> None:
    threads = list(Thread.objects.filter(workspace=workspace).values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))


@pytest.fixture
def teller(source: Source) -> Teller:
    return Teller(source, team={"T": None})


@pytest.fixture
def queue(teller: Teller) -> list[Thread]:
    threads = teller.tell(
        f"I A opens {ago(50)} | P B opens {ago(9)}, T approves {ago(8)}"
        f"| D C opens {ago(3)}, D says {ago(2)} | I E opens {ago(0.1)}"
    )
    Thread.objects.filter(pk=threads[0].pk).update(title="<Leak> in `pool`", labels=["bug"] * 1)
    recount(teller.source.workspace)
    return threads


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    """Read a page of the workspace as Bob; PART is what htmx would put it into."""
    client.force_login(bob)

    def read(path: str = "", part: str = "", status: int = 200) -> str:
        headers = {"HX-Request": "true", "HX-Target": part} if part else {}
        response = client.get(f"/w/{workspace.slug}/{path}", headers=headers)
        assert response.status_code == status
        return response.content.decode()

    return read


@pytest.fixture
def send(client: Client, bob: User, workspace: Workspace) -> Callable[..., HttpResponse]:
    """Send something from the page of the queue as Bob; ON is its query, where htmx sends it."""
    client.force_login(bob)

    def post(action: str, on: str | None = None, **data: Any) -> HttpResponse:
        page = f"http://testserver/w/{workspace.slug}/{on or ''}"
        htmx = {"HX-Request": "true", "HX-Current-URL": page} if on is not None else {}
        return client.post(  # type: ignore[return-value]
            f"/w/{workspace.slug}/waiting/{action}/", data, headers={"Referer": page, **htmx}
        )

    return post


def rows(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li class="row waits" id="t(\d+)"', page)]


def test_a_row_says_who_waits_for_how_long_where_and_why(get: Get, queue: list[Thread]) -> None:
    page = " ".join(get().split())

    assert rows(page) == [thread.pk for thread in queue]
    assert "&lt;Leak&gt; in `pool`" in page
    assert '<span class="tag"><bdi>bug</bdi></span>' in page
    assert re.findall(r"</span><time [^>]*>([^<]*)</time></span>", page) == [
        "50 d",
        "8 d",
        "3 d",
        "2 h",
    ]
    assert re.findall(r'<span class="why[^>]*>([^<]*)<', page) == [
        "No reply",
        "Approved, not merged",
        "Others replied",
        "No reply",
    ]
    assert re.findall(r'id="n-band-\d">(\d+)<', page) == ["1", "1", "1", "1"]


def test_the_number_is_in_the_navigation_and_in_the_title(get: Get, queue: list[Thread]) -> None:
    assert "<title>(4) Waiting · Team · Dexxy</title>" in get()
    for path in ("", "people/"):
        assert get(path).count('n-waiting">4<span class="hidden"> waiting</span></span>') == 2


def test_lists_with_something_in_them_are_tabs(get: Get, queue: list[Thread], bob: User) -> None:
    Triage.objects.create(thread=queue[1], workspace=queue[1].workspace, assignee=bob)

    tabs = re.findall(r'/(?:\?tab=(\w+))?"[^>]*>([^<]*) <span>(\d+)</span></a>', get())

    assert tabs == [
        ("", "All waiting", "4"),
        ("mine", "Mine", "1"),
        ("unassigned", "Unassigned", "3"),
        ("first", "First-time contributors", "4"),
    ]
    assert rows(get("?tab=mine")) == [queue[1].pk]


def test_a_search_that_finds_nothing_takes_no_tab_away_and_leaves_the_number(
    get: Get, queue: list[Thread], bob: User
) -> None:
    Triage.objects.create(thread=queue[1], workspace=queue[1].workspace, assignee=bob)

    page = get("?q=label:none")

    assert re.findall(r">([^<]*) <span>(\d+)</span></a>", page) == [
        ("All waiting", "0"),
        ("Mine", "0"),
        ("Unassigned", "0"),
        ("First-time contributors", "0"),
    ]
    assert page.count('n-waiting">4<span class="hidden"> waiting</span></span>') == 2
    assert "<b>0</b> threads" in page


def test_the_head_says_how_the_queue_is_kept_up_with(
    get: Get, queue: list[Thread], teller: Teller
) -> None:
    assert "median" not in get()  # of four threads it says nothing
    teller.tell(f"I F opens {ago(6)} | I G opens {ago(5)}, T says {ago(4)}")
    recount(teller.source.workspace)

    head = re.sub(r"<[^>]*>", " ", get().partition("<h1>")[2].partition("</header>")[0])

    assert " ".join(head.split()).startswith(
        "Waiting for us 5 threads longest 50 d , A median 6 d"
        " last 7 days 4 arrived, 1 answered or closed"
    )


def test_the_head_names_who_waits_longest_where_their_row_is_not_the_first(
    get: Get, teller: Teller
) -> None:
    first, longest = teller.tell(f"I A opens {ago(40)} | I B opens {ago(50)}, C says {ago(45)}")
    recount(teller.source.workspace)
    page = get("?q=kind:issue")

    head = page.partition('id="facts"')[2].partition("</p>")[0]

    assert rows(page) == [first.pk, longest.pk]
    there = r'href="([^"]*/threads/[^"]*)"[^\n]*<bdi[^>]*>([^<]*)</bdi>'
    [(address, name)] = re.findall(there, head)
    # It says from which list: "next waiting" leads on in it.
    assert address.endswith(f"/threads/{longest.pk}/?queue=q%3Dkind%253Aissue")
    assert name == "B"


def test_a_view_of_the_queue_is_kept_beside_its_lists(
    get: Get, queue: list[Thread], client: Client, workspace: Workspace
) -> None:
    sent = {"page": "waiting", "query": "q=label%3Abug", "name": "Bugs"}
    kept = client.post(f"/w/{workspace.slug}/views/", sent)

    page = get(kept["Location"].partition(f"/w/{workspace.slug}/")[2])

    assert rows(page) == [queue[0].pk]
    assert re.findall(r'aria-current="page"><bdi>([^<]*)</bdi>', page) == ["Bugs"]


def test_the_search_filters_every_list(get: Get, queue: list[Thread]) -> None:
    assert rows(get("?q=label:bug")) == [queue[0].pk]
    assert rows(get("?q=kind:discussion")) == [queue[2].pk]
    assert rows(get(f"?q=%23{queue[3].number}")) == [queue[3].pk]
    page = get("?q=label:none+colour:red")
    assert "Nothing matches" in page
    assert "There is no qualifier colour:" in page


@pytest.mark.parametrize("query", ["tab=zzz", "after=zzz", "after=%00", "tab=%00"])
def test_what_is_no_list_is_refused_on_a_page_of_ours(get: Get, query: str) -> None:
    assert "That does not work" in get(f"?{query}", status=400)


@pytest.mark.parametrize("query", ["kind=comment", "search=x&after=zzz", "unanswered=yes"])
def test_an_old_address_of_the_feed_leads_there(
    client: Client, bob: User, workspace: Workspace, query: str
) -> None:
    client.force_login(bob)

    response = client.get(f"/w/{workspace.slug}/?{query}")

    assert response["Location"] == f"/w/{workspace.slug}/feed/?{query}"


def test_more_rows_join_their_bands(get: Get, teller: Teller) -> None:
    teller.tell(" | ".join(f"I A opens {ago(40 - n / 10)}" for n in range(PAGE + 2)))
    recount(teller.source.workspace)

    first = get()
    [link] = re.findall(r'class="btn" href="(\?[^"]*)" hx-get', first)
    assert len(rows(first)) == PAGE
    assert len(rows(get(link.replace("&amp;", "&")))) == 2
    part = get(link.replace("&amp;", "&"), part="more")
    assert 'hx-swap-oob="beforeend:#rows-0"' in part
    assert len(rows(part)) == 2


def test_labels_of_rows_that_are_not_on_the_page_are_offered(get: Get, teller: Teller) -> None:
    threads = teller.tell(" | ".join(f"I A opens {ago(40 - n / 10)}" for n in range(PAGE + 2)))
    Thread.objects.filter(pk=threads[-1].pk).update(labels=["good first issue"])
    recount(teller.source.workspace)

    page = get()

    assert "good first issue" not in "".join(
        re.findall(r"<li class=.row waits.*?</li>", page, re.S)
    )
    assert 'href="?q=label%3A%22good+first+issue%22"' in page


def test_the_page_costs_as_many_queries_for_many_rows_as_for_one(
    get: Get,
    teller: Teller,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    teller.tell(f"I A opens {ago(40)}, C says {ago(3)}")
    recount(teller.source.workspace)
    get()
    with django_assert_num_queries(51):
        get()
    teller.tell(" | ".join(f"P P{n} opens {ago(40 - n / 10)}, C says {ago(3)}" for n in range(9)))
    recount(teller.source.workspace)
    with django_assert_num_queries(51):
        get()


def test_without_a_script_each_decision_leads_back_to_its_row(
    send: Callable[..., HttpResponse],
    get: Get,
    workspace: Workspace,
    queue: list[Thread],
    bob: User,
) -> None:
    pk = queue[0].pk
    for action, data in (
        ("aside", {}),
        ("back", {}),
        ("snooze", {"until": "week"}),
        ("wake", {}),
        ("me", {}),
        ("note", {"note": "Ask Mei"}),
    ):
        answer = send(action, thread=pk, **data)
        assert (answer.status_code, answer["Location"]) == (302, f"/w/{workspace.slug}/#t{pk}")
        assert 'form="undo">Undo</button>' in get()

    triage = Triage.objects.get(thread=pk)
    assert (triage.assignee, triage.note, triage.is_set_aside) == (bob, "Ask Mei", False)


def test_who_was_asked_first_is_led_back_to_the_list_that_they_came_from(
    client: Client, bob: User, workspace: Workspace, queue: list[Thread]
) -> None:
    client.force_login(bob)
    root, pk = f"/w/{workspace.slug}/", queue[0].pk
    for came, leads in (
        (f"http://testserver{root}?q=bug", f"{root}?q=bug"),
        ("http://x/", root),
        ("http://testserver//elsewhere.example/", root),
    ):
        asked = client.get(f"{root}waiting/snooze/?only={pk}", headers={"Referer": came})
        assert f'name="next" value="{leads}"' in asked.content.decode()
        sent = {"thread": pk, "until": "week", "next": leads}
        assert client.post(f"{root}waiting/snooze/", sent)["Location"] == f"{leads}#t{pk}"
    elsewhere_or_nowhere = (
        *("//elsewhere.example/", "https://elsewhere.example/", "javascript:alert(1)"),
        *("nowhere", "elsewhere.example"),
    )
    for elsewhere in elsewhere_or_nowhere:
        sent["next"] = elsewhere
        assert client.post(f"{root}waiting/snooze/", sent)["Location"] == f"{root}#t{pk}"
        htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{root}threads/"}
        answer = client.post(f"{root}waiting/snooze/", sent, headers=htmx)
        assert answer["HX-Redirect"] == f"{root}threads/"
    htmx["HX-Current-URL"] = "http://testserver//elsewhere.example/"
    assert client.post(f"{root}waiting/snooze/", sent, headers=htmx)["HX-Redirect"] == root


def test_the_page_of_a_thread_has_the_same_acts_and_each_leads_back_to_it(
    client: Client, get: Get, workspace: Workspace, queue: list[Thread]
) -> None:
    pk = queue[0].pk
    here, acts = f"/w/{workspace.slug}/threads/{pk}/", f"/w/{workspace.slug}/waiting/"
    from_here = {"Referer": f"http://testserver{here}"}

    def press(words: str) -> None:
        page = get(f"threads/{pk}/")
        [action] = re.findall(rf'formaction="([^"]+)">(?:<svg.*?</svg>)? *{words}</button>', page)
        sent = re.findall(r'<input type="hidden" name="(only|next)" value="([^"]*)"', page)
        answer = client.post(action, dict(sent), headers=from_here)
        assert answer["Location"] == f"{here}#t{pk}"

    def choose(words: str, action: str, **chosen: str) -> None:
        link = re.escape(f'data-confirm href="{acts}{action}/?only={pk}&amp;seen=') + '[^"]+">'
        assert re.search(rf"{link}(?:<svg.*?</svg>)? *{words}</a>", get(f"threads/{pk}/"))
        asked = client.get(f"{acts}{action}/?only={pk}", headers=from_here).content.decode()
        sent = dict(re.findall(r'<input type="hidden" name="(thread|next)" value="([^"]*)"', asked))
        assert client.post(f"{acts}{action}/", {**sent, **chosen})["Location"].startswith(here)

    press("No answer needed")
    assert "Set aside: it needs no answer" in get(f"threads/{pk}/")
    press("Needs an answer")
    choose("Snooze", "snooze", until="week")
    assert "Snoozed until" in get(f"threads/{pk}/")
    press("Wake")
    assert "Snoozed until" not in get(f"threads/{pk}/")
    choose("Assign", "assign", to="me")
    choose("Change", "assign", to="")
    triage = Triage.objects.get(thread=pk)
    assert (triage.assignee, triage.is_set_aside, triage.snoozed_until) == (None, False, None)


def test_what_was_decided_is_taken_back_as_it_was_before(
    send: Callable[..., HttpResponse], get: Get, queue: list[Thread]
) -> None:
    pks = [queue[0].pk, queue[1].pk]
    send("snooze", thread=pks[0], until="tomorrow")
    until = Triage.objects.get(thread=pks[0]).snoozed_until
    send("aside", thread=pks)
    assert rows(get()) == [queue[2].pk, queue[3].pk]

    send("undo")

    assert rows(get()) == [queue[1].pk, queue[2].pk, queue[3].pk]
    assert Triage.objects.get(thread=pks[0]).snoozed_until == until
    send("undo")
    assert "There is nothing to undo." in get()


def test_what_others_decide_meanwhile_stays_and_who_has_left_comes_not_back(
    send: Callable[..., HttpResponse], workspace: Workspace, queue: list[Thread], alice: User
) -> None:
    pk = queue[0].pk
    leaving = workspace.memberships.create(user=make_user(), role="member")
    send("assign", thread=pk, to=leaving.user_id)
    send("assign", thread=pk, to="")
    threads_snooze(actor=alice, workspace=workspace, thread_ids=[pk], until=NOW + timedelta(days=9))
    thread_note(actor=alice, workspace=workspace, thread_id=pk, note="Alice asks")
    leaving.user.delete()

    send("undo")

    triage = Triage.objects.get(thread=pk)
    assert (triage.note, triage.held_by, triage.assignee) == ("Alice asks", alice, None)
    assert triage.snoozed_until == NOW + timedelta(days=9)


def test_what_a_colleague_decided_about_the_same_is_not_taken_back(
    send: Callable[..., HttpResponse],
    get: Get,
    workspace: Workspace,
    queue: list[Thread],
    alice: User,
) -> None:
    pks = [queue[0].pk, queue[1].pk]
    send("aside", thread=pks)
    until = NOW + timedelta(days=9)
    threads_snooze(actor=alice, workspace=workspace, thread_ids=pks[:1], until=until)

    send("undo")

    assert Triage.objects.get(thread=pks[0]).snoozed_until == until
    assert rows(get()) == [queue[1].pk, queue[2].pk, queue[3].pk]
    send("aside", thread=pks[1])
    threads_snooze(actor=alice, workspace=workspace, thread_ids=pks[1:], until=until)
    send("undo")
    assert "A colleague has decided otherwise meanwhile" in get()


def test_what_a_page_has_not_shown_is_said_before_it_is_overwritten(
    send: Callable[..., HttpResponse],
    get: Get,
    workspace: Workspace,
    queue: list[Thread],
    alice: User,
) -> None:
    pk = queue[0].pk
    [seen] = re.findall(r'name="seen" value="([^"]+)"', get())
    rows_seen = re.findall(rf"/snooze/\?only={pk}&amp;seen=([^\"]+)", get())
    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[pk], is_aside=True)
    threads_assign(actor=alice, workspace=workspace, thread_ids=[pk], user_id=alice.pk)

    for action, words in (("snooze", "Alice has set it aside"), ("me", "Alice has assigned Alice")):
        send(action, thread=pk, until="week", seen=seen)
        assert f"{words} meanwhile." in get()
    # A question asks with what its page had shown.
    assert f'name="seen" value="{unquote(rows_seen[0])}"' in get(
        f"waiting/snooze/?only={pk}&seen={rows_seen[0]}"
    )
    # By htmx the page is loaded anew, with the words at its top.
    refused = send("back", on="?tab=all#t1", only=pk, seen=seen)
    assert refused["HX-Redirect"] == f"/w/{workspace.slug}/?tab=all"
    assert "Alice has set it aside meanwhile." in get()
    triage = Triage.objects.get(thread=pk)
    assert (triage.held_by, triage.is_set_aside, triage.assignee) == (alice, True, alice)


def test_a_note_that_is_refused_is_asked_for_again_with_all_that_was_written(
    send: Callable[..., HttpResponse],
    get: Get,
    workspace: Workspace,
    queue: list[Thread],
    alice: User,
) -> None:
    pk = queue[0].pk
    [seen] = re.findall(r'name="seen" value="([^"]+)"', get(f"waiting/note/?only={pk}"))
    thread_note(actor=alice, workspace=workspace, thread_id=pk, note="Alice <asks>")

    refused = send("note", thread=pk, note="Bob says", seen=seen)
    by_htmx = send("note", on="", thread=pk, note="Bob says", seen=seen)

    for answer, status in ((refused, 422), (by_htmx, 200)):
        page = answer.content.decode()
        assert answer.status_code == status
        assert "Alice has changed the note meanwhile." in page
        assert "Alice &lt;asks&gt;" in page
        assert 'maxlength="2000">Bob says</textarea>' in page
    assert by_htmx["HX-Retarget"] == "#dialog .confirm"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', page)
    send("note", thread=pk, note="Bob says", seen=seen)
    assert Triage.objects.get(thread=pk).note == "Bob says"


def test_who_decided_what_is_said_in_the_lists_and_on_the_page_of_the_thread(
    get: Get, workspace: Workspace, queue: list[Thread], alice: User
) -> None:
    first, second = queue[0].pk, queue[1].pk
    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[first], is_aside=True)
    until = NOW + timedelta(days=9)
    threads_snooze(actor=alice, workspace=workspace, thread_ids=[second], until=until)
    threads_assign(actor=alice, workspace=workspace, thread_ids=[first], user_id=alice.pk)
    thread_note(actor=alice, workspace=workspace, thread_id=first, note="Ask\n<Jo>")

    def words(path: str) -> str:
        return " ".join(re.sub("<[^>]*>", " ", get(path).partition("<main")[2]).split())

    assert re.search(r"\bby Alice\b", words("?tab=aside"))
    assert "Note: Ask &lt;Jo&gt;" in words("?tab=aside")
    assert re.search(r"by Alice, until \d", words("?tab=snoozed"))
    page = words(f"threads/{first}/")
    assert "Set aside by Alice: it needs no answer" in page
    assert re.search(r"Note by Alice ?, \S+( \S+)? Ask &lt;Jo&gt; Change the note", page)
    assert re.search(r"Assigned to Change A Alice by themselves, \S", page)
    page = words(f"threads/{second}/")
    assert "Snoozed by Alice until" in page
    assert "Note Write one" in page
    # Who has left is nobody any more.
    alice.delete()
    assert "Set aside: it needs no answer" in words(f"threads/{first}/")
    assert "Snoozed until" in words(f"threads/{second}/")
    assert re.search(r"\buntil \d", words("?tab=snoozed"))


def test_by_htmx_a_row_leaves_and_the_numbers_follow(
    send: Callable[..., HttpResponse], queue: list[Thread]
) -> None:
    answer = send("aside", on="?tab=all", only=queue[0].pk)
    part = answer.content.decode()

    assert f'<li id="t{queue[0].pk}" hx-swap-oob="delete"></li>' in part
    assert "<title>(3) Waiting" in part
    assert '"undo": true' in answer["HX-Trigger"]
    # Where it belongs to the list that is shown, the row is exchanged.
    part = send("me", on="?tab=all", only=queue[1].pk).content.decode()
    assert rows(part) == [queue[1].pk]


def test_a_page_that_stays_open_hears_who_left_and_how_many_came(
    send: Callable[..., HttpResponse], teller: Teller, queue: list[Thread]
) -> None:
    read = ",".join(str(thread.pk) for thread in queue)
    assert "row waits" not in send("changed", on="", rows=read).content.decode()

    teller.act(queue[0], "T", "says", ago(0))
    teller.tell(f"I F opens {ago(45)} | I G opens {ago(0.05)}")
    recount(teller.source.workspace)
    part = send("changed", on="", rows=read).content.decode()

    assert f'<li class="row waits is-gone" id="t{queue[0].pk}" hx-swap-oob="true">' in part
    assert ">1 more waits</a>" in part


def test_an_open_page_compares_so_many_rows_and_no_more(
    send: Callable[..., HttpResponse], queue: list[Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dexxy.messages.waiting.queue.MOST_COMPARED", 1)
    send("aside", thread=[queue[0].pk, queue[1].pk])

    part = send("changed", on="", rows=f"{queue[0].pk},{queue[1].pk}").content.decode()

    assert re.findall(r'is-gone" id="t(\d+)"', part) == [str(queue[0].pk)]


def test_bad_input_is_said_and_changes_nothing(
    send: Callable[..., HttpResponse], get: Get, queue: list[Thread]
) -> None:
    for action, data, status in (
        ("aside", {"thread": "x"}, 400),
        ("aside", {"thread": 10**18}, 404),
        ("aside", {"thread": "\0"}, 400),
        ("nonsense", {"thread": queue[0].pk}, 404),
        ("changed", {"rows": "1,x"}, 400),
    ):
        assert send(action, **data).status_code == status, data
    for action, data, words in (
        ("aside", {}, "Choose 1 to 500 threads."),
        ("snooze", {"until": "never"}, "Choose a date."),
        ("snooze", {"date": "2001-01-01"}, "Choose a time in the future."),
        ("snooze", {"date": "99999-01-01"}, "Choose a date."),
        ("assign", {"to": "x"}, "They are not in this workspace any more."),
        ("assign", {"to": 10**18}, "They are not in this workspace any more."),
        ("note", {"note": "\0"}, "A note has up to 2000 characters of plain text."),
    ):
        said = send(action, **data, **({"thread": queue[0].pk} if words[:8] != "Choose 1" else {}))
        assert words in (said.content.decode() or get()), words
    assert not Triage.objects.exclude(snoozed_until=None, is_set_aside=False, note="").exists()


def test_a_thread_of_another_workspace_is_not_found(
    send: Callable[..., HttpResponse], bob: User
) -> None:
    other = make_thread(source=make_source(workspace=make_workspace(admin=bob)))

    assert send("aside", thread=other.pk).status_code == 404
    assert not Triage.objects.exists()


def test_what_is_asked_first_is_asked_on_a_page(get: Get, queue: list[Thread], bob: User) -> None:
    two = f"thread={queue[0].pk}&thread={queue[1].pk}"

    assert "Snooze 2 threads until when?" in get(f"waiting/snooze/?{two}")
    assert "Who answers it?" in get(f"waiting/assign/?only={queue[0].pk}")
    assert "<textarea" in get(f"waiting/note/?only={queue[0].pk}")
    get("waiting/aside/", status=404)
    get("waiting/snooze/?thread=x", status=400)


def test_nobody_waiting_says_who_answered_last(get: Get, teller: Teller) -> None:
    assert "Nobody is waiting" in get()
    teller.tell(f"I A opens {ago(3)}, T says {ago(2)}")
    recount(teller.source.workspace)

    page = get()

    assert "Nobody is waiting" in page
    assert re.search(r"The last answer was by <a [^>]*><bdi>T</bdi></a>, <time[^>]*>2 d ago", page)


def test_an_empty_workspace_says_how_to_begin(get: Get, workspace: Workspace) -> None:
    assert "No repository is connected" in get()


def test_the_page_says_what_stands_in_its_way(
    get: Get, workspace: Workspace, queue: list[Thread]
) -> None:
    assert "Recounting after a change of the team." not in get()
    Recount.objects.create(workspace=workspace)
    assert "Recounting after a change of the team." in get()
    TeamDecision.objects.all().delete()
    assert "Dexxy does not know your team yet." in get()


def test_how_it_is_counted_names_the_team(get: Get, queue: list[Thread], teller: Teller) -> None:
    assert "A thread waits for us when the team owes the next word." in get("waiting/how/")
    assert f"/people/{teller.people['T'].member_id}/" in get("waiting/how/")


def test_the_team_is_shown_with_its_evidence(get: Get, teller: Teller) -> None:
    teller.tell(f"I A opens {ago(9)}, U closes {ago(8)}")
    team_learn(teller.source.workspace_id, list(Thread.objects.values_list("pk", flat=True)))

    page = get("settings/team/")

    assert "By what they did" in page
    assert re.search(r'Closed: <a class="link" href="[^"]*threads/\d+/#m\d+">', page)
    assert "Remove" not in page
    assert "Only an admin can do this." in page


def test_an_admin_decides_who_is_on_the_team(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    mira = make_identity(workspace=workspace, username="mira", name="Mira")
    at = f"/w/{workspace.slug}/settings/team/"
    client.force_login(alice)

    def decide(**sent: Any) -> str:
        return client.post(at, sent, follow=True).content.decode()

    page = decide(decision="on", who="@MIRA", since="2026-01-05")
    assert "By hand" in page
    assert "Recounting…" in page
    assert decide(decision="off", member=mira.member_id).count("Not on the team, by hand") == 1
    decide(decision="acts", member=mira.member_id)
    assert not TeamDecision.objects.exists()
    assert "Nobody here is called nobody." in decide(decision="on", who="nobody")
    assert "Write the login or the name" in decide(decision="on", who=" ")
    assert "There is no such decision." in decide(decision="maybe", who="mira")
    assert "Choose a date." in decide(decision="on", who="mira", since="soon")
    client.force_login(bob)
    assert client.post(at, {"decision": "on", "who": "mira"}).status_code == 403
    client.force_login(make_user())
    assert client.get(at).status_code == 404


def test_a_workspace_says_when_a_wait_is_late(
    client: Client,
    get: Get,
    alice: User,
    bob: User,
    workspace: Workspace,
    queue: list[Thread],
    ask: Callable[..., dict[str, Any]],
) -> None:
    at = f"/w/{workspace.slug}/settings/team/"

    def looks() -> list[str]:
        return re.findall(r'<span class="(age[^"]*)">', get())

    def set_to(attention: object, late: object) -> str:
        sent = {"decision": "late", "attention_after": attention, "late_after": late}
        return client.post(at, sent, follow=True).content.decode()

    assert looks() == ["age is-late", "age is-soon", "age", "age"]
    assert client.post(at, {"decision": "late"}).status_code == 403
    assert "To be seen to after 7 days, late after 30." in get("settings/team/")

    client.force_login(alice)
    for attention, late in ((0, 9), (9, 9), (9, 366), ("x", 9), ("", "")):
        assert "A wait is to be seen to after a day or more" in set_to(attention, late)
    assert "Saved." in set_to(2, 60)
    assert looks() == ["age is-soon", "age is-soon", "age is-soon", "age"]
    document = """mutation ($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) {
      workspace { attentionAfter lateAfter } } }"""
    sent = {"workspaceId": str(workspace.pk), "lateAfter": 8}
    changed = ask(document, alice, input=sent)["data"]["workspaceUpdate"]["workspace"]
    assert changed == {"attentionAfter": 2, "lateAfter": 8}
    assert looks() == ["age is-late", "age is-late", "age is-soon", "age"]
    [error] = ask(document, bob, input=sent)["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


def test_who_says_who_they_are_belongs_to_the_team_until_they_take_it_back(
    client: Client, alice: User, bob: User, teller: Teller
) -> None:
    workspace = teller.source.workspace
    [thread] = teller.tell(f"I A opens {ago(9)}, M says {ago(8)}")
    at, mira = f"/w/{workspace.slug}/settings/team/", teller.people["M"].member_id
    client.force_login(bob)

    def say(**sent: Any) -> str:
        return client.post(at, sent, follow=True).content.decode()

    page = say(decision="me", who="m")
    assert "Signs in here" in page
    assert "This is not me" in page
    recount(workspace)
    assert not hasattr(Thread.objects.get(pk=thread.pk), "standing")
    client.force_login(alice)
    assert "Somebody else of this workspace says" in say(decision="me", member=mira)
    assert "Not on the team, by hand" in say(decision="off", member=mira)
    client.force_login(bob)
    assert "This is me" in say(decision="nobody")


def test_a_thread_that_is_opened_from_a_list_leads_to_the_next_one(
    get: Get, queue: list[Thread], teller: Teller
) -> None:
    first, second, *_, last = (f"threads/{thread.pk}/" for thread in queue)

    def crumb(path: str) -> tuple[str, list[str]]:
        [found] = re.findall(r'<p class="crumb">(.*?)</p>', get(path))
        keys = re.findall(r'data-page-key="(\w)" href="/w/[\w-]+/([^"]*)"', found)
        return re.sub("<[^>]*>", "", found), [f"{key} {address}" for key, address in keys]

    # Its row, and the head, which names who waits longest.
    [address] = set(re.findall(rf'href="/w/[\w-]+/({first}[^"#]*)', get()))
    assert address == f"{first}?queue=tab%3Dall"
    words, keys = crumb(first)
    assert words.startswith(f"Waiting / repo #{queue[0].number} · 1 of 4 · Next")
    assert keys == [f"u #t{queue[0].pk}", f"n {second}?queue=tab%3Dall"]
    assert crumb(last)[1] == [f"u #t{queue[-1].pk}"]
    assert crumb(f"{last}?queue=tab%3Dfirst%26q%3Dkind%253Aissue")[0].endswith("· 2 of 2")
    # Who was answered meanwhile leads to the first of those who still wait.
    teller.act(queue[0], "T", "says", ago(0))
    recount(teller.source.workspace)
    assert crumb(address)[1] == [f"u #t{queue[0].pk}", f"n {second}?queue=tab%3Dall"]
    assert crumb(first)[0] == f"owner/repo #{queue[0].number}"
    assert crumb(f"{first}?queue=tab%3Dnothing")[0] == f"owner/repo #{queue[0].number}"


def test_whom_github_names_is_suggested_until_somebody_decides(
    client: Client, alice: User, teller: Teller
) -> None:
    [thread] = teller.tell(f"I A opens {ago(3)}, M says {ago(2)}")
    thread.messages.filter(author=teller.people["M"]).update(details={"association": "member"})
    client.force_login(alice)
    at = f"/w/{teller.source.workspace.slug}/settings/team/"

    assert "GitHub calls them a member of the organization." in client.get(at).content.decode()
    client.post(at, {"decision": "off", "member": teller.people["M"].member_id})
    assert "GitHub calls them a member of the organization." not in client.get(at).content.decode()
