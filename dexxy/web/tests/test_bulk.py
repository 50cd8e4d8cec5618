"""What is done with the people selected in the table, and who may."""

import csv
import io
import re

import pytest
from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.members.models import Identity, Member
from dexxy.messages.models import TeamDecision
from dexxy.people.merging import people_merge
from dexxy.people.models import ExportFile
from tests.factories import make_identity, make_workspace


@pytest.fixture
def three(workspace: Workspace) -> list[Identity]:
    return [make_identity(workspace=workspace, username=f"p{number}") for number in range(3)]


def send(client: Client, workspace: Workspace, query: str = "", **values: object) -> str:
    """Send the bulk form as the table does, and return the page that it leads to."""
    path = f"/w/{workspace.slug}/people/bulk/{query}"
    response = client.post(path, values, follow=True)
    assert response.status_code == 200, response.content
    return response.content.decode()


def tags() -> list[list[str]]:
    return list(Member.objects.order_by("pk").values_list("tags", flat=True))


def test_some_are_tagged_and_untagged_and_twice_changes_nothing_more(
    client: Client, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    client.force_login(bob)
    ids = [one.member_id for one in three[:2]]

    page = send(client, workspace, do="tag", tag=" speaker ", member=ids)
    assert "2 people have the tag “speaker” now." in page
    assert tags() == [["speaker"], ["speaker"], []]
    assert "0 people have the tag" in send(client, workspace, do="tag", tag="speaker", member=ids)

    assert "is taken from 1 person." in send(
        client, workspace, do="untag", tag="speaker", member=ids[:1]
    )
    assert tags() == [[], ["speaker"], []]
    audited = AuditEntry.objects.filter(action="members.tagged").order_by("pk")
    assert [entry.details for entry in audited] == [
        {"added": ["speaker"], "removed": [], "members": 2},
        {"added": [], "removed": ["speaker"], "members": 1},
    ]


def test_what_was_done_can_be_taken_back_once_from_those_whom_it_changed(
    client: Client, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    client.force_login(bob)
    first, second, _ = (one.member_id for one in three)
    Member.objects.filter(pk=first).update(tags=["vip"])

    page = send(client, workspace, do="tag", tag="vip", member=[first, second])

    [form] = re.findall(r'<form id="undo".*?</form>', page, re.S)
    sent = re.findall(r'name="(do|tag|member)" value="([^"]*)"', form)
    assert sent == [("do", "untag"), ("tag", "vip"), ("member", str(second))]
    assert 'id="undo"' not in client.get(f"/w/{workspace.slug}/people/").content.decode()
    assert 'id="undo"' not in send(client, workspace, do="tag", tag="vip", member=[first])


def test_a_tag_is_taken_from_all_that_somebody_is_made_of(
    client: Client, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    one, other, _ = three
    Member.objects.filter(pk=other.member_id).update(tags=["vip"])
    people_merge(
        actor=bob, workspace=workspace, kept_id=one.member_id, merged_id=other.home_member_id
    )
    client.force_login(bob)

    send(client, workspace, do="tag", tag="vip", member=[one.member_id])
    assert tags() == [[], ["vip"], []]
    send(client, workspace, do="untag", tag="vip", member=[one.member_id])
    assert tags() == [[], [], []]


def test_all_of_a_list_are_those_that_its_search_finds(
    client: Client, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    client.force_login(bob)

    send(client, workspace, "?q=p1", do="tag", tag="x", all="1", member=[three[0].member_id])

    assert tags() == [[], ["x"], []]


def test_two_are_shown_as_one_before_they_are_merged(
    client: Client, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    client.force_login(bob)
    ids = [one.member_id for one in three]

    assert "one person?</h1>" in send(client, workspace, do="merge", member=ids[:2])
    assert "Select the two people who are one." in send(client, workspace, do="merge", member=ids)


def test_a_few_come_as_a_file_at_once_and_many_by_a_worker(
    client: Client,
    bob: User,
    workspace: Workspace,
    three: list[Identity],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.force_login(bob)
    path = f"/w/{workspace.slug}/people/bulk/"
    ids = [one.member_id for one in three[:2]]

    response = client.post(path, {"do": "csv", "member": ids})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert sorted(row["display_name"] for row in rows) == ["p0", "p1"]
    entry = AuditEntry.objects.get(action="members.exported")
    assert (entry.actor, entry.details) == (bob, {"members": 2})

    monkeypatch.setattr("dexxy.web.directory.bulk.MOST_AT_ONCE", 1)
    assert "The file is being made" in send(client, workspace, do="csv", member=ids)
    assert ExportFile.objects.get().selection == {"members": ids}


def test_only_an_admin_adds_to_the_team_and_all_or_nobody(
    client: Client, alice: User, bob: User, workspace: Workspace, three: list[Identity]
) -> None:
    ids = [one.member_id for one in three]
    path = f"/w/{workspace.slug}/people/bulk/"
    client.force_login(bob)
    assert client.post(path, {"do": "team", "member": ids}).status_code == 403

    client.force_login(alice)
    Member.objects.filter(pk=ids[2]).update(is_bot=True)
    page = send(client, workspace, do="team", member=ids)
    assert "A bot does not belong to the team." in page
    assert not TeamDecision.objects.exists()

    assert "2 people are on the team now." in send(client, workspace, do="team", member=ids[:2])
    assert TeamDecision.objects.filter(is_on_team=True).count() == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"do": "tag", "tag": "x"}, "Select somebody first."),
        ({"do": "tag", "tag": " ", "member": "1"}, "Name a tag first."),
        ({"do": "tag", "tag": "x\0", "member": "1"}, "holds a null byte"),
        ({"do": "tag", "tag": "x" * 51, "member": "1"}, "is longer than 50 characters"),
        ({"do": "nonsense", "member": "1"}, "There is no such action."),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    client: Client,
    bob: User,
    workspace: Workspace,
    three: list[Identity],
    values: dict[str, str],
    words: str,
) -> None:
    client.force_login(bob)
    if "member" in values:
        values = {**values, "member": str(three[0].member_id)}

    assert words in send(client, workspace, **values)
    assert tags() == [[], [], []]


def test_people_of_other_workspaces_are_not_found(
    client: Client, alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    elsewhere = make_identity(workspace=make_workspace(admin=alice))
    path = f"/w/{workspace.slug}/people/bulk/"
    values = {"do": "tag", "tag": "x", "member": [elsewhere.member_id]}
    assert client.post(path, values).status_code == 302
    client.force_login(charlie)
    assert client.post(path, values).status_code == 404
    client.force_login(bob)
    assert client.post(path, values).status_code == 404
    for member in ("x", "0", str(10**18), str(10**30)):
        client.post(path, {**values, "member": member})
    assert tags() == [[]]
