"""Which suggestions are left to decide, what a member consists of, and what a merge would show."""

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.common.pages import InvalidCursorError, encoded
from dexxy.members.merges.by_hand import member_set_locked
from dexxy.members.merges.selectors import (
    member_merges,
    member_overview,
    merge_preview,
)
from dexxy.members.merges.suggestion_answers import (
    Suggested,
    SuggestionNotFoundError,
    suggestion_reject,
    suggestion_reopen,
    suggestions_apply,
)
from dexxy.members.merges.suggestion_list import suggestion_count, suggestion_page
from dexxy.members.models import Identity, Member
from dexxy.members.who_may_see import MemberNotFoundError
from dexxy.people.merging import people_merge, people_unmerge
from tests.factories import make_identity, make_workspace

Three = tuple[Identity, Identity, Identity]


@pytest.fixture
def three(workspace: Workspace) -> Three:
    ada, countess, stranger = (
        make_identity(workspace=workspace, username=name)
        for name in ("ada", "countess", "stranger")
    )
    suggest(workspace, (ada, countess, 0.9), (ada, stranger, 0.6), (countess, stranger, 0.8))
    return ada, countess, stranger


def suggest(workspace: Workspace, *pairs: tuple[Identity, Identity, float]) -> None:
    made = [Suggested(a.home_member_id, b.home_member_id, score, []) for a, b, score in pairs]
    suggestions_apply(workspace.pk, made=made, withdrawn=[])


def shown(viewer: User, workspace: Workspace) -> list[tuple[str, str, float]]:
    return [
        (found.first.display_name, found.second.display_name, found.suggestion.score)
        for found in suggestion_page(viewer, workspace).items
    ]


def merge(actor: User, kept: Identity, merged: Identity) -> int:
    return people_merge(
        actor=actor,
        workspace=kept.workspace,
        kept_id=kept.home_member_id,
        merged_id=merged.home_member_id,
    ).pk


def test_the_most_certain_suggestion_comes_first(
    workspace: Workspace, alice: User, three: Three
) -> None:
    assert shown(alice, workspace) == [
        ("ada", "countess", 0.9),
        ("countess", "stranger", 0.8),
        ("ada", "stranger", 0.6),
    ]


def test_suggestions_go_on_page_by_page_and_are_counted_whole(
    workspace: Workspace, alice: User, three: Three
) -> None:
    fourth = make_identity(workspace=workspace, username="fourth")
    suggest(workspace, *((one, fourth, 0.8) for one in three))
    whole = [one.pk for one in suggestion_page(alice, workspace).items]

    found: list[int] = []
    after = None
    while True:
        page = suggestion_page(alice, workspace, 2, after)
        found += [one.pk for one in page.items]
        after = page.end
        if not page.has_more:
            break

    assert found == whole
    assert suggestion_count(alice, workspace) == len(whole) == 6


@pytest.mark.parametrize("plain", ["", "0.8", "nan 1", "2 1", f"0.5 {10**30}", "0.5 1 1"])
def test_a_cursor_of_suggestions_that_is_none_of_ours_is_refused(
    workspace: Workspace, alice: User, plain: str
) -> None:
    with pytest.raises(InvalidCursorError):
        suggestion_page(alice, workspace, after=encoded(plain))


def test_members_that_became_one_have_one_suggestion_with_another(
    workspace: Workspace, alice: User, three: Three
) -> None:
    done = merge(alice, three[0], three[1])
    assert shown(alice, workspace) == [("ada", "stranger", 0.8)]

    people_unmerge(actor=alice, workspace=workspace, merge_id=done)
    assert shown(alice, workspace) == [("countess", "stranger", 0.8), ("ada", "stranger", 0.6)]


def test_who_is_held_apart_is_not_suggested_whatever_they_were_merged_with(
    workspace: Workspace, alice: User, three: Three
) -> None:
    found = suggestion_page(alice, workspace).items[-1]
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=found.suggestion.pk)

    merge(alice, three[0], three[1])

    assert shown(alice, workspace) == []


def test_a_rejection_that_is_taken_back_is_suggested_again(
    workspace: Workspace, alice: User, three: Three
) -> None:
    whole = shown(alice, workspace)
    number = suggestion_page(alice, workspace).items[0].pk
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=number)

    suggestion_reopen(actor=alice, workspace=workspace, suggestion_id=number)

    assert shown(alice, workspace) == whole
    with pytest.raises(SuggestionNotFoundError):
        suggestion_reopen(actor=alice, workspace=workspace, suggestion_id=number)


def test_a_locked_member_is_not_suggested(workspace: Workspace, alice: User, three: Three) -> None:
    member_set_locked(
        actor=alice, workspace=workspace, member_id=three[0].member_id, is_locked=True
    )

    assert shown(alice, workspace) == [("countess", "stranger", 0.8)]


def test_a_member_names_the_merges_it_consists_of(
    workspace: Workspace, alice: User, three: Three
) -> None:
    done = merge(alice, three[0], three[1])

    (found,) = member_merges(alice, workspace, three[0].member_id)

    assert (found.pk, found.actor) == (done, alice)
    assert found.evidence[0]["rule"] == "by_hand"
    assert member_merges(alice, workspace, three[2].member_id) == []


def test_the_preview_of_a_merge_is_what_is_shown_after_it(
    workspace: Workspace, alice: User, three: Three
) -> None:
    ada, countess, _ = (identity.home_member_id for identity in three)
    Member.objects.filter(pk=countess).update(company="Engines", tags=["vip"])

    before = merge_preview(alice, workspace, kept_id=ada, merged_id=countess)
    merge(alice, three[0], three[1])

    assert member_overview(alice, workspace, ada).profile == before.profile
    assert before.profile.fields["company"].value == "Engines"
    assert before.profile.fields["display_name"].others == [(countess, "countess")]
    with pytest.raises(MemberNotFoundError):
        member_overview(alice, workspace, countess)


def test_who_is_not_in_the_workspace_sees_nothing(
    workspace: Workspace, charlie: User, three: Three
) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        suggestion_page(charlie, workspace)
    with pytest.raises(WorkspaceNotFoundError):
        suggestion_count(charlie, workspace)
    with pytest.raises(WorkspaceNotFoundError):
        member_merges(charlie, workspace, three[0].member_id)
    with pytest.raises(WorkspaceNotFoundError):
        member_overview(charlie, workspace, three[0].member_id)
    with pytest.raises(WorkspaceNotFoundError):
        merge_preview(charlie, workspace, kept_id=three[0].member_id, merged_id=three[1].member_id)


def test_a_member_of_another_workspace_is_not_previewed(
    workspace: Workspace, alice: User, three: Three
) -> None:
    elsewhere = make_identity(workspace=make_workspace(admin=alice))

    with pytest.raises(MemberNotFoundError):
        merge_preview(alice, workspace, kept_id=three[0].member_id, merged_id=elsewhere.member_id)
