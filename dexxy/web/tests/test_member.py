"""The pages of a member, who may be one person, and what the team decides on them."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from dexxy.accounts.models import User, Workspace
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.models import (
    Identity,
    IdentityKind,
    Member,
    MemberMerge,
    MemberNote,
    MergeSuggestion,
)
from dexxy.members.notes import note_add
from dexxy.messages.figures.outcomes import Durations, Outcome, Taken
from dexxy.messages.member_activity.counts import Counts
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.people.merging import people_merge
from dexxy.sources.models import Source
from dexxy.web.member.numbers import numbers_of
from tests.factories import (
    make_identity,
    make_message,
    make_source,
    make_thread,
    make_workspace,
)

Get = Callable[..., str]
Post = Callable[..., str]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    client.force_login(bob)

    def fetch(path: str) -> str:
        response = client.get(f"/w/{workspace.slug}/{path}", follow=True)
        assert response.status_code == 200, response.content
        return response.content.decode()

    return fetch


@pytest.fixture
def post(client: Client, bob: User, workspace: Workspace) -> Post:
    """Send a form, and return the page that it leads to."""
    client.force_login(bob)

    def send(path: str, **values: str) -> str:
        response = client.post(f"/w/{workspace.slug}/{path}", values, follow=True)
        assert response.status_code == 200, response.content
        return response.content.decode()

    return send


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="ada", name="Ada")


@pytest.fixture
def other(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="countess")


def people(page: str) -> list[str]:
    return re.findall(r'<a class="(?:name clip|strong)" href="[^"]*"><bdi>(.*?)</bdi>', page)


def suggest(one: Identity, other: Identity, sentence: str = "Both are named Ada.") -> int:
    evidence = [
        {"rule": "same_name", "weight": 3.4, "sentence": sentence},
        {"rule": "same_server", "weight": -2.7, "sentence": "Both are on one server."},
    ]
    made = Suggested(one.home_member_id, other.home_member_id, 0.876, evidence)
    suggestions_apply(one.workspace_id, made=[made], withdrawn=[])
    return MergeSuggestion.objects.get().pk


def merge(actor: User, kept: Identity, merged: Identity) -> MemberMerge:
    return people_merge(
        actor=actor,
        workspace=kept.workspace,
        kept_id=kept.member_id,
        merged_id=merged.member_id,
    )


def test_who_was_merged_into_another_is_shown_there(
    get: Get, bob: User, ada: Identity, other: Identity
) -> None:
    merge(bob, ada, other)

    assert "<h1><bdi>Ada</bdi>" in get(f"people/{other.home_member_id}/")


def test_a_merge_shows_what_wins_is_made_and_undone_in_one_click(
    get: Get, post: Post, ada: Identity, other: Identity
) -> None:
    Member.objects.filter(pk=other.member_id).update(company="Engines")
    at = f"people/{ada.member_id}/merge/"

    assert people(get(f"{at}?search=count")) == ["countess"]
    preview = get(f"{at}?with={other.member_id}")
    won, lost = '<td class="break"><bdi>Ada</bdi>', '<td class="quiet break"><bdi>countess</bdi>'
    assert f"{won}</td>{lost}</td>" in preview
    assert '<td class="break"><bdi>Engines</bdi></td>' in preview

    page = post(at, **{"with": str(other.member_id)})
    assert "Joined by <bdi>Bob</bdi>" in page
    assert "Somebody of the team merged them." in page

    page = post(f"merges/{MemberMerge.objects.get().pk}/undo/")
    assert "They are two people again" in page
    assert "Taken back" in page
    assert Identity.objects.get(pk=other.pk).member == other.home_member


def test_what_cannot_be_merged_is_told_and_stays(
    post: Post, workspace: Workspace, ada: Identity
) -> None:
    robot = make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)

    page = post(f"people/{ada.member_id}/merge/", **{"with": str(robot.member_id)})

    assert "A person is never one with a bot or an organization." in page
    assert not MemberMerge.objects.exists()


def test_suggestions_show_their_evidence_and_are_decided_for_good(
    get: Get, post: Post, ada: Identity, other: Identity
) -> None:
    number = suggest(ada, other)

    page = get("people/suggestions/")
    assert 'title="88% likely to be one person">Likely<' in page
    assert re.search(r"For:</span> <bdi>Both are named Ada\.", page)
    assert re.search(r'is-against"><[^<]*Against:</span> <bdi>Both are on one server\.', page)
    for path in (f"people/{other.member_id}/", f"people/{other.member_id}/accounts/"):
        assert "Both are named Ada." in get(path)

    assert "will not be suggested again" in post(f"people/suggestions/{number}/reject/")
    assert "Nothing to decide" in get("people/suggestions/")


def test_an_accepted_suggestion_merges(post: Post, ada: Identity, other: Identity) -> None:
    page = post(f"people/suggestions/{suggest(ada, other)}/accept/")

    assert "They are one person now." in page
    assert Identity.objects.get(pk=other.pk).member == ada.member


def test_an_account_is_added_from_the_page(get: Get, post: Post, ada: Identity) -> None:
    page = post(f"people/{ada.member_id}/add/", platform="discord", username="Ada#1")

    assert "The account is added." in page
    accounts = get(f"people/{ada.member_id}/accounts/")
    assert "<bdi>Ada#1</bdi>" in accounts
    assert "Somebody of the team added it." in accounts


def test_a_member_is_locked_and_unlocked_whichever_home_member_it_was(
    post: Post, bob: User, ada: Identity, other: Identity
) -> None:
    post(f"people/{other.member_id}/lock/")
    assert "countess is locked. Unlock the member first." in post(
        f"people/{ada.member_id}/merge/", **{"with": str(other.member_id)}
    )

    post(f"people/{other.member_id}/unlock/")
    merge(bob, ada, other)
    Member.objects.filter(pk=other.home_member_id).update(is_locked=True)
    post(f"people/{ada.member_id}/unlock/")
    assert not Member.objects.filter(is_locked=True).exists()


def test_a_member_is_marked_as_a_bot_and_as_a_person_again(post: Post, ada: Identity) -> None:
    assert "This is a person" in post(f"people/{ada.member_id}/bot/")
    assert "This is a bot" in post(f"people/{ada.member_id}/person/")


def test_hostile_names_are_only_text(
    get: Get, workspace: Workspace, source: Source, bob: User
) -> None:
    one, other, third = (
        make_identity(workspace=workspace, username=HOSTILE, name=f"{HOSTILE}{number}")
        for number in range(3)
    )
    Identity.objects.update(email=HOSTILE, url="javascript:alert(1)")
    Member.objects.update(company=HOSTILE, tags=[HOSTILE[:50]], bio=HOSTILE)
    note_add(actor=bob, workspace=workspace, member_id=one.member_id, text=HOSTILE)
    merge(bob, one, other)
    suggest(one, third, sentence=HOSTILE)

    for path in (
        "people/",
        "people/suggestions/",
        f"people/{one.member_id}/",
        f"people/{one.member_id}/accounts/",
        f"people/{one.member_id}/notes/",
        f"people/{one.member_id}/edit/",
        f"people/{one.member_id}/merge/?with={third.member_id}",
        f"people/{one.member_id}/merge/?search=alert",
    ):
        page = get(path)
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page


def test_a_member_of_another_workspace_is_not_found(
    client: Client, alice: User, workspace: Workspace, ada: Identity
) -> None:
    elsewhere = make_identity(workspace=make_workspace(admin=alice))
    client.force_login(alice)
    root = f"/w/{workspace.slug}/people"

    for path in (f"{root}/{elsewhere.member_id}/", f"{root}/{10**30}/"):
        assert client.get(path).status_code == 404
    with_other = {"with": str(elsewhere.member_id)}
    assert client.post(f"{root}/{ada.member_id}/merge/", with_other).status_code == 404
    assert client.post(f"{root}/{ada.member_id}/nonsense/").status_code == 404


def test_kinds_of_threads_are_written_as_the_language_of_the_reader_writes_nouns() -> None:
    counts = Counts({}, 0, [], 0, {}, helped=0, answered=None, ended=None)
    taken = [Taken(one, Outcome.DONE, 0) for one in range(9)]
    found = Durations(median=timedelta(days=2), p90=None, threads=taken, left_out={})
    answers = {ThreadKind.ISSUE: found, ThreadKind.DISCUSSION: found}

    with translation.override("de"):
        number = numbers_of("ants", 1, counts, answers)[-1]

    assert number.detail == "Median aus 9 Issues, 12 Monate; Diskussionen: 2 Tage"


def test_the_page_of_a_member_begins_with_what_they_did(
    get: Get, source: Source, bob: User, ada: Identity, other: Identity
) -> None:
    now = timezone.now()
    Member.objects.filter(pk=ada.member_id).update(tags=["vip"])
    note_add(actor=bob, workspace=source.workspace, member_id=ada.member_id, text="Likes engines.")
    mine = make_thread(source=source, author=ada, title="My engine", opened_at=now)
    theirs = make_thread(source=source, author=other, opened_at=now)
    make_message(thread=mine, author=ada, kind=MessageKind.OPENED, occurred_at=now)
    make_message(thread=theirs, author=ada, body="hello there", occurred_at=now)
    make_message(thread=theirs, author=other, occurred_at=now)

    page = get(f"people/{ada.member_id}/")

    assert page.index('class="heat"') < page.index("Talks with")
    assert 'aria-label="2 messages on 1 day in the last 12 months; most in' in page
    assert len(re.findall(r'<rect class="h[0-4]" x="\d+" y="\d+"[^>]*><title>', page)) >= 365
    assert numbers(page) == {
        "Messages": ("2", "2 in 90 days"),
        "Threads": ("1", "1 issue"),
        "Pull requests merged": ("0", "of 0"),
        "Reviews": ("0", "in 0 pull requests"),
        "Helped others": ("1", "thread of somebody else"),
        "We answer in": ("—", "0 of 1 answered"),
    }
    for shown in ("hello there", "Likes engines.", ">vip<", "First contribution:", "My engine"):
        assert shown in page
    assert f'aria-label="1 thread with {other.member}"' in page


def test_the_numbers_of_a_member_lead_to_as_many_rows(
    get: Get, client: Client, source: Source, ada: Identity, other: Identity
) -> None:
    now = timezone.now()
    pull = partial(make_thread, source=source, kind=ThreadKind.PULL_REQUEST, opened_at=now)
    for state in (ThreadState.MERGED, ThreadState.OPEN):
        pull(author=ada, state=state)
    reviewed = pull(author=other)
    for _ in range(2):
        make_message(thread=reviewed, author=ada, kind=MessageKind.REVIEW, occurred_at=now)
    make_message(thread=make_thread(source=source), author=ada, occurred_at=now)

    page = get(f"people/{ada.member_id}/")
    rows = {}
    for label, address in re.findall(r'<div><dt>([^<]*)</dt><dd><a href="([^"]*)">', page):
        html = client.get(address.partition("#")[0]).content.decode()
        rows[label] = len(re.findall(r'<li class="row act"', html))

    assert {label: int(value) for label, (value, _) in numbers(page).items() if value != "—"} == {
        label: number for label, number in rows.items() if label != "We answer in"
    }
    assert rows == {
        "Messages": 3,
        "Threads": 2,
        "Pull requests merged": 1,
        "Reviews": 2,
        "Helped others": 1,
        "We answer in": 2,
    }
    together = get(f"people/{ada.member_id}/threads/?list=together&with={other.member_id}")
    assert "No threads" in together


def test_a_member_who_waits_is_told_first(
    get: Get, source: Source, workspace: Workspace, ada: Identity
) -> None:
    since = timezone.now() - timedelta(days=41)
    thread = make_thread(source=source, author=ada, title="Leak", opened_at=since)
    make_message(thread=thread, author=ada, kind=MessageKind.OPENED, occurred_at=since)
    standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))

    page = get(f"people/{ada.member_id}/")

    assert "Waiting for us in 1 thread." in page
    assert page.index("Waiting for us") < page.index('class="heat"')
    assert ">41 days</time>" in page


def test_a_page_of_a_member_costs_the_same_statements_however_much_they_did(
    client: Client, bob: User, workspace: Workspace, source: Source, ada: Identity
) -> None:
    client.force_login(bob)
    now = timezone.now()
    tabs = ("", "threads/", "threads/?list=helped", "threads/?list=answered", "accounts/", "notes/")

    def costs() -> list[int]:
        found = []
        for tab in tabs:
            with CaptureQueriesContext(connection) as statements:
                page = client.get(f"/w/{workspace.slug}/people/{ada.member_id}/{tab}")
            assert page.status_code == 200
            found.append(len(statements))
        return found

    def more() -> None:
        for _ in range(4):
            peer = make_identity(workspace=workspace)
            place = make_source(workspace=workspace)
            for author in (ada, peer):
                thread = make_thread(source=place, author=author, opened_at=now)
                for writer in (ada, peer):
                    make_message(thread=thread, author=writer, occurred_at=now)
                standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))

    more()
    before = costs()
    more()

    assert costs() == before
    assert max(before) == 65


@pytest.mark.parametrize(
    "query",
    [
        "?kind=zzz",
        "?after=zzz",
        "?after=%00",
        "?kind=%00",
        "threads/?list=zzz",
        "threads/?after=zzz",
        "threads/?list=helped&after=zzz",
        "threads/?list=answered&after=zzz",
    ],
)
def test_what_no_page_of_a_member_can_show_is_refused(
    client: Client, bob: User, ada: Identity, query: str
) -> None:
    client.force_login(bob)

    page = client.get(f"/w/{ada.workspace.slug}/people/{ada.member_id}/{query}")

    assert page.status_code == 400


@pytest.mark.parametrize("other", ["", "0", "x", "987654", "1" * 30])
def test_threads_together_with_nobody_are_not_found(
    client: Client, bob: User, ada: Identity, other: str
) -> None:
    client.force_login(bob)
    path = f"/w/{ada.workspace.slug}/people/{ada.member_id}/threads/?list=together&with={other}"

    assert client.get(path).status_code == 404


def test_the_team_names_and_tags_a_member_on_a_page_of_its_own(
    get: Get, post: Post, bob: User, ada: Identity, other: Identity
) -> None:
    at = f"people/{ada.member_id}/edit/"
    merge(bob, ada, other)
    assert 'value="Ada"' in get(at)

    page = post(at, display_name="Countess", tags="vip, math")

    assert "<h1><bdi>Countess</bdi>" in page
    kept, merged = Member.objects.order_by("pk")
    assert (kept.tags, merged.tags) == (["vip", "math"], [])


def test_each_note_says_who_wrote_it_and_who_changed_it(
    get: Get, post: Post, alice: User, bob: User, ada: Identity, other: Identity
) -> None:
    older = note_add(
        actor=alice, workspace=ada.workspace, member_id=other.home_member_id, text="of the other"
    )
    merge(bob, ada, other)
    at = f"people/{ada.member_id}/notes/"

    post(at, do="add", text="one\r\ntwo")
    post(at, do="add", text="one\ntwo")
    post(at, do="edit", note=str(older.pk), text="of the other, still")

    page = get(at)
    assert page.index("one<br>two") < page.index("of the other, still")
    assert "<bdi>Alice</bdi>, " in page
    assert "changed by <bdi>Bob</bdi>" in page
    newer, older = MemberNote.objects.order_by("-written_at")
    assert (newer.author, newer.member_id, newer.edited_at) == (bob, ada.member_id, None)
    assert (older.author, older.edited_by, older.member) == (alice, bob, other.home_member)
    assert "Notes <span>2</span>" in get(f"people/{ada.member_id}/")


@pytest.mark.parametrize(
    ("form", "sent", "told"),
    [
        ("edit", {"display_name": "x" * 201}, "The name is longer than 200 characters."),
        ("edit", {"display_name": "x\0"}, "The name holds a null byte."),
        ("edit", {"tags": "x" * 51}, "A tag is longer than 50 characters."),
        (
            "notes",
            {"text": "x" * 20_001, "do": "add"},
            "The note is longer than 20,000 characters.",
        ),
    ],
)
def test_what_cannot_be_stored_is_told_and_stays_in_the_form(
    client: Client, bob: User, ada: Identity, form: str, sent: dict[str, str], told: str
) -> None:
    client.force_login(bob)

    page = client.post(f"/w/{ada.workspace.slug}/people/{ada.member_id}/{form}/", sent)

    assert page.status_code == 422
    assert told in page.content.decode()
    assert next(iter(sent.values())).strip("\0") in page.content.decode()
    assert Member.objects.get().display_name == "Ada"


def test_an_admin_takes_a_member_into_the_team_and_out_again(
    client: Client, alice: User, post: Post, ada: Identity
) -> None:
    at = f"/w/{ada.workspace.slug}/people/{ada.member_id}/"
    assert client.post(f"{at}team/").status_code == 403

    client.force_login(alice)
    assert "Take out of the team" in client.post(f"{at}team/", follow=True).content.decode()
    page = client.post(f"{at}outside/", follow=True).content.decode()

    assert "Add to the team" in page
    assert "Not on the team." in page


def test_an_admin_erases_a_person_by_their_name(
    client: Client, alice: User, workspace: Workspace, source: Source, ada: Identity
) -> None:
    message = make_message(thread=make_thread(source=source), author=ada, body="hello there")
    client.force_login(alice)
    root = f"/w/{workspace.slug}/"
    at = f"{root}people/{ada.member_id}/erase/"

    assert "for good" in client.get(at).content.decode()
    for wrong in ({"bodies": "yes"}, {"bodies": "yes", "name": "ada"}):
        refused = client.post(at, wrong)
        assert refused.status_code == 422
        assert "Nothing was erased." in refused.content.decode()
    assert Identity.objects.get().username == "ada"

    page = client.post(at, {"bodies": "yes", "name": " Ada "}, follow=True).content.decode()
    assert "The person is erased." in page
    message.refresh_from_db()
    assert (message.body, Identity.objects.get().username) == ("", "")
    for path in ("", "threads/", "accounts/", "notes/", "edit/"):
        assert client.get(f"{root}people/{ada.member_id}/{path}").status_code == 404
    assert client.post(at, {"name": "Ada"}).status_code == 404


def test_only_an_admin_can_erase(client: Client, alice: User, get: Get, ada: Identity) -> None:
    path = f"people/{ada.member_id}/"
    disabled = 'disabled title="Only an admin can do this">Erase this person'
    assert disabled in get(path)

    client.force_login(alice)
    page = client.get(f"/w/{ada.workspace.slug}/{path}").content.decode()
    assert disabled not in page
    assert f'href="/w/{ada.workspace.slug}/{path}erase/" data-confirm>Erase this person' in page


def test_by_htmx_the_row_of_a_suggestion_folds_and_can_be_undone(
    client: Client, bob: User, ada: Identity, other: Identity
) -> None:
    client.force_login(bob)
    number = suggest(ada, other)
    root = f"/w/{ada.workspace.slug}/"
    headers = {"HX-Request": "true", "HX-Target": f"s{number}"}

    def act(path: str) -> str:
        return client.post(f"{root}{path}", headers=headers).content.decode().strip()

    at = f"people/suggestions/{number}/"
    rejected = act(f"{at}reject/")
    assert rejected.startswith(f'<section class="pairrow is-done" id="s{number}">')
    assert "are different people." in rejected
    assert f'hx-post="{root}{at}reopen/"' in rejected
    assert client.post(f"{root}{at}reject/", headers=headers).status_code == 404

    assert act(f"{at}reopen/").startswith(f'<section class="pairrow" id="s{number}" data-pair>')

    accepted = act(f"{at}accept/")
    assert "are one person now." in accepted
    undo = f"merges/{MemberMerge.objects.get().pk}/undo/"
    assert f'hx-post="{root}{undo}"' in accepted
    assert "are two people again" in act(undo)
    assert Identity.objects.get(pk=other.pk).member == other.home_member


def test_thousands_of_suggestions_go_on_page_by_page(
    client: Client, bob: User, workspace: Workspace
) -> None:
    people = [make_identity(workspace=workspace).home_member_id for _ in range(12)]
    pairs = [(a, b) for a in people for b in people if a < b]
    made = [Suggested(a, b, 0.5 + i / 1000, []) for i, (a, b) in enumerate(pairs)]
    suggestions_apply(workspace.pk, made=made, withdrawn=[])
    client.force_login(bob)
    root = f"/w/{workspace.slug}/people/suggestions/"

    first = client.get(root).content.decode()
    [more] = set(re.findall(r'hx-get="(\?after=[^"]*)"', first))
    part = client.get(
        f"{root}{more}", headers={"HX-Request": "true", "HX-Target": "more"}
    ).content.decode()

    assert "<b>66</b> pairs may be one person" in first
    assert (first.count(" data-pair"), part.count(" data-pair")) == (50, 16)
    assert "<html" not in part


def test_the_old_address_of_suggestions_leads_to_the_new_one(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)

    moved = client.get(f"/w/{workspace.slug}/suggestions/")

    assert (moved.status_code, moved["Location"]) == (
        301,
        f"/w/{workspace.slug}/people/suggestions/",
    )


def numbers(page: str) -> dict[str, tuple[str, str]]:
    found = re.findall(
        r'<dt>([^<]*)</dt><dd>(?:<a href="[^"]*">)?([^<]*)(?:</a>)?<span class="d">([^<]*)', page
    )
    return {label: (value, detail) for label, value, detail in found}
