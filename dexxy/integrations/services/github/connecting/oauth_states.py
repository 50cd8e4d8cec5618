"""The `state` that goes to GitHub and comes back: who set out, in which session, and for what.

Only its hash is kept. It works once, for an hour, for the same person in the same session, so
nobody can be led into a flow that somebody else began.
https://www.rfc-editor.org/rfc/rfc6749#section-10.12
"""

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dexxy.accounts.selectors import Viewer, signed_in
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import OAuthState, StatePurpose

LASTS = timedelta(hours=1)
# Used and expired ones are kept for a day, to say which of the two somebody came back with.
_FORGOTTEN_AFTER = timedelta(days=1)


class StateError(DexxyError):
    """What came back does not belong to anything that this person began in this session."""

    code = "oauth_state_unknown"


class StateUsedError(StateError):
    """It has been used before."""

    code = "oauth_state_used"


class StateExpiredError(StateError):
    """It is too old."""

    code = "oauth_state_expired"


class BrowserNeededError(DexxyError):
    """The way to GitHub and back goes through a browser that is signed in here."""

    code = "browser_needed"


def state_create(
    viewer: Viewer, session_key: str | None, purpose: StatePurpose, **fields: Any
) -> tuple[str, OAuthState]:
    """Begin a way to GitHub and back. Returns the state to send along, and its row.

    Args:
        session_key: of the browser's session, or None where there is none.
        fields: of the row.

    Raises:
        UnauthenticatedError: nobody is signed in.
        BrowserNeededError: there is no session to come back to.
    """
    user = signed_in(viewer)
    if not session_key:
        raise BrowserNeededError(_("Connect GitHub in a browser in which you are signed in."))
    now = timezone.now()
    OAuthState.objects.filter(expires_at__lt=now - _FORGOTTEN_AFTER).delete()
    state = secrets.token_urlsafe(32)
    row = OAuthState.objects.create(
        state_hash=_hash_of(state),
        purpose=purpose,
        user=user,
        session_hash=_session_hash(session_key),
        expires_at=now + LASTS,
        **fields,
    )
    return state, row


def state_take(
    viewer: Viewer, session_key: str | None, state: str, purposes: list[StatePurpose]
) -> OAuthState:
    """Use up a state that came back; of two requests with the same one, one gets it.

    Raises:
        UnauthenticatedError: nobody is signed in.
        StateError: it is not this person's in this session, was used before or is too old.
    """
    user = signed_in(viewer)
    mine = OAuthState.objects.filter(
        state_hash=_hash_of(state),
        user=user,
        session_hash=_session_hash(session_key or ""),
        purpose__in=purposes,
    )
    now = timezone.now()
    if mine.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        return mine.select_related("workspace", "app").get()
    if mine.filter(used_at=None).exists():
        raise StateExpiredError(_("That took longer than an hour. Connect GitHub once more."))
    if mine.filter(~Q(used_at=None)).exists():
        raise StateUsedError(
            _(
                "This page of GitHub's was answered already. Look whether GitHub "
                "is connected, or connect it once more."
            )
        )
    raise StateError(
        _(
            "You did not begin this here, or signed out meanwhile, or used "
            "another browser. Nothing was changed. Connect GitHub once more."
        )
    )


def challenge_of(verifier: str) -> str:
    """Return what PKCE sends ahead of VERIFIER: https://www.rfc-editor.org/rfc/rfc7636"""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash_of(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _session_hash(session_key: str) -> str:
    return salted_hmac("dexxy.oauth_state", session_key, algorithm="sha256").hexdigest()
