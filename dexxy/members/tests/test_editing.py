"""What the team says about members, and accounts that it adds by hand."""

import pytest

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.members.adding import AccountError, AccountKnownError, identity_add
from dexxy.members.editing import MemberTextError, member_edit
from dexxy.members.merges.by_hand import MemberLockedError, member_set_locked
from dexxy.members.merges.selectors import member_merges, member_overview
from dexxy.members.models import Identity, Member
from dexxy.members.who_may_see import MemberNotFoundError
from dexxy.people.merging import people_merge, people_unmerge
from tests.factories import make_identity, make_workspace


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="ada", name="Ada")


@pytest.fixture
def other(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="countess")


def edit(actor: User, account: Identity, **texts: object) -> Member:
    return member_edit(
        actor=actor,
        workspace=account.workspace,
        member_id=account.home_member_id,
        **texts,  # type: ignore[arg-type]
    )


def add(actor: User, account: Identity, platform: str = "discord", **rest: str) -> Identity:
    return identity_add(
        actor=actor,
        workspace=account.workspace,
        member_id=account.member_id,
        platform=platform,
        **{"username": "Ada#1", **rest},
    )


def test_what_is_left_out_stays(alice: User, ada: Identity) -> None:
    edit(alice, ada, display_name=" Countess ", tags=["vip"])
    edit(alice, ada, tags=["vip", " math ", "vip", ""])

    member = Member.objects.get()
    assert (member.display_name, member.tags) == ("Countess", ["vip", "math"])


def test_an_empty_name_is_that_of_the_account_again(
    alice: User, ada: Identity, other: Identity
) -> None:
    for account, name in ((ada, "Ada"), (other, "countess")):
        edit(alice, account, display_name="Somebody")
        assert edit(alice, account, display_name=" ").display_name == name


def test_an_edit_is_audited_without_what_was_written(alice: User, ada: Identity) -> None:
    edit(alice, ada, display_name="secret")
    edit(alice, ada, display_name="secret")

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("member.edited", alice)
    assert entry.details == {"fields": ["display_name"]}


def test_tags_are_the_whole_member_s(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    edit(alice, ada, tags=["a"])
    edit(alice, other, tags=["b", "c"])
    merge = people_merge(
        actor=alice, workspace=workspace, kept_id=ada.member_id, merged_id=other.member_id
    )

    edit(alice, ada, tags=["c", "d"])
    shown = member_overview(alice, workspace, ada.member_id).profile
    assert sorted(shown.tags) == ["c", "d"]

    people_unmerge(actor=alice, workspace=workspace, merge_id=merge.pk)
    tags = Member.objects.order_by("pk").values_list("tags", flat=True)
    assert list(tags) == [["d"], ["c"]]


@pytest.mark.parametrize(
    "texts",
    [
        {"display_name": "x" * 201},
        {"display_name": "\0"},
        {"tags": ["x" * 51]},
        {"tags": [str(number) for number in range(51)]},
    ],
)
def test_what_cannot_be_stored_is_refused(
    alice: User, ada: Identity, texts: dict[str, object]
) -> None:
    with pytest.raises(MemberTextError):
        edit(alice, ada, **texts)


def test_only_the_team_edits_and_only_its_own_members(
    workspace: Workspace, alice: User, charlie: User, ada: Identity
) -> None:
    elsewhere = make_identity(workspace=make_workspace(admin=alice))

    with pytest.raises(WorkspaceNotFoundError):
        edit(charlie, ada, display_name="x")
    with pytest.raises(WorkspaceNotFoundError):
        add(charlie, ada)
    with pytest.raises(MemberNotFoundError):
        member_edit(actor=alice, workspace=workspace, member_id=elsewhere.member_id, tags=["x"])


def test_an_account_is_added_with_its_reason_and_can_be_parted_again(
    workspace: Workspace, alice: User, ada: Identity
) -> None:
    added = add(alice, ada, email="ada@lovelace.org")

    (merge,) = member_merges(alice, workspace, ada.member_id)
    assert (added.provider, added.external_id, added.username) == ("discord", "ada#1", "Ada#1")
    assert (added.email, added.member) == ("ada@lovelace.org", ada.member)
    assert (merge.actor, merge.evidence[0]["rule"]) == (alice, "added_by_hand")

    people_unmerge(actor=alice, workspace=workspace, merge_id=merge.pk)
    added.refresh_from_db()
    assert added.member == added.home_member


def test_an_account_that_is_somebody_s_is_not_added_again(
    alice: User, ada: Identity, other: Identity
) -> None:
    add(alice, ada)

    with pytest.raises(AccountKnownError, match="is Ada already"):
        add(alice, other, username="ADA#1")


@pytest.mark.parametrize(
    ("platform", "rest"),
    [
        ("github", {}),
        ("import", {}),
        (" GitHub ", {}),
        ("github:ghe.example.com", {}),
        ("", {}),
        ("discord", {"username": " "}),
        ("discord", {"username": "x" * 101}),
        ("discord", {"username": "a\0"}),
        ("discord", {"email": "not an address"}),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    alice: User, ada: Identity, platform: str, rest: dict[str, str]
) -> None:
    with pytest.raises(AccountError):
        add(alice, ada, platform, **rest)

    assert Identity.objects.count() == 1


def test_nothing_is_added_to_a_locked_member(
    workspace: Workspace, alice: User, ada: Identity
) -> None:
    member_set_locked(actor=alice, workspace=workspace, member_id=ada.member_id, is_locked=True)

    with pytest.raises(MemberLockedError):
        add(alice, ada)

    assert Identity.objects.count() == 1
