"""Members are merged and parted again, and their threads know who answered whom."""

import pytest

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.members.merges.by_hand import (
    MemberLockedError,
    MembersAlreadyOneError,
    MembersNotAlikeError,
    MergeNotFoundError,
    member_set_locked,
)
from dexxy.members.merges.links import Link
from dexxy.members.models import Identity, IdentityKind, Member, MemberMerge
from dexxy.members.who_may_see import MemberNotFoundError
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Thread
from dexxy.people.merging import (
    people_link,
    people_merge,
    people_unlink,
    people_unmerge,
    person_set_bot,
)
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_message, make_thread, make_workspace


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="ada", name="Ada")


@pytest.fixture
def other(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="countess")


@pytest.fixture
def third(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="lovelace")


def merge(actor: User, kept: Identity, merged: Identity) -> MemberMerge:
    return people_merge(
        actor=actor,
        workspace=kept.workspace,
        kept_id=kept.home_member_id,
        merged_id=merged.home_member_id,
    )


def unmerge(actor: User, merge: MemberMerge) -> None:
    people_unmerge(actor=actor, workspace=merge.workspace, merge_id=merge.pk)


def link(*pair: Identity, confidence: float = 0.99) -> Link:
    first, second = (identity.home_member_id for identity in pair)
    evidence = [{"rule": "verified_email", "weight": 8.5, "sentence": "Both show it."}]
    return Link(first, second, confidence, evidence)


def groups() -> set[frozenset[str]]:
    """Return the usernames of each member."""
    members = Member.objects.filter(identities__isnull=False).distinct()
    return {frozenset(m.identities.values_list("username", flat=True)) for m in members}


def split(*names: str) -> set[frozenset[str]]:
    """Return the groups that NAMES, such as `ada+countess`, stand for."""
    return {frozenset(name.split("+")) for name in names}


def test_two_members_become_one_and_two_again(
    workspace: Workspace, alice: User, bob: User, ada: Identity, other: Identity
) -> None:
    before = list(Member.objects.order_by("pk").values())

    done = merge(alice, ada, other)
    assert groups() == split("ada+countess")
    assert Identity.objects.get(username="countess").member == ada.home_member

    unmerge(bob, done)
    assert groups() == split("ada", "countess")
    assert list(Member.objects.order_by("pk").values()) == before
    done.refresh_from_db()
    assert (done.actor, done.undone_by) == (alice, bob)


def test_a_merge_and_its_undoing_are_audited(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    done = merge(alice, ada, other)
    unmerge(alice, done)

    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor", "target_id")
    assert list(entries) == [
        ("member.merged", alice.pk, str(ada.home_member_id)),
        ("member.unmerged", alice.pk, str(ada.home_member_id)),
    ]


def test_a_chain_of_merges_parts_where_one_is_undone(
    workspace: Workspace, alice: User, ada: Identity, other: Identity, third: Identity
) -> None:
    first = merge(alice, other, third)
    merge(alice, ada, other)
    assert groups() == split("ada+countess+lovelace")

    unmerge(alice, first)

    assert groups() == split("ada+countess", "lovelace")


def test_who_is_not_in_the_workspace_merges_nothing(
    workspace: Workspace, charlie: User, alice: User, ada: Identity, other: Identity
) -> None:
    done = merge(alice, ada, other)

    with pytest.raises(WorkspaceNotFoundError):
        merge(charlie, ada, other)
    with pytest.raises(WorkspaceNotFoundError):
        unmerge(charlie, done)
    with pytest.raises(WorkspaceNotFoundError):
        member_set_locked(
            actor=charlie, workspace=workspace, member_id=ada.member_id, is_locked=True
        )
    with pytest.raises(WorkspaceNotFoundError):
        person_set_bot(actor=charlie, workspace=workspace, member_id=ada.member_id, is_bot=True)
    assert groups() == split("ada+countess")


def test_a_member_of_another_workspace_does_not_exist(
    workspace: Workspace, alice: User, ada: Identity
) -> None:
    elsewhere = make_identity(workspace=make_workspace(admin=alice))

    with pytest.raises(MemberNotFoundError):
        merge(alice, ada, elsewhere)
    with pytest.raises(MemberNotFoundError):
        merge(alice, elsewhere, ada)


def test_a_merge_of_another_workspace_does_not_exist(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    done = merge(alice, ada, other)
    elsewhere = make_workspace(admin=alice)

    with pytest.raises(MergeNotFoundError):
        people_unmerge(actor=alice, workspace=elsewhere, merge_id=done.pk)


def test_what_is_one_is_not_merged_again_nor_undone_twice(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    done = merge(alice, ada, other)

    with pytest.raises(MembersAlreadyOneError):
        merge(alice, other, ada)
    with pytest.raises(MembersAlreadyOneError):
        merge(alice, ada, ada)

    unmerge(alice, done)
    with pytest.raises(MergeNotFoundError):
        unmerge(alice, done)


@pytest.mark.parametrize("kind", [IdentityKind.BOT, IdentityKind.ORGANIZATION])
def test_a_person_is_not_merged_with_what_is_none(
    workspace: Workspace, alice: User, ada: Identity, kind: IdentityKind
) -> None:
    robot = make_identity(workspace=workspace, username="robot", kind=kind)
    twin = make_identity(workspace=workspace, username="twin", kind=kind)

    with pytest.raises(MembersNotAlikeError):
        merge(alice, ada, robot)

    merge(alice, robot, twin)
    assert groups() == split("ada", "robot+twin")


def test_a_locked_member_is_neither_merged_nor_parted_until_it_is_unlocked(
    workspace: Workspace, alice: User, ada: Identity, other: Identity, third: Identity
) -> None:
    done = merge(alice, ada, other)

    def lock(is_locked: bool) -> None:
        member_set_locked(
            actor=alice, workspace=workspace, member_id=ada.member_id, is_locked=is_locked
        )

    lock(True)
    with pytest.raises(MemberLockedError):
        merge(alice, third, ada)
    with pytest.raises(MemberLockedError):
        unmerge(alice, done)
    people_link(workspace.pk, [link(other, third)])
    assert groups() == split("ada+countess", "lovelace")

    lock(False)
    people_link(workspace.pk, [link(other, third)])
    assert groups() == split("ada+countess+lovelace")


def test_links_join_what_is_not_joined_yet_once(
    workspace: Workspace, ada: Identity, other: Identity, third: Identity
) -> None:
    links = [link(ada, other), link(other, third), link(ada, third)]

    people_link(workspace.pk, links)
    people_link(workspace.pk, links)

    assert groups() == split("ada+countess+lovelace")
    assert MemberMerge.objects.count() == 2
    assert AuditEntry.objects.filter(action="member.linked", actor=None).count() == 2


def test_an_automatic_link_that_was_undone_stays_undone_whatever_way_round(
    workspace: Workspace, alice: User, ada: Identity, other: Identity, third: Identity
) -> None:
    people_link(workspace.pk, [link(ada, other)])
    unmerge(alice, MemberMerge.objects.get())

    people_link(workspace.pk, [link(ada, other), link(other, third), link(ada, third)])

    assert groups() in (split("ada", "countess+lovelace"), split("ada+lovelace", "countess"))


def test_a_person_may_merge_what_they_parted_before(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    unmerge(alice, merge(alice, ada, other))

    merge(alice, ada, other)

    assert groups() == split("ada+countess")


def test_who_turns_out_to_be_a_bot_leaves_the_people_it_was_linked_to(
    workspace: Workspace, alice: User, ada: Identity, other: Identity, third: Identity
) -> None:
    people_link(workspace.pk, [link(ada, other), link(other, third)])
    Identity.objects.filter(pk=third.pk).update(kind=IdentityKind.BOT)

    people_unlink(workspace.pk, [third.pk])

    assert groups() == split("ada+countess", "lovelace")
    assert Member.objects.get(pk=third.home_member_id).is_bot


@pytest.fixture
def thread(source: Source, ada: Identity, other: Identity, third: Identity) -> Thread:
    """A thread of Ada's in which the second and then the third answer."""
    thread = make_thread(source=source, author=ada)
    make_message(thread=thread, author=other, occurred_at=START.replace(hour=13))
    make_message(thread=thread, author=third, occurred_at=START.replace(hour=14))
    return thread


def first_response_hour(thread: Thread) -> int | None:
    thread.refresh_from_db()
    answered_at = thread.first_response_at
    return answered_at.hour if answered_at else None


def test_the_first_response_follows_merges_and_their_undoing(
    workspace: Workspace, alice: User, thread: Thread, ada: Identity, other: Identity
) -> None:
    done = merge(alice, ada, other)
    assert first_response_hour(thread) == 14

    unmerge(alice, done)
    assert first_response_hour(thread) == 13


def test_the_first_response_follows_an_automatic_link(
    workspace: Workspace, thread: Thread, other: Identity, ada: Identity
) -> None:
    people_link(workspace.pk, [link(ada, other)])

    assert first_response_hour(thread) == 14


def test_what_a_bot_says_is_no_response(
    workspace: Workspace, alice: User, thread: Thread, other: Identity
) -> None:
    def mark(is_bot: bool) -> None:
        person_set_bot(actor=alice, workspace=workspace, member_id=other.member_id, is_bot=is_bot)

    mark(True)
    assert first_response_hour(thread) == 14

    mark(False)
    assert first_response_hour(thread) == 13


def test_the_first_response_follows_who_was_merged_into_a_bot_and_is_parted_from_it(
    workspace: Workspace, alice: User, thread: Thread, other: Identity, third: Identity
) -> None:
    elsewhere = make_thread(source=thread.source, author=thread.author)
    make_message(thread=elsewhere, author=third, occurred_at=START.replace(hour=15))
    threads_settle([elsewhere.pk])
    done = merge(alice, other, third)
    Identity.objects.filter(pk=other.pk).update(kind=IdentityKind.BOT)
    assert first_response_hour(elsewhere) == 15

    people_unlink(workspace.pk, [other.pk])
    assert first_response_hour(elsewhere) is None

    unmerge(alice, done)
    assert first_response_hour(elsewhere) == 15


def test_who_is_merged_with_others_is_not_made_a_bot(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    merge(alice, ada, other)

    with pytest.raises(MembersNotAlikeError):
        person_set_bot(actor=alice, workspace=workspace, member_id=ada.member_id, is_bot=True)


def test_first_and_last_seen_are_those_of_all_accounts(
    workspace: Workspace, alice: User, ada: Identity, other: Identity
) -> None:
    Identity.objects.filter(pk=ada.pk).update(first_seen_at=START, last_seen_at=START)
    later = START.replace(year=2027)
    Identity.objects.filter(pk=other.pk).update(first_seen_at=later, last_seen_at=later)

    done = merge(alice, ada, other)
    member = Member.objects.get(pk=ada.member_id)
    assert (member.first_seen_at, member.last_seen_at) == (START, later)

    unmerge(alice, done)
    member.refresh_from_db()
    assert (member.first_seen_at, member.last_seen_at) == (START, START)
