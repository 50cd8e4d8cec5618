"""Views that people keep: the filter and the order of a page, with a name."""

from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, SavedView, User, Workspace
from dexxy.accounts.selectors import (
    AdminOnlyError,
    Viewer,
    is_admin,
    memberships_of,
    require_membership,
    signed_in,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError

MOST_PINNED = 7
# Of one person in a workspace, and of everybody there.
MOST_VIEWS = 50
_LONGEST_NAME = 60
_LONGEST_QUERY = 2000
# Where in a list one is, and what view it is, is no part of a view.
_NOT_KEPT = {"after", "around", "before", "day", "view"}


class SavedViewNotFoundError(NotFoundError):
    """There is no such view, or it is another person's."""


class SavedViewError(BadInputError):
    """A view cannot be kept like that."""


def saved_views(
    viewer: Viewer, workspace: Workspace, page: ListPage | None = None
) -> list[SavedView]:
    """Return the views of VIEWER and those of everybody in WORKSPACE, the oldest first.

    Args:
        page: the page that they are of; any where it is None.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    of_page = Q() if page is None else Q(page=page)
    return list(_visible(viewer, workspace).filter(of_page).select_related("made_by"))


def pinned_views(viewer: Viewer, workspace: Workspace) -> list[SavedView]:
    """Return what stands beside every page of WORKSPACE, in one query: MOST_PINNED at most.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    inside = memberships_of(viewer).values("workspace")
    pinned = _visible(viewer, workspace).filter(workspace__in=inside, is_pinned=True)
    return list(pinned[:MOST_PINNED])


def saved_view(viewer: Viewer, workspace: Workspace, pk: int) -> SavedView:
    """Return one view of VIEWER's, or of everybody in WORKSPACE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        SavedViewNotFoundError: there is no such view.
    """
    require_membership(viewer, workspace)
    view = _visible(viewer, workspace).filter(pk=pk).first()
    if view is None:
        raise SavedViewNotFoundError(_("There is no such view."))
    return view


@transaction.atomic
def saved_view_save(
    *,
    viewer: Viewer,
    workspace: Workspace,
    page: ListPage,
    name: str,
    query: str,
    is_shared: bool = False,
    is_pinned: bool = False,
    view_id: int | None = None,
) -> SavedView:
    """Keep a view: a new one, or the one with the id VIEW_ID as it is to be now.

    To keep the same once more changes nothing.

    Args:
        query: that of the page's address, as `q=is%3Aopen&sort=opened`.
        is_shared: whether it is for everybody in WORKSPACE.
        is_pinned: whether it stands beside every page, for whoever has it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        SavedViewNotFoundError, AdminOnlyError: VIEWER may not see view VIEW_ID, or not change it.
        SavedViewError: the name or the query cannot be kept, or there are too many views.
    """
    require_membership(viewer, workspace)
    user = signed_in(viewer)
    # Of two that are kept at one moment the second waits, and counts the first.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    view = SavedView(workspace=workspace, made_by=user)
    if view_id is not None:
        view = _changeable(user, workspace, view_id)
    was_shared = view.pk is not None and view.is_shared
    view.owner = None if is_shared else view.owner or user
    view.page, view.name, view.query = page, _name(name), kept_query(query)
    view.is_pinned = is_pinned
    return _stored(user, view, is_audited=is_shared or was_shared)


@transaction.atomic
def saved_view_delete(*, viewer: Viewer, view_id: int) -> SavedView:
    """Delete a view, and return what it was. What it lists stays.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SavedViewNotFoundError: there is none, or it is another person's.
        AdminOnlyError: it is everybody's, somebody else made it, and VIEWER is no admin.
    """
    user = signed_in(viewer)
    inside = memberships_of(viewer).values("workspace")
    found = SavedView.objects.filter(workspace__in=inside, pk=view_id).select_related("workspace")
    view = found.first()
    if view is None:
        raise SavedViewNotFoundError(_("There is no such view."))
    view = _changeable(user, view.workspace, view_id)
    if view.is_shared:
        audit(view.workspace, user, "saved_view.deleted", view, name=view.name, page=view.page)
    view.delete()
    view.pk = view_id
    return view


def may_change(viewer: Viewer, view: SavedView) -> bool:
    """Say whether VIEWER may change or delete VIEW: it is theirs, they made it, or are an admin.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    user = signed_in(viewer)
    return user.pk in (view.owner_id, view.made_by_id) or (
        view.is_shared and is_admin(viewer, view.workspace)
    )


def kept_query(query: str) -> str:
    """Return of the query of an address what a view keeps: filters and order, in their order.

    Raises:
        SavedViewError: it is too long, or nothing that an address can hold.
    """
    if "\0" in query or "%00" in query:
        raise SavedViewError(_("The filter holds a null byte."))
    try:
        given = parse_qsl(query.lstrip("?"))
    except ValueError as error:
        raise SavedViewError(_("The filter has too many parts.")) from error
    kept = urlencode([(key, value) for key, value in given if key not in _NOT_KEPT])
    if len(kept) > _LONGEST_QUERY:
        raise SavedViewError(_("The filter is too long to be kept."))
    return kept


def _stored(user: User, view: SavedView, *, is_audited: bool) -> SavedView:
    """Store VIEW, unless it is there already, which is returned then."""
    named = _visible(user, view.workspace).filter(owner=view.owner, page=view.page, name=view.name)
    same = named.exclude(pk=view.pk).first()
    if same is not None:
        if view.pk is None and (same.query, same.is_pinned) == (view.query, view.is_pinned):
            return same
        raise SavedViewError(
            _("There is a view called %(name)s already: choose another name.") % {"name": view.name}
        )
    _require_room(user, view)
    view.save()
    if is_audited:
        details = {"name": view.name, "page": view.page}
        audit(view.workspace, user, "saved_view.saved", view, **details)
    return view


def _visible(viewer: Viewer, workspace: Workspace) -> QuerySet[SavedView]:
    own = Q(owner=signed_in(viewer)) | Q(owner=None)
    return SavedView.objects.filter(own, workspace=workspace).order_by("pk")


def _changeable(user: User, workspace: Workspace, pk: int) -> SavedView:
    view = _visible(user, workspace).select_for_update().filter(pk=pk).first()
    if view is None:
        raise SavedViewNotFoundError(_("There is no such view."))
    if not may_change(user, view):
        raise AdminOnlyError(_("Only who made the view, or an admin, can change it."))
    return view


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise SavedViewError(
            _("Give the view a name of up to %(most)s characters.") % {"most": _LONGEST_NAME}
        )
    if "\0" in name:
        raise SavedViewError(_("The name holds a null byte."))
    return name


def _require_room(user: User, view: SavedView) -> None:
    others = _visible(user, view.workspace).exclude(pk=view.pk)
    if others.filter(owner=view.owner).count() >= MOST_VIEWS:
        raise SavedViewError(
            _("There are %(most)s views, which is the most: delete one first.")
            % {"most": MOST_VIEWS}
        )
    if view.is_pinned and others.filter(is_pinned=True).count() >= MOST_PINNED:
        raise SavedViewError(
            _("%(most)s views are pinned, which is the most: unpin one first.")
            % {"most": MOST_PINNED}
        )
