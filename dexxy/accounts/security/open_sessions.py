"""Where somebody is signed in, for them to see and to end."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from dexxy.accounts.models import BrowserSession, User, Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.common.errors import NotFoundError

_LONGEST_AGENT = 300


class OpenSessionNotFoundError(NotFoundError):
    """There is no such session of the viewer's any more."""


@dataclass(frozen=True)
class OpenSession:
    """A browser in which somebody is signed in.

    Args:
        user_agent: what it says of itself, which is no proof.
        address: from where it was used last, as far as the proxies that are trusted tell.
        seen_at: when it was used last, to about five minutes.
        is_this: whether the request comes from it.
    """

    pk: int
    user_agent: str
    address: str
    begun_at: datetime
    seen_at: datetime
    is_this: bool


def session_note(digest: str, user_id: int, *, user_agent: str, address: str, begun: float) -> None:
    """Write down that a session of a user is used at this moment.

    Args:
        digest: of its key; the row of the session has it.
        begun: when it began, in seconds since 1970.
    """
    row = BrowserSession(
        session_id=digest,
        user_id=user_id,
        user_agent=user_agent.replace("\0", "")[:_LONGEST_AGENT],
        address=_address_or_none(address),
        begun_at=datetime.fromtimestamp(begun, UTC),
        seen_at=timezone.now(),
    )
    BrowserSession.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["session"],
        update_fields=["user", "user_agent", "address", "seen_at"],
    )


def open_sessions(viewer: Viewer, *, this: str) -> list[OpenSession]:
    """Return where VIEWER is signed in, the one that was used last first, but this one before.

    Args:
        this: the digest of the session that asks.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    user = in_person(viewer)
    found = BrowserSession.objects.filter(
        user=user, session__expire_date__gt=timezone.now()
    ).select_related("session")
    # Of a session from before the password was changed only the row is left: it opens nothing.
    rows = [row for row in found.order_by("-seen_at", "pk") if _opens(row.session, user)]
    rows.sort(key=lambda row: row.session_id != this)
    return [
        OpenSession(
            pk=row.pk,
            user_agent=row.user_agent,
            address=row.address or "",
            begun_at=row.begun_at,
            seen_at=row.seen_at,
            is_this=row.session_id == this,
        )
        for row in rows
    ]


def last_seen_in(viewer: Viewer, workspace: Workspace) -> dict[int, datetime]:
    """Return of the users in WORKSPACE, by their ids, when they were here last. For admins.

    Who never was is left out. It is known to about five minutes.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    users = User.objects.filter(memberships__workspace=workspace)
    found = users.values_list("pk", "last_login", Max("browser_sessions__seen_at"))
    seen = {pk: [at for at in (signed_in, used) if at] for pk, signed_in, used in found}
    return {pk: max(moments) for pk, moments in seen.items() if moments}


def session_end(*, viewer: Viewer, session_id: int) -> None:
    """Sign VIEWER out in one browser, at once.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        OpenSessionNotFoundError: it is none of theirs, or over already.
    """
    mine = BrowserSession.objects.filter(user=in_person(viewer), pk=session_id)
    digest = mine.values_list("session", flat=True).first()
    if digest is None:
        raise OpenSessionNotFoundError(_("There is no such session any more."))
    _end([digest])


def sessions_end_others(*, viewer: Viewer, this: str) -> int:
    """Sign VIEWER out everywhere but in the session with the digest THIS.

    Returns: how many sessions were ended.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    return sessions_end(in_person(viewer), but=this)


def sessions_end(user: User, *, but: str = "") -> int:
    """Sign USER out everywhere, but in the session with the digest BUT.

    Returns: how many sessions were ended.
    """
    theirs = BrowserSession.objects.filter(user=user).exclude(session=but)
    return _end(list(theirs.values_list("session", flat=True)))


@transaction.atomic
def _end(digests: Sequence[str]) -> int:
    # A request that is on its way in one of them finds nothing to save, and stores none again.
    Session.objects.filter(pk__in=digests).delete()
    BrowserSession.objects.filter(session__in=digests).delete()
    return len(digests)


def _opens(session: Session, user: User) -> bool:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    kept = str(store.decode(session.session_data).get(HASH_SESSION_KEY, ""))
    wanted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(kept, one) for one in wanted)


def _address_or_none(address: str) -> str | None:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:  # such as of a socket of the machine
        return None
