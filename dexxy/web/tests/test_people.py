"""The directory, the page of a member, and what the team decides on them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import SyncStatus
from dexxy.members.models import (
    Identity,
    IdentityKind,
    Member,
    MemberSummary,
)
from dexxy.sources.models import Source
from tests.factories import (
    make_identity,
    make_message,
    make_repository,
    make_source,
    make_thread,
)

Get = Callable[..., str]


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    client.force_login(bob)

    def fetch(path: str = "people/") -> str:
        response = client.get(f"/w/{workspace.slug}/{path}", follow=True)
        assert response.status_code == 200, response.content
        return response.content.decode()

    return fetch


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="ada", name="Ada")


@pytest.fixture
def other(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="countess")


def people(page: str) -> list[str]:
    link = (
        r'<a class="(?:name clip|strong)" href="[^"]*"(?: title="[^"]*" data-row)?><bdi>(.*?)</bdi>'
    )
    return re.findall(link, page)


def test_the_directory_lists_people_and_leaves_bots_for_who_asks(
    get: Get, workspace: Workspace, ada: Identity
) -> None:
    make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)

    assert people(get()) == ["Ada"]
    assert people(get("people/?segment=bots")) == ["robot"]


def test_filters_come_from_the_address(get: Get, ada: Identity, other: Identity) -> None:
    Member.objects.filter(pk=ada.member_id).update(
        company="Engines", tags=["vip"], last_seen_at=timezone.now() - timedelta(days=10)
    )

    for kept in (
        "q=AD",
        "q=org:engin",
        "q=tag:vip",
        "q=since:30d",
        "tag=vip",
        "organization=engin",
    ):
        assert people(get(f"people/?{kept}")) == ["Ada"], kept
    assert people(get("people/?q=since:7d")) == []
    assert people(get("people/?q=tag:vip+countess")) == []
    assert people(get("people/?sort=first_seen&q=")) == ["countess", "Ada"]
    assert "Nobody fits these filters." in get("people/?q=nobody")


@pytest.mark.parametrize("query", ["segment=zzz", "sort=zzz", "after=zzz"])
def test_a_filter_that_does_not_exist_is_refused(
    client: Client, bob: User, workspace: Workspace, query: str
) -> None:
    client.force_login(bob)

    assert client.get(f"/w/{workspace.slug}/people/?{query}").status_code == 400


def test_an_empty_directory_says_where_people_come_from(get: Get, workspace: Workspace) -> None:
    assert "No repository is connected" in get()

    make_source(workspace=workspace)

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

    assert f'href="/w/{ada.workspace.slug}/people/{ada.member_id}/"' in get("feed/")


def summary(account: Identity, **values: object) -> None:
    MemberSummary.objects.create(
        member=account.member, workspace=account.workspace, counted_at=timezone.now(), **values
    )


def test_segments_are_tabs_with_counts_and_each_has_its_people(
    get: Get, workspace: Workspace, ada: Identity, other: Identity
) -> None:
    now = timezone.now()
    third = make_identity(workspace=workspace, username="third")
    robot = make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)
    day = timedelta(days=1)
    summary(ada, messages=1, recent=1, waiting=2, first_act_at=now - day, last_act_at=now - day)
    summary(other, messages=9, regular_threads=3, first_act_at=now - 300 * day)
    summary(third, messages=5, recent=5, first_act_at=now - 300 * day, last_act_at=now - day)
    summary(robot, messages=99, recent=99, first_act_at=now - day, last_act_at=now)

    listed = {
        "everybody": ["third", "Ada", "countess"],
        "new": ["Ada"],
        "returning": ["third"],
        "active": ["third", "Ada"],
        "slipping": ["countess"],
        "waiting": ["Ada"],
        "team": [],
        "bots": ["robot"],
    }
    for segment, names in listed.items():
        page = get(f"people/?segment={segment}")
        assert people(page) == names
        assert re.search(rf'segment={segment}" aria-current="page">[^<]* <span>{len(names)}<', page)
    assert people(get("people/?sort=messages")) == ["countess", "third", "Ada"]
    assert people(get("people/?sort=name")) == ["Ada", "countess", "third"]
    assert people(get("people/?sort=waiting")) == ["Ada", "third", "countess"]
    assert "Nobody is on the team yet" in get("people/?segment=team")


def test_who_is_new_is_not_said_before_the_first_sync_is_over(
    get: Get, source: Source, ada: Identity
) -> None:
    summary(ada, messages=1, first_act_at=timezone.now())
    assert "new in 30 days" in get()

    make_repository(source=source, status=SyncStatus.SYNCING)

    assert "new in 30 days" not in get()
    assert "until then everybody looks new" in get("people/?segment=new")


def test_the_table_asks_the_same_for_one_person_and_for_many(
    client: Client, bob: User, workspace: Workspace, ada: Identity
) -> None:
    client.force_login(bob)
    path = f"/w/{workspace.slug}/people/"
    client.get(path)

    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(10):
        summary(make_identity(workspace=workspace, username=f"p{number}"), messages=number)
    with CaptureQueriesContext(connection) as many:
        client.get(path)

    assert len(many) == len(few)
