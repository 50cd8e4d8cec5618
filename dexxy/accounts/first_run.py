"""What somebody who begins with Dexxy does first: an account of their own, and a workspace."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import address_given, address_prove, user_store
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import (
    AdminOnlyError,
    Viewer,
    in_person,
    is_admin,
    require_admin,
    workspaces_administered,
)
from dexxy.accounts.services import (
    FIRST_ADMIN_EMAIL,
    audit,
    workspace_create,
    workspace_update,
)
from dexxy.common.errors import BadInputError


class AccountError(BadInputError):
    """An account cannot be completed like that."""


class AccountCompleteError(BadInputError):
    """The account has an address already: it is changed elsewhere."""


def account_is_unfinished(user: User) -> bool:
    """Say whether USER is the account that Dexxy made by itself and nobody has completed."""
    return user.email == FIRST_ADMIN_EMAIL


@transaction.atomic
def account_complete(*, viewer: Viewer, name: str, email: str, password: str) -> User:
    """Give the account that Dexxy made by itself a person's name, address and password.

    Whoever has the link that was printed runs this Dexxy, and their word proves the address.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        AccountCompleteError: VIEWER is another account, or was completed before.
        AccountError: NAME, EMAIL or PASSWORD cannot be used.
        AddressTakenError: there is an account with EMAIL.
    """
    user = User.objects.select_for_update().get(pk=in_person(viewer).pk)
    if not account_is_unfinished(user):
        raise AccountCompleteError(_("Your account is complete."))
    if any("\0" in given for given in (name, email, password)):
        raise AccountError(_("A field holds a null byte."))
    user.name = name.strip()
    if not user.name:
        raise AccountError(_("Write your name: others see it beside what you do."))
    try:
        user.email = address_given(email.strip())
        user.clean_fields(exclude={"password"})
        validate_password(password, user)
    except ValidationError as error:
        raise AccountError(" ".join(error.messages)) from error
    user.set_password(password)
    user_store(user)
    address_prove(user)
    return user


def may_create_workspace(viewer: Viewer) -> bool:
    """Say whether VIEWER may make a workspace: who runs this Dexxy, or administers one.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    mine = workspaces_administered(viewer)
    return bool(mine) or (isinstance(viewer, User) and viewer.is_superuser)


@transaction.atomic
def workspace_begin(
    *, viewer: Viewer, name: str, slug: str = "", time_zone: str | None = None
) -> Workspace:
    """Make a workspace that VIEWER administers, as `workspace_create` does.

    Args:
        slug: as of `workspace_create`.
        time_zone: whose days and weeks are counted, as of `workspace_update`.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        AdminOnlyError: VIEWER may not make one.
        WorkspaceError, WorkspaceExistsError: as `workspace_create`.
        ChoiceError: there is no such time zone.
    """
    if not may_create_workspace(viewer):
        raise AdminOnlyError(
            _("Only who runs this Dexxy or administers a workspace may make another one.")
        )
    made = workspace_create(name=name, slug=slug, admin=in_person(viewer))
    return workspace_update(viewer=viewer, workspace=made, time_zone=time_zone)


def first_run_is_on(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether VIEWER is to be led through the first run of WORKSPACE: an admin, until it ends.

    It costs a workspace that is set up no query.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    return not workspace.is_set_up and is_admin(viewer, workspace)


@transaction.atomic
def set_up_end(*, viewer: Viewer, workspace: Workspace) -> None:
    """Remind the admins of WORKSPACE no more of what is left of the first run. For admins.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    actor = require_admin(viewer, workspace)
    if Workspace.objects.filter(pk=workspace.pk, is_set_up=False).update(is_set_up=True):
        audit(workspace, actor, "workspace.set_up", workspace)
