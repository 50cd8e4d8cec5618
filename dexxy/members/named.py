"""Find the accounts of people by what somebody calls them."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.errors import BadInputError
from dexxy.common.pages import LARGEST_PAGE
from dexxy.common.sql import fetch_all
from dexxy.members.directory import MemberFilters, member_list, works_at
from dexxy.members.models import Identity, Member

# So much of a name is in an index, as `models.py` says.
_BEGINNING = 100
_ACCOUNTS = """
FROM members_identity i JOIN members_member home ON home.id = i.home_member_id
WHERE i.workspace_id = %(workspace)s
"""
# Who is called so, by whatever account; and by which of their names. Indexes have the beginnings of
# names: each way is one look into one of them, and a condition on all three would be a scan.
_EXACTLY = f"""
SELECT i.member_id, lower(i.username), lower(i.name), lower(home.display_name) {_ACCOUNTS}
  AND i.id = ANY(ARRAY(
    SELECT id FROM members_identity
    WHERE workspace_id = %(workspace)s AND left(lower(username), 100) = ANY(%(beginnings)s)
    UNION ALL
    SELECT id FROM members_identity
    WHERE workspace_id = %(workspace)s AND left(lower(name), 100) = ANY(%(beginnings)s)
      AND name <> ''
    UNION ALL
    SELECT found.id FROM members_member p JOIN members_identity found ON found.home_member_id = p.id
    WHERE p.workspace_id = %(workspace)s AND left(lower(p.display_name), 100) = ANY(%(beginnings)s)
  ))
  AND (lower(i.username) = ANY(%(names)s) OR lower(i.name) = ANY(%(names)s)
       OR lower(home.display_name) = ANY(%(names)s))
"""
_PARTLY = f"""
SELECT DISTINCT i.member_id {_ACCOUNTS}
  AND (i.username ILIKE ANY(%(parts)s) OR i.name ILIKE ANY(%(parts)s)
       OR home.display_name ILIKE ANY(%(parts)s))
"""


class UnclearNameError(BadInputError):
    """It is not clear who is meant by a name."""


def accounts_called(workspace: Workspace, names: Sequence[str]) -> set[int]:
    """Return the ids of all accounts of everybody in WORKSPACE with one of NAMES.

    A name is a login or a full name, in capital or small letters. Where nobody has it, whoever has
    it as a part of theirs is meant.
    """
    wanted = {name.lower().removeprefix("@") for name in names} - {""}
    exactly = _exactly_called(workspace, wanted)
    members = {member for member, *_ in exactly}
    parts = wanted - {called for _, *names_of in exactly for called in names_of}
    if parts:
        patterns = [f"%{_escaped(part)}%" for part in parts]
        partly = fetch_all(_PARTLY, {"workspace": workspace.pk, "parts": patterns})
        members |= {member for (member,) in partly}
    return accounts_of(workspace, members)


def members_exactly_called(workspace: Workspace, name: str) -> list[Member]:
    """Return the members of WORKSPACE with a login or a full name NAME, up to two.

    Whoever calls this has asked for the viewer.
    """
    found = _exactly_called(workspace, {name.lower().removeprefix("@")}) if name else []
    members = {member for member, *_ in found}
    return list(workspace.members.filter(pk__in=members, erased_at=None).order_by("pk")[:2])


def member_named(viewer: Viewer, workspace: Workspace, typed: str) -> Member:
    """Return the one member who is meant by what somebody TYPED: a login, a name or a part of it.

    Who has it as the whole of their login or name goes before who has it as a part.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        UnclearNameError: nothing was typed, or it is nobody's name, or that of several.
        MemberFilterError, TooSlowError: as `member_list`.
    """
    name = typed.strip().lstrip("@")
    if not name:
        raise UnclearNameError(_("Write the login or the name of somebody."))
    found = member_list(viewer, workspace, MemberFilters(search=name), first=LARGEST_PAGE).items
    logins = Identity.objects.filter(member__in=found, username__iexact=name)
    by_login = set(logins.values_list("member", flat=True))
    exact = [
        one for one in found if one.pk in by_login or one.display_name.casefold() == name.casefold()
    ]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0]
    if found:
        raise UnclearNameError(
            _("{n} people match {name}. Write the whole login.").format(n=len(found), name=name)
        )
    raise UnclearNameError(_("Nobody here is called {name}.").format(name=name))


def _exactly_called(workspace: Workspace, names: Collection[str]) -> list[tuple[Any, ...]]:
    """Return who has one of NAMES, in small letters, with all names of that account."""
    params = {"names": list(names), "beginnings": [name[:_BEGINNING] for name in names]}
    return fetch_all(_EXACTLY, {"workspace": workspace.pk, **params})


def accounts_at(workspace: Workspace, organizations: Iterable[str]) -> set[int]:
    """Return the ids of all accounts of those who work at one of ORGANIZATIONS, as they say."""
    condition = Q()
    for organization in organizations:
        condition |= works_at(organization)
    there = Identity.objects.filter(condition, workspace=workspace).values_list("member", flat=True)
    return accounts_of(workspace, set(there)) if condition else set()


def accounts_new(workspace: Workspace, since: datetime) -> set[int]:
    """Return the ids of all accounts of people who were first seen from SINCE on; no bots."""
    new = {"member__first_seen_at__gte": since, "member__is_bot": False}
    accounts = Identity.objects.filter(workspace=workspace, **new)
    return set(accounts.values_list("pk", flat=True))


def accounts_of(workspace: Workspace, members: Collection[int]) -> set[int]:
    """Return the ids of all accounts of MEMBERS, given by their ids."""
    accounts = Identity.objects.filter(workspace=workspace, member__in=list(members))
    return set(accounts.values_list("pk", flat=True))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
