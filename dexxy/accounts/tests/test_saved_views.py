import pytest
from django.contrib.auth.models import AnonymousUser

from dexxy.accounts.models import AuditEntry, ListPage, SavedView, User, Workspace
from dexxy.accounts.saved_views import (
    MOST_PINNED,
    MOST_VIEWS,
    SavedViewError,
    SavedViewNotFoundError,
    kept_query,
    pinned_views,
    saved_view_delete,
    saved_view_save,
    saved_views,
)
from dexxy.accounts.selectors import AdminOnlyError, UnauthenticatedError, WorkspaceNotFoundError
from tests.factories import make_workspace


def keep(viewer: User, workspace: Workspace, name: str = "Bugs", **given: object) -> SavedView:
    fields = {"page": ListPage.THREADS, "query": "label=bug", **given}
    return saved_view_save(viewer=viewer, workspace=workspace, name=name, **fields)  # type: ignore[arg-type]


def names(viewer: User, workspace: Workspace) -> list[str]:
    return [view.name for view in saved_views(viewer, workspace)]


def test_a_view_is_its_owners_alone_and_a_shared_one_everybodys(
    alice: User, bob: User, workspace: Workspace
) -> None:
    keep(alice, workspace, "Mine")
    keep(alice, workspace, "Ours", is_shared=True)

    assert names(alice, workspace) == ["Mine", "Ours"]
    assert names(bob, workspace) == ["Ours"]
    assert [entry.action for entry in AuditEntry.objects.all()] == ["saved_view.saved"]


def test_the_views_of_one_page_are_asked_for(bob: User, workspace: Workspace) -> None:
    keep(bob, workspace, page=ListPage.PEOPLE)
    keep(bob, workspace)

    assert [view.page for view in saved_views(bob, workspace, ListPage.PEOPLE)] == ["people"]


def test_to_keep_the_same_twice_keeps_one_and_another_of_that_name_is_refused(
    bob: User, workspace: Workspace
) -> None:
    first = keep(bob, workspace)

    assert keep(bob, workspace) == first
    with pytest.raises(SavedViewError, match="There is a view called Bugs already"):
        keep(bob, workspace, query="label=other")
    assert SavedView.objects.count() == 1


def test_a_view_keeps_filters_and_order_but_not_the_place_in_the_list() -> None:
    assert kept_query("?q=is%3Aopen&after=abc&day=2026-01-01&view=3&sort=opened&label=") == (
        "q=is%3Aopen&sort=opened"
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": " "}, "Give the view a name of up to 60 characters."),
        ({"name": "x" * 61}, "Give the view a name of up to 60 characters."),
        ({"name": "a\0b"}, "The name holds a null byte."),
        ({"query": "q=a\0b"}, "The filter holds a null byte."),
        ({"query": "q=a%00b"}, "The filter holds a null byte."),
        ({"query": "q=" + "x" * 2000}, "The filter is too long to be kept."),
        ({"query": "&".join(["q=1"] * 2000)}, "The filter is too long to be kept."),
    ],
)
def test_what_cannot_be_kept_is_refused(
    bob: User, workspace: Workspace, given: dict[str, str], says: str
) -> None:
    with pytest.raises(SavedViewError, match=says):
        keep(bob, workspace, **given)
    assert not SavedView.objects.exists()


def test_what_is_everybodys_is_changed_by_who_made_it_and_by_admins(
    alice: User, bob: User, workspace: Workspace
) -> None:
    hers = keep(alice, workspace, "Hers", is_shared=True)
    his = keep(bob, workspace, "His", is_shared=True)

    with pytest.raises(AdminOnlyError):
        keep(bob, workspace, "Taken", view_id=hers.pk)
    with pytest.raises(AdminOnlyError):
        saved_view_delete(viewer=bob, view_id=hers.pk)
    keep(alice, workspace, "Renamed", is_shared=True, view_id=his.pk)

    assert names(bob, workspace) == ["Hers", "Renamed"]


def test_a_view_of_another_person_is_like_one_that_never_was(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    his = keep(bob, workspace)
    shared = keep(bob, workspace, "Ours", is_shared=True)

    for viewer, pk in ((alice, his.pk), (charlie, shared.pk), (bob, 10**18)):
        with pytest.raises(SavedViewNotFoundError):
            saved_view_delete(viewer=viewer, view_id=pk)
    with pytest.raises(SavedViewNotFoundError):
        keep(bob, workspace, view_id=10**18)


def test_nobody_outside_keeps_or_sees_views(bob: User, charlie: User, workspace: Workspace) -> None:
    keep(bob, workspace, is_shared=True, is_pinned=True)

    for viewer, error in (
        (charlie, WorkspaceNotFoundError),
        (AnonymousUser(), UnauthenticatedError),
    ):
        with pytest.raises(error):
            saved_views(viewer, workspace)
        with pytest.raises(error):
            keep(viewer, workspace)  # type: ignore[arg-type]
    assert pinned_views(charlie, workspace) == []


def test_no_more_are_pinned_than_there_is_place_for(
    bob: User, alice: User, workspace: Workspace
) -> None:
    for number in range(MOST_PINNED):
        keep(bob, workspace, str(number), is_pinned=True)

    with pytest.raises(SavedViewError, match="7 views are pinned"):
        keep(bob, workspace, "One more", is_pinned=True)

    keep(alice, workspace, "Hers", is_pinned=True)
    assert [view.name for view in pinned_views(bob, workspace)] == list("0123456")
    assert [view.name for view in pinned_views(alice, workspace)] == ["Hers"]


def test_no_more_are_kept_than_anybody_reads(bob: User, workspace: Workspace) -> None:
    SavedView.objects.bulk_create(
        SavedView(workspace=workspace, owner=bob, page="feed", name=str(number))
        for number in range(MOST_VIEWS)
    )

    with pytest.raises(SavedViewError, match="There are 50 views"):
        keep(bob, workspace)
    keep(bob, workspace, is_shared=True)


def test_what_becomes_everybodys_belongs_to_nobody_and_back(
    bob: User, workspace: Workspace
) -> None:
    view = keep(bob, workspace)

    shared = keep(bob, workspace, is_shared=True, view_id=view.pk)
    assert (shared.pk, shared.owner, shared.made_by) == (view.pk, None, bob)
    assert keep(bob, workspace, view_id=view.pk).owner == bob


def test_a_view_is_of_one_workspace(bob: User, workspace: Workspace) -> None:
    other = make_workspace(member=bob)
    view = keep(bob, other)

    with pytest.raises(SavedViewNotFoundError):
        keep(bob, workspace, "Moved", view_id=view.pk)
