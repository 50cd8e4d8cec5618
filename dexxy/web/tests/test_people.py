"""The directory, the page of a member, and what the team decides on them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.members.merges.suggestions import Suggested, suggestions_apply
from dexxy.members.models import Identity, IdentityKind, Member, MemberMerge, MergeSuggestion
from dexxy.people.merging import people_merge
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread, make_workspace

Get = Callable[..., str]
Post = Callable[..., str]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    client.force_login(bob)

    def fetch(path: str = "people/") -> str:
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


def test_the_directory_lists_people_and_leaves_bots_for_who_asks(
    get: Get, workspace: Workspace, ada: Identity
) -> None:
    make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)

    assert people(get()) == ["Ada"]
    assert people(get("people/?kind=bots")) == ["robot"]
    assert people(get("people/?kind=all")) == ["robot", "Ada"]


def test_filters_come_from_the_address(get: Get, ada: Identity, other: Identity) -> None:
    Member.objects.filter(pk=ada.member_id).update(
        company="Engines", tags=["vip"], last_seen_at=timezone.now() - timedelta(days=10)
    )

    for kept in ("search=AD", "organization=engin", "tag=vip", "seen=30"):
        assert people(get(f"people/?{kept}")) == ["Ada"], kept
    assert people(get("people/?seen=7")) == []
    assert people(get("people/?sort=first_seen&search=")) == ["countess", "Ada"]
    assert "Nobody fits these filters." in get("people/?search=nobody")


@pytest.mark.parametrize(
    "query", ["kind=zzz", "seen=1", "seen=x", "sort=zzz", "search=%00", "after=zzz", "tag=%00"]
)
def test_a_filter_that_does_not_exist_is_refused(
    client: Client, bob: User, workspace: Workspace, query: str
) -> None:
    client.force_login(bob)

    assert client.get(f"/w/{workspace.slug}/people/?{query}").status_code == 400


def test_an_empty_directory_says_where_people_come_from(get: Get) -> None:
    assert "Nobody here yet" in get()


def test_the_directory_goes_on_page_by_page(get: Get, client: Client, workspace: Workspace) -> None:
    for number in range(52):
        make_identity(workspace=workspace, username=f"p{number}")
    first = get()
    [more] = set(re.findall(r'hx-get="(\?after=[^"]*)"', first))
    headers = {"HX-Request": "true", "HX-Target": "more"}
    part = client.get(f"/w/{workspace.slug}/people/{more}", headers=headers).content.decode()

    assert len(people(first)) == 50
    assert people(part) == ["p1", "p0"]
    assert "<html" not in part


def test_names_in_the_feed_lead_to_their_pages(get: Get, source: Source, ada: Identity) -> None:
    make_message(thread=make_thread(source=source), author=ada)

    assert f'href="/w/{ada.workspace.slug}/people/{ada.member_id}/"' in get("")


def test_a_member_s_page_has_accounts_activity_and_what_the_team_says(
    get: Get, source: Source, ada: Identity
) -> None:
    Member.objects.filter(pk=ada.member_id).update(tags=["vip"], notes="Likes engines.")
    make_message(thread=make_thread(source=source), author=ada, body="hello there")

    page = get(f"people/{ada.member_id}/")

    assert f'<a href="{ada.url}" rel="noopener nofollow"><bdi>ada</bdi></a>' in page
    for shown in ("hello there", 'value="vip"', "Likes engines."):
        assert shown in page


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
    assert '<td><bdi>Ada</bdi></td><td class="quiet"><bdi>countess</bdi></td>' in preview
    assert "<td><bdi>Engines</bdi></td>" in preview

    page = post(at, **{"with": str(other.member_id)})
    assert "Merged by <bdi>Bob</bdi>" in page
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

    page = get("suggestions/")
    assert 'title="88 % likely to be one person">Likely<' in page
    assert re.search(r"For:</span> <bdi>Both are named Ada\.", page)
    assert re.search(r'is-against"><[^<]*Against:</span> <bdi>Both are on one server\.', page)
    assert "Both are named Ada." in get(f"people/{other.member_id}/")

    assert "will not be suggested again" in post(f"suggestions/{number}/reject/")
    assert "Nothing to decide" in get("suggestions/")


def test_an_accepted_suggestion_merges(post: Post, ada: Identity, other: Identity) -> None:
    page = post(f"suggestions/{suggest(ada, other)}/accept/")

    assert "They are one person now." in page
    assert Identity.objects.get(pk=other.pk).member == ada.member


@pytest.mark.parametrize(
    ("action", "words", "undo"),
    [("accept", "are one person.", True), ("reject", "are different people.", False)],
)
def test_by_htmx_the_row_of_a_suggestion_says_what_was_decided(
    client: Client, bob: User, ada: Identity, other: Identity, action: str, words: str, undo: bool
) -> None:
    client.force_login(bob)
    number = suggest(ada, other)
    path = f"/w/{ada.workspace.slug}/suggestions/{number}/{action}/"
    headers = {"HX-Request": "true", "HX-Target": f"s{number}"}

    row = client.post(path, headers=headers).content.decode()

    assert row.startswith('<section class="pairrow is-done">')
    assert words in row
    assert ("/undo/" in row) is undo
    # Somebody was quicker.
    assert client.post(path, headers=headers).status_code == 404


def test_the_team_names_tags_and_notes_from_the_page(
    post: Post, bob: User, ada: Identity, other: Identity
) -> None:
    at = f"people/{ada.member_id}/edit/"
    merge(bob, ada, other)

    page = post(at, display_name="Countess", tags="vip, math", notes="one\r\ntwo")
    post(at, of=str(other.home_member_id), notes="of the other")

    assert "<h1><bdi>Countess</bdi>" in page
    kept, merged = Member.objects.order_by("pk")
    assert (kept.tags, kept.notes) == (["vip", "math"], "one\ntwo")
    assert (merged.tags, merged.notes) == ([], "of the other")


def test_too_long_a_name_is_told_and_changes_nothing(post: Post, ada: Identity) -> None:
    page = post(f"people/{ada.member_id}/edit/", display_name="x" * 201)

    assert "The name is longer than 200 characters." in page
    assert Member.objects.get().display_name == "Ada"


def test_an_account_is_added_from_the_page(post: Post, ada: Identity) -> None:
    page = post(f"people/{ada.member_id}/add/", platform="discord", username="Ada#1")

    assert "discord: <bdi>Ada#1</bdi>" in page
    assert "Somebody of the team added it." in page


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
    Member.objects.update(company=HOSTILE, tags=[HOSTILE[:50]], notes=HOSTILE, bio=HOSTILE)
    merge(bob, one, other)
    suggest(one, third, sentence=HOSTILE)

    for path in (
        "people/",
        "suggestions/",
        f"people/{one.member_id}/",
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


def test_an_admin_erases_a_person_who_says_that_they_are_sure(
    client: Client, alice: User, workspace: Workspace, source: Source, ada: Identity
) -> None:
    message = make_message(thread=make_thread(source=source), author=ada, body="hello there")
    client.force_login(alice)
    root = f"/w/{workspace.slug}/"
    at = f"{root}people/{ada.member_id}/erase/"

    assert "for good" in client.get(at).content.decode()
    client.post(at, {"bodies": "yes"})
    assert Identity.objects.get().username == "ada"

    page = client.post(at, {"bodies": "yes", "sure": "yes"}, follow=True).content.decode()
    assert "The person is erased." in page
    message.refresh_from_db()
    assert (message.body, Identity.objects.get().username) == ("", "")
    assert (
        'title="The team erased this person">Erased person</b>' in client.get(root).content.decode()
    )
    assert client.get(f"{root}people/{ada.member_id}/").status_code == 404


def test_only_an_admin_is_offered_to_erase(
    client: Client, alice: User, get: Get, ada: Identity
) -> None:
    path = f"people/{ada.member_id}/"
    assert "Erase this person" not in get(path)

    client.force_login(alice)
    assert "Erase this person" in client.get(f"/w/{ada.workspace.slug}/{path}").content.decode()
