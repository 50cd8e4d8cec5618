"""The table of organizations, and the page of one."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import IdentityKind, Member, MemberSummary
from dexxy.members.organizations import organization_key
from dexxy.sources.models import Source
from dexxy.web.directory import organizations
from tests.factories import make_identity, make_message, make_thread

Get = Callable[..., str]


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    client.force_login(bob)

    def fetch(path: str = "") -> str:
        response = client.get(f"/w/{workspace.slug}/organizations/{path}")
        assert response.status_code == 200, response.content
        return response.content.decode()

    return fetch


def employ(workspace: Workspace, name: str, organization: str, **counts: int) -> Member:
    """Make somebody who works somewhere."""
    bot = counts.pop("is_bot", 0)
    kind = IdentityKind.BOT if bot else IdentityKind.USER
    member = make_identity(workspace=workspace, username=name, kind=kind).member
    MemberSummary.objects.create(
        member=member,
        workspace=workspace,
        organization=organization,
        organization_key=organization_key(organization),
        counted_at=timezone.now(),
        weeks=[*([0] * 11), counts.get("recent", 0)],
        **counts,
    )
    return member


@pytest.fixture
def employed(workspace: Workspace) -> dict[str, Member]:
    found = {
        "ada": employ(workspace, "ada", "Halden", messages=5, recent=1, waiting=1),
        "ben": employ(workspace, "ben", "Halden", messages=4),
        "cyd": employ(workspace, "cyd", "@halden Inc.", messages=2, recent=2),
        "dan": employ(workspace, "dan", "Zoë & Co", messages=50, recent=9),
    }
    employ(workspace, "nobody", "")
    employ(workspace, "robot", "Halden", messages=99, is_bot=1)
    return found


def names(page: str) -> list[str]:
    return re.findall(r'<a class="name" href="[^"]*" title="[^"]*" data-row><bdi>(.*?)</bdi>', page)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Halden", "halden"),
        ("@halden", "halden"),
        ("HALDEN  Inc.", "halden"),
        ("halden.com", "halden"),
        ("www.halden.co.uk", "halden"),
        ("Halden Systems GmbH", "halden-systems"),
        ("Zoë & Co", "zoë"),
        ("株式会社ハルデン", "株式会社ハルデン"),
        ("Co", "co"),
        ("a/b", "a-b"),
        ("???", ""),
        ("", ""),
    ],
)
def test_spellings_of_one_name_have_one_key(name: str, key: str) -> None:
    assert organization_key(name) == key


def test_organizations_add_up_their_people_and_leave_out_bots(
    get: Get, employed: dict[str, Member]
) -> None:
    page = get()

    assert names(page) == ["Zoë &amp; Co", "Halden"]
    assert "<b>2</b> organizations" in page
    assert "of 4 people who name one" in page
    for number in ("3 people", "11 messages", "1 waiting"):
        assert number in page
    for sort, first in {"people": "Halden", "waiting": "Halden", "name": "Halden"}.items():
        assert names(get(f"?sort={sort}"))[0] == first
    assert names(get("?q=HALD")) == ["Halden"]
    assert "No organization is called like this." in get("?q=nothing")


def test_each_number_of_an_organization_leads_to_as_many_rows_as_it_says(
    client: Client, get: Get, workspace: Workspace, source: Source, employed: dict[str, Member]
) -> None:
    thread = make_thread(source=source)
    for name, number in {"ada": 5, "ben": 4, "cyd": 2}.items():
        for _turn in range(number):
            make_message(thread=thread, author=employed[name].home_identity)
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*<bdi>Halden</bdi>.*?</tr>", get(), re.DOTALL)
    assert row
    head = get("halden/").partition('<p class="facts">')[2].partition("</header>")[0]
    link = r'<a [^>]*href="([^"#]*)(?:#people)?">(?:<b>)?(\d+)(?:</b>)?'

    in_table = re.findall(rf'<td class="num wide">{link}</a>', row[0])
    in_head = re.findall(link, head)

    # The feed takes no organization, so the table has no list of their messages.
    assert [int(found) for _, found in in_table] == [3, 2]
    assert [int(found) for _, found in in_head] == [3, 2, 11]
    for address, found in [*in_table, *in_head]:
        answer = client.get(address.replace("&amp;", "&"))
        assert len(answer.context["page"].items) == int(found), address


def test_messages_of_too_many_people_have_no_list(
    get: Get, employed: dict[str, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations, "_MOST_IN_FEED", 2)

    head = get("halden/").partition('<p class="facts">')[2].partition("</header>")[0]

    assert "<b>11</b> messages" in head
    assert "member=" not in head


def test_the_page_of_one_has_its_people_threads_and_tags(
    get: Get, source: Source, employed: dict[str, Member]
) -> None:
    Member.objects.filter(pk=employed["ada"].pk).update(tags=["speaker"])
    make_thread(source=source, author=employed["ada"].home_identity, title="Pool leaks")

    page = get("halden/")

    assert "<h1><bdi>Halden</bdi></h1>" in page
    assert "Also written: <bdi>@halden Inc.</bdi>" in page
    people = re.findall(r'<a class="name clip" [^>]*><bdi>(.*?)</bdi>', page)
    assert people == ["cyd", "ada", "ben"]
    assert "Pool leaks" in page
    assert "<bdi>speaker</bdi> 1</a>" in page


def test_an_empty_workspace_says_where_organizations_come_from(get: Get) -> None:
    assert "No organizations yet" in get()


def test_the_table_goes_on_page_by_page(get: Get, client: Client, workspace: Workspace) -> None:
    for number in range(52):
        employ(workspace, f"p{number}", f"Place {number:02}", messages=number % 3)
    for sort in ("messages", "name", "last_seen"):
        first = get(f"?sort={sort}")
        [more] = set(re.findall(r'hx-get="(\?[^"]*)"', first))
        headers = {"HX-Request": "true", "HX-Target": "more"}
        path = f"/w/{workspace.slug}/organizations/{more.replace('&amp;', '&')}"
        part = client.get(path, headers=headers).content.decode()
        assert len({*names(first), *names(part)}) == 52
        assert "<html" not in part


def test_both_pages_ask_the_same_for_few_and_for_many(
    client: Client, bob: User, source: Source, employed: dict[str, Member]
) -> None:
    client.force_login(bob)
    root = f"/w/{source.workspace.slug}/organizations/"
    make_thread(source=source, author=employed["ada"].home_identity)

    def asked() -> list[int]:
        counts = []
        for path in ("", "halden/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(root + path).status_code == 200
            counts.append(len(queries))
        return counts

    asked()
    few = asked()
    for number in range(5):
        employ(source.workspace, f"more{number}", "Halden")
        employ(source.workspace, f"other{number}", f"Other {number}")
    assert asked() == few


@pytest.mark.parametrize(
    "path",
    [
        "?sort=zzz",
        "?after=zzz",
        "?sort=name&after=WyJcdWQ4MDAiLCJ4Il0",
        "?q=%00",
        "halden/?after=zzz",
    ],
)
def test_what_does_not_exist_is_refused(
    client: Client, bob: User, workspace: Workspace, employed: dict[str, Member], path: str
) -> None:
    client.force_login(bob)

    assert client.get(f"/w/{workspace.slug}/organizations/{path}").status_code == 400


def test_others_do_not_find_it(
    client: Client, bob: User, charlie: User, workspace: Workspace, employed: dict[str, Member]
) -> None:
    root = f"/w/{workspace.slug}/organizations/"
    for path in (root, f"{root}halden/"):
        assert client.get(path).status_code == 302
    client.force_login(charlie)
    for path in (root, f"{root}halden/"):
        assert client.get(path).status_code == 404
    client.force_login(bob)
    for key in ("nowhere", "%00", "x" * 500):
        assert client.get(f"{root}{key}/").status_code == 404


def test_hostile_names_are_only_text(get: Get, workspace: Workspace) -> None:
    employ(workspace, "x", "<script>alert(1)</script>")

    page = get()

    assert "<script>alert" not in page
    assert "alert(1)" in page
    assert "alert(1)" in get("script-alert-1-script/")


def test_when_somebody_was_last_seen_is_the_last_of_all(
    get: Get, employed: dict[str, Member]
) -> None:
    now = timezone.now()
    Member.objects.filter(pk=employed["ada"].pk).update(last_seen_at=now - timedelta(hours=9))
    Member.objects.filter(pk=employed["dan"].pk).update(last_seen_at=now - timedelta(hours=2))

    assert names(get("?sort=last_seen")) == ["Zoë &amp; Co", "Halden"]
    assert "9 h</time>" in get()


def test_organizations_are_merged_by_hand_and_parted_again(
    client: Client, get: Get, workspace: Workspace, employed: dict[str, Member]
) -> None:
    zoe = organization_key("Zoë & Co")
    root = f"/w/{workspace.slug}/organizations"
    assert f"{root}/halden/merge/?with={quote(zoe, safe='')}" in get("halden/merge/?q=zo")
    assert "Are <bdi>Halden</bdi> and <bdi>Zoë &amp; Co</bdi> one organization?" in get(
        f"halden/merge/?with={zoe}"
    )

    page = client.post(f"{root}/halden/merge/", {"with": zoe}, follow=True).content.decode()

    assert "They are one organization now." in page
    assert "<h1><bdi>Halden</bdi></h1>" in page
    assert "<b>4</b> people" in page
    assert client.get(f"{root}/{zoe}/")["Location"] == f"{root}/halden/"
    [undo] = re.findall(r'action="([^"]+/undo/)"', page)
    page = client.post(undo, follow=True).content.decode()
    assert "They are two organizations again." in page
    assert "<b>3</b> people" in page


ORGANIZATIONS = """
query ($workspace: ID!) {
  organizations(workspaceId: $workspace) {
    edges { node { key spellings tags { tag memberCount } } }
  }
}
"""


def test_the_api_has_the_spellings_and_the_tags_of_organizations_as_the_page_has(
    ask: Callable[..., dict[str, Any]],
    alice: User,
    charlie: User,
    workspace: Workspace,
    employed: dict[str, Member],
) -> None:
    Member.objects.filter(display_name__in=["ada", "cyd"]).update(tags=["rope", "vip"])
    Member.objects.filter(display_name="ben").update(tags=["rope"])
    ask(ORGANIZATIONS, alice, workspace=workspace.pk)
    with CaptureQueriesContext(connection) as few:
        answer = ask(ORGANIZATIONS, alice, workspace=workspace.pk)

    found = {
        edge["node"].pop("key"): edge["node"] for edge in answer["data"]["organizations"]["edges"]
    }
    assert found == {
        "halden": {
            "spellings": ["Halden", "@halden Inc."],
            "tags": [{"tag": "rope", "memberCount": 3}, {"tag": "vip", "memberCount": 2}],
        },
        "zoë": {"spellings": ["Zoë & Co"], "tags": []},
    }
    for number in range(5):
        employ(workspace, f"p{number}", f"Company {number}", messages=1)
    with CaptureQueriesContext(connection) as many:
        ask(ORGANIZATIONS, alice, workspace=workspace.pk)
    assert len(many) == len(few)
    [error] = ask(ORGANIZATIONS, charlie, workspace=workspace.pk)["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
