"""What changes users and workspaces."""

from typing import Any

from anyascii import anyascii
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import address_compared, address_given, address_prove, user_store
from dexxy.accounts.models import AuditEntry, FormerAddress, Membership, Role, User, Workspace
from dexxy.accounts.reader import language_known, name_checked, zone_known
from dexxy.accounts.selectors import Viewer, first_operator, require_admin, workspace_called
from dexxy.common.databases.replica import WRITTEN_NOW, is_configured
from dexxy.common.errors import BadInputError
from dexxy.common.sql import fetch_all

FIRST_ADMIN_EMAIL = "admin@localhost"
# As long as the field; a number may follow what a name suggests.
LONGEST_SLUG = 63
_LONGEST_ROOT = LONGEST_SLUG - 4
_LAST_WRITE = f"""
UPDATE accounts_user SET last_write = {WRITTEN_NOW} WHERE id = %(id)s RETURNING last_write
"""  # noqa: S608


VISITOR = "visitor@localhost"


class UserError(BadInputError):
    """Nobody can be given an account like that."""


# Days after which a wait is late, at most.
LONGEST_WAIT = 365


class WorkspaceError(BadInputError):
    """A workspace cannot be called like that."""


class WorkspaceExistsError(BadInputError):
    """Another workspace has the slug."""


@transaction.atomic
def first_admin_ensure(*, workspace: str = "default", is_set_up: bool = True) -> User:
    """Return the first administrator, made together with a workspace where there is none.

    Args:
        workspace: the slug of that workspace.
        is_set_up: whether nobody needs to be led through the first run of a new one.
    """
    user = first_operator()
    if user is None:
        user = User.objects.create_superuser(FIRST_ADMIN_EMAIL, name="Administrator")
        address_prove(user)
    if not user.memberships.exists():
        made = workspace_ensure(slug=workspace, admin=user)
        if not is_set_up:
            made.is_set_up = False
            made.save(update_fields=["is_set_up"])
    return user


@transaction.atomic
def workspace_ensure(*, slug: str, admin: User) -> Workspace:
    """Return the workspace that is or was called SLUG; where there is none, make it for ADMIN."""
    known = workspace_called(slug)
    if known is not None:
        return known
    workspace, is_new = Workspace.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " ").capitalize()}
    )
    if is_new:
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
    return workspace


@transaction.atomic
def visitor_ensure(workspace: Workspace) -> User:
    """Return whom everybody is who comes to the public demo: a member of WORKSPACE."""
    visitor, is_new = User.objects.get_or_create(
        email=VISITOR, defaults={"name": "Visitor", "time_zone": "UTC"}
    )
    if is_new:
        visitor.set_unusable_password()
        visitor.save()
    Membership.objects.get_or_create(workspace=workspace, user=visitor)
    return visitor


def visitor_of_demo() -> User | None:
    """Return whom everybody is who comes to the public demo; None until it is ready."""
    visitor = User.objects.filter(email=VISITOR, is_active=True, is_staff=False).first()
    if visitor is not None:
        visitor.is_shared = True
    return visitor


def user_create(
    *,
    email: str,
    name: str = "",
    is_operator: bool = False,
    workspace: Workspace | None = None,
    role: Role = Role.MEMBER,
) -> User:
    """Make an account for whoever runs this Dexxy, whose word proves the address.

    It has no password: its owner comes in by a link, and sets one.

    Args:
        is_operator: whether they may run this Dexxy, too: its administration, its doctor.
        workspace: the one that they are in from the start, with ROLE; none where it is None.

    Raises:
        UserError: EMAIL is no address, or NAME is too long.
        AddressTakenError: there is an account with EMAIL.
    """
    user = User(email=address_compared(email.strip()), name=name.strip())
    user.is_staff = user.is_superuser = is_operator
    user.set_unusable_password()
    try:
        address_given(email.strip())
        user.clean_fields()
    except ValidationError as error:
        raise UserError(f"{user.email or 'Nothing'}: {' '.join(error.messages)}") from error
    user_store(user)
    address_prove(user)
    if workspace is not None:
        membership = Membership.objects.create(workspace=workspace, user=user, role=role)
        audit(workspace, None, "membership.added", membership, user=user.email, role=role)
    return user


@transaction.atomic
def workspace_create(*, name: str, slug: str = "", admin: User) -> Workspace:
    """Make a workspace with ADMIN as its administrator, whose first run begins.

    Args:
        slug: what it is called in addresses: letters, digits and hyphens; of '', what its name
            suggests in Latin letters, with a number where that is taken.

    Raises:
        WorkspaceError: NAME or SLUG cannot be used.
        WorkspaceExistsError: there is one with SLUG.
    """
    name = name.strip()
    slug = slug or _free_slug(name)
    workspace = Workspace(name=name, slug=slug)
    try:
        workspace.clean_fields()
    except ValidationError as error:
        raise WorkspaceError(f"{name}: {' '.join(error.messages)}") from error
    _require_free(slug)
    begun = {"name": name, "is_set_up": False}
    known, is_new = Workspace.objects.get_or_create(slug=slug, defaults=begun)
    if not is_new:
        raise _taken(slug)
    Membership.objects.create(workspace=known, user=admin, role=Role.ADMIN)
    audit(known, None, "workspace.created", known, admin=admin.email)
    return known


@transaction.atomic
def workspace_update(
    *,
    viewer: Viewer,
    workspace: Workspace,
    name: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
    slug: str | None = None,
    attention_after: int | None = None,
    late_after: int | None = None,
) -> Workspace:
    """Change how a workspace is set up; what is None stays. For admins.

    What it was called in addresses before leads on, and stays its own.

    Args:
        time_zone: one of `zone_names`: whose days and weeks are counted.
        attention_after, late_after: after how many days a wait is to be seen to, and is late.
        language: one of `language_codes`, or '' for what each reader's browser asks for.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        WorkspaceError, ChoiceError: it cannot be set up like that.
        WorkspaceExistsError: another one has or had SLUG.
    """
    return operator_workspace_update(
        actor=require_admin(viewer, workspace),
        workspace=workspace,
        name=name,
        time_zone=time_zone,
        language=language,
        slug=slug,
        attention_after=attention_after,
        late_after=late_after,
    )


@transaction.atomic
def operator_workspace_update(
    *,
    actor: User,
    workspace: Workspace,
    attention_after: int | None = None,
    late_after: int | None = None,
    **texts: str | None,
) -> Workspace:
    """Change how a workspace is set up, for who runs this Dexxy: the caller asked whether they do.

    Args:
        attention_after, late_after: as of `workspace_update`.
        texts: its `name`, `time_zone`, `language` and `slug`.

    Raises:
        WorkspaceError, ChoiceError, WorkspaceExistsError: as `workspace_update`.
    """
    stored = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    wanted = _checked(**texts)
    wanted |= {"attention_after": attention_after, "late_after": late_after}
    before = stored.slug
    changed = _changed(stored, wanted)
    if "slug" in changed:
        _readdress(stored, before)
    if changed:
        stored.save(update_fields=[*changed, "updated_at"])
        audit(stored, actor, "workspace.updated", stored, **changed)
    return stored


def _checked(**texts: str | None) -> dict[str, str | int | None]:
    """Return how a workspace is called and whose days and language it has, as they are stored.

    Raises:
        WorkspaceError, ChoiceError: one of them cannot be.
    """
    checks = {
        "name": name_checked,
        "time_zone": zone_known,
        "language": language_known,
        "slug": str.strip,
    }
    return {field: text if text is None else checks[field](text) for field, text in texts.items()}


def _changed(workspace: Workspace, wanted: dict[str, str | int | None]) -> dict[str, str | int]:
    """Set what is WANTED of a workspace and not None, and return what was another value before.

    Raises:
        WorkspaceError: a field cannot hold it.
    """
    given = {field: value for field, value in wanted.items() if value is not None}
    changed = {field: value for field, value in given.items() if value != getattr(workspace, field)}
    for field, value in changed.items():
        setattr(workspace, field, value)
    if not 1 <= workspace.attention_after < workspace.late_after <= LONGEST_WAIT:
        raise WorkspaceError(
            _(
                "A wait is to be seen to after a day or more, and late after more, up to {n}."
            ).format(n=LONGEST_WAIT)
        )
    try:
        workspace.clean_fields()
    except ValidationError as error:
        raise WorkspaceError(" ".join(error.messages)) from error
    return changed


def _readdress(workspace: Workspace, before: str) -> None:
    """Keep what WORKSPACE was called for it alone, and take back what it was called once."""
    _require_free(workspace.slug, but=workspace)
    FormerAddress.objects.filter(workspace=workspace, slug=workspace.slug).delete()
    FormerAddress.objects.update_or_create(slug=before, defaults={"workspace": workspace})


def _free_slug(name: str) -> str:
    root = slugify(anyascii(name))[:_LONGEST_ROOT].strip("-_") or "workspace"
    taken = {
        slug
        for every in (Workspace.objects, FormerAddress.objects)
        for slug in every.filter(slug__startswith=root).values_list("slug", flat=True)
    }
    numbered = (f"{root}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (root, *numbered) if one not in taken)


def _require_free(slug: str, but: Workspace | None = None) -> None:
    """Refuse a slug that another workspace has or had.

    Raises:
        WorkspaceExistsError: one has, or had it.
    """
    found = workspace_called(slug)
    if found is not None and found != but:
        raise _taken(slug)


def _taken(slug: str) -> WorkspaceExistsError:
    return WorkspaceExistsError(
        _("There is a workspace {slug} already: choose another slug.").format(slug=slug)
    )


def audit(
    workspace: Workspace, actor: User | None, action: str, target: Model, **details: Any
) -> AuditEntry:
    """Write down who did what, in the transaction in which it is done.

    Args:
        actor: None where Dexxy did it itself, or whoever runs its commands.
        action: what was done to what, as in `github_repository.paused`.
        details: what the entry should still say when TARGET has changed; never a secret.
    """
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=actor,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        details=details,
    )


def audit_of_user(user: User, actor: User | None, action: str, **details: Any) -> None:
    """Write down what was done to the account of USER, in each workspace that they are in.

    Args:
        actor, action, details: as of `audit`.
    """
    for membership in user.memberships.select_related("workspace").order_by("pk"):
        audit(membership.workspace, actor, action, user, user=user.email, **details)


def last_write_note(user: User) -> None:
    """Let USER read all that is committed by now, wherever they look next.

    Where nobody reads from a replica, everybody does.
    """
    if is_configured():
        for (written,) in fetch_all(_LAST_WRITE, {"id": user.pk}):
            user.last_write = written
