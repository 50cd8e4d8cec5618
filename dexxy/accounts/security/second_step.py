"""The second step of signing in, and passkeys: what somebody has of them, and what changes it.

allauth keeps them and checks what browsers answer. That it is really them who asks for a change,
by a fresh sign-in, is for the page to find out: only it has the session.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.security.codes import app_kept, counter_of
from dexxy.accounts.security.open_sessions import sessions_end
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.accounts.services import audit_of_user
from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.errors import BadInputError, NotFoundError

MOST_PASSKEYS = 20
LONGEST_NAME = 60
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecondStepError(BadInputError):
    """It cannot be added or changed like that."""


class PasskeyNotFoundError(NotFoundError):
    """The viewer has no such passkey."""


@dataclass(frozen=True)
class Passkey:
    """A key that a device keeps, with the name that its owner gave it."""

    pk: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class SecondStep:
    """What somebody can sign in with beside their password.

    Args:
        app_since: when they added an authenticator app; None where they have none.
        codes_left: recovery codes that are not spent; None where there are none, or where nobody
            can read them.
    """

    app_since: datetime | None = None
    passkeys: Sequence[Passkey] = field(default_factory=list)
    codes_left: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether signing in takes a second step."""
        return self.app_since is not None or bool(self.passkeys)


def second_step_of(viewer: Viewer) -> SecondStep:
    """Return what VIEWER has.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    app_since, passkeys, codes_left = None, [], None
    for one in Authenticator.objects.filter(user=in_person(viewer)).order_by("pk"):
        if one.type == Authenticator.Type.TOTP:
            app_since = one.created_at
        elif one.type == Authenticator.Type.WEBAUTHN:
            passkeys.append(Passkey(one.pk, one.data["name"], one.created_at, one.last_used_at))
        else:
            codes_left = _codes_left(one)
    return SecondStep(app_since, passkeys, codes_left)


def second_steps_in(viewer: Viewer, workspace: Workspace) -> set[int]:
    """Return the ids of the users in WORKSPACE who sign in with a second step. For admins.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    theirs = Authenticator.objects.filter(user__memberships__workspace=workspace, type__in=STEPS)
    return set(theirs.values_list("user", flat=True))


def app_secret_make() -> str:
    """Return a new secret for an authenticator app. Nothing is stored: `app_add` does that."""
    return str(generate_totp_secret())


def app_address(user: User, secret: str) -> str:
    """Return what an authenticator app reads from a picture."""
    return str(get_adapter().build_totp_url(user, secret))


def app_picture(address: str) -> str:
    """Return ADDRESS as a QR code, in SVG."""
    return str(get_adapter().build_totp_svg(address))


@transaction.atomic
def app_add(*, viewer: Viewer, secret: str, code: str) -> list[str]:
    """Let VIEWER sign in with a code of an authenticator app as the second step.

    Args:
        secret: of `app_secret_make`, which the app has got.
        code: what the app shows, as proof that it has.

    Returns: recovery codes, where they are new; they are shown once.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        SecondStepError: CODE is not right, or they have an app already.
    """
    user = _locked(viewer)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        raise SecondStepError(_("You have an authenticator app already: remove it first."))
    counter = counter_of(secret, "".join(code.split()))
    if counter is None:
        raise SecondStepError(
            _(
                "This code is not right. Type the one that the app shows now, and look whether its "
                "clock is right."
            )
        )
    app_kept(user, secret, counter)
    audit_of_user(user, user, "user.second_step_added", what="app")
    return _codes_if_new(user)


@transaction.atomic
def app_remove(*, viewer: Viewer) -> None:
    """Let VIEWER sign in without an authenticator app.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    user = _locked(viewer)
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    if app.delete()[0]:
        audit_of_user(user, user, "user.second_step_removed", what="app")
        _tidy(user)


@transaction.atomic
def recovery_codes_make(*, viewer: Viewer) -> list[str]:
    """Make new recovery codes for VIEWER; the old ones work no more. They are shown once.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        SecondStepError: there is nothing that they could stand in for.
    """
    user = _locked(viewer)
    if not Authenticator.objects.filter(user=user, type__in=STEPS).exists():
        raise SecondStepError(_("Add an authenticator app or a passkey first."))
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    audit_of_user(user, user, "user.recovery_codes_made")
    return _codes_if_new(user)


def passkey_options(viewer: Viewer) -> dict[str, Any]:
    """Return what a browser needs to make a passkey. The challenge is kept in the session.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    # Imported here: most processes have nothing to do with passkeys.
    from dexxy.accounts.security.passkeys import make_begin

    return make_begin(in_person(viewer))


@transaction.atomic
def passkey_add(*, viewer: Viewer, name: str, answer: Any) -> list[str]:
    """Let VIEWER sign in with a passkey that their browser has made.

    Args:
        answer: what the browser said, as `PublicKeyCredential.toJSON` writes it.

    Returns: recovery codes, where they are new; they are shown once.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        SecondStepError: NAME is too long, ANSWER is none to what was asked, or they have too many.
    """
    from dexxy.accounts.security.passkeys import PasskeyRefusedError, make_checked, passkey_kept

    user, name = _locked(viewer), _named(name)
    theirs = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    count = theirs.count()
    if count >= MOST_PASSKEYS:
        raise SecondStepError(
            _("You have {most} passkeys: remove one first.").format(most=MOST_PASSKEYS)
        )
    try:
        is_verified = make_checked(user, answer)
    except PasskeyRefusedError as error:
        raise SecondStepError(
            _("The browser's answer does not fit what was asked. Begin once more.")
        ) from error
    if not is_verified:
        raise SecondStepError(
            _("The device did not check that it is you. Set a PIN or a fingerprint on it first.")
        )
    name = name or _("Passkey {number}").format(number=count + 1)
    passkey_kept(user, name, answer)
    audit_of_user(user, user, "user.second_step_added", what="passkey", name=name)
    return _codes_if_new(user)


@transaction.atomic
def passkey_rename(*, viewer: Viewer, passkey_id: int, name: str) -> None:
    """Give a passkey of VIEWER's another name.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        PasskeyNotFoundError: it is none of theirs.
        SecondStepError: NAME is empty or too long.
    """
    name = _named(name)
    if not name:
        raise SecondStepError(_("Write a name."))
    kept = _passkey(_locked(viewer), passkey_id)
    kept.data["name"] = name
    kept.save(update_fields=["data"])


@transaction.atomic
def passkey_remove(*, viewer: Viewer, passkey_id: int) -> None:
    """Let a passkey of VIEWER's open nothing any more.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        PasskeyNotFoundError: it is none of theirs.
    """
    user = _locked(viewer)
    kept = _passkey(user, passkey_id)
    audit_of_user(user, user, "user.second_step_removed", what="passkey", name=kept.data["name"])
    kept.delete()
    _tidy(user)


@transaction.atomic
def second_step_reset(user: User, *, actor: User | None = None) -> None:
    """Remove the app, passkeys and codes of USER, who lost them, and sign them out everywhere.

    Its caller has asked whether ACTOR may.

    Args:
        actor: who does that; None for whoever runs this Dexxy.
    """
    if Authenticator.objects.filter(user=user).delete()[0]:
        audit_of_user(user, actor, "user.second_step_reset")
    sessions_end(user)


def _locked(viewer: Viewer) -> User:
    # Of two requests at one moment the second sees what the first has done.
    return User.objects.select_for_update(no_key=True).get(pk=in_person(viewer).pk)


def _passkey(user: User, pk: int) -> Authenticator:
    theirs = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN, pk=pk)
    found = theirs.first()
    if found is None:
        raise PasskeyNotFoundError(_("There is no such passkey."))
    return found


def _named(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or "\0" in name:
        raise SecondStepError(_("A name has up to {most} characters.").format(most=LONGEST_NAME))
    return name


def _codes_if_new(user: User) -> list[str]:
    theirs = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return [] if theirs.exists() else list(RecoveryCodes.activate(user).generate_codes())


def _codes_left(kept: Authenticator) -> int | None:
    try:
        return len(RecoveryCodes(kept).get_unused_codes())
    except UndecryptableSecretError:  # the doctor says so
        return None


def _tidy(user: User) -> None:
    """Remove recovery codes that stand in for nothing any more."""
    theirs = Authenticator.objects.filter(user=user)
    if not theirs.filter(type__in=STEPS).exists():
        theirs.delete()
