"""Keys with which programs use the API as the person who made them."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import ApiToken, Role, TokenScope, User, Workspace
from dexxy.accounts.selectors import (
    Viewer,
    in_person,
    is_admin,
    memberships_of,
    require_membership,
    signed_in,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, DexxyError, NotFoundError
from dexxy.common.pages import PAGE, Page, page_by_key
from dexxy.common.times import check_times

PREFIX = "dxy_"
# How exactly it is known when a token was last used; each request would write a row otherwise.
_USED_AGAIN_AFTER = timedelta(minutes=1)
_LONGEST_NAME = 100
# Of one person, in all workspaces, that can still be used.
MOST_TOKENS = 50


class InvalidTokenError(DexxyError):
    """A token that was never made, has expired or was revoked; nobody can tell which."""

    code = "unauthenticated"


class ApiTokenNotFoundError(NotFoundError):
    """There is no such token, or not for this viewer."""


class ApiTokenError(BadInputError):
    """A token cannot be made like that."""


def api_tokens(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Page[ApiToken]:
    """Return the tokens of VIEWER in WORKSPACE, the newest first; for its administrators, all.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    return page_by_key(_visible(viewer, workspace), first, after)


def api_token_total(viewer: Viewer, workspace: Workspace) -> int:
    """Count what `api_tokens` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    return _visible(viewer, workspace).count()


def _visible(viewer: Viewer, workspace: Workspace) -> QuerySet[ApiToken]:
    require_membership(viewer, workspace)
    tokens = workspace.api_tokens.filter(revoked_at=None).select_related("user")
    return tokens if is_admin(viewer, workspace) else tokens.filter(user=signed_in(viewer))


@transaction.atomic
def api_token_create(
    *,
    viewer: Viewer,
    workspace: Workspace,
    name: str,
    scope: TokenScope = TokenScope.READ,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token of VIEWER for WORKSPACE. Its text is returned once and not kept.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        SessionNeededError: VIEWER came by a token.
        ApiTokenError: the name is empty, too long or no text, the time is over, or VIEWER has
            MOST_TOKENS already.
        FarTimeError: the time is too far away.
    """
    require_membership(viewer, workspace)
    user = in_person(viewer)
    name = _name_checked(name)
    if expires_at is not None and expires_at <= timezone.now():
        raise ApiTokenError(_("Let the token expire in the future."))
    check_times(expires_at)
    _require_room(user)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        workspace=workspace,
        user=user,
        name=name,
        scope=scope,
        expires_at=expires_at,
        token_hash=hashed(secret),
    )
    audit(workspace, user, "api_token.created", token, name=name, scope=scope)
    return token, secret


def _name_checked(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise ApiTokenError(
            _("Give the token a name of up to {longest_name} characters.").format(
                longest_name=_LONGEST_NAME
            )
        )
    if "\0" in name:
        raise ApiTokenError(_("The name holds a null byte."))
    return name


@transaction.atomic
def api_token_revoke(
    *, viewer: Viewer, token_id: int, workspace: Workspace | None = None
) -> ApiToken:
    """Make a token useless, from its next request on.

    Args:
        workspace: the one that the token must be for; any of VIEWER's where it is None.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        ApiTokenNotFoundError: there is none, it is revoked, or VIEWER may not see it.
    """
    user = signed_in(viewer)
    memberships = memberships_of(viewer)
    administered = memberships.filter(role=Role.ADMIN).values("workspace")
    own = Q(user=user, workspace__in=memberships.values("workspace"))
    there = Q() if workspace is None else Q(workspace=workspace)
    token = (
        ApiToken.objects.select_for_update(of=("self",))
        .select_related("workspace", "user")
        .filter(own | Q(workspace__in=administered), there, pk=token_id, revoked_at=None)
        .first()
    )
    if token is None:
        raise ApiTokenNotFoundError(_("There is no such token."))
    in_person(viewer)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at", "updated_at"])
    audit(token.workspace, user, "api_token.revoked", token, name=token.name)
    return token


def api_token_user(secret: str) -> User:
    """Return whom a token stands for, bound to what it opens.

    Raises:
        InvalidTokenError: it opens nothing, or not any more.
    """
    now = timezone.now()
    token = (
        _usable(now)
        .select_related("user", "workspace")
        .filter(token_hash=hashed(secret), user__is_active=True)
        .first()
    )
    if token is None:
        raise InvalidTokenError(_("The token is unknown, has expired or was revoked."))
    before = now - _USED_AGAIN_AFTER
    if token.last_used_at is None or token.last_used_at < before:
        unused = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=now)
    token.user.via_token = token
    return token.user


def _usable(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def _require_room(user: User) -> None:
    # Of two that are made at one moment the second waits, and counts the first.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if _usable(timezone.now()).filter(user=user).count() >= MOST_TOKENS:
        raise ApiTokenError(
            _("You have {most_tokens} tokens, which is the most: revoke one first.").format(
                most_tokens=MOST_TOKENS
            )
        )


def hashed(secret: str) -> str:
    """Return what is kept of a secret. It is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
