"""What changes users and workspaces."""

from typing import Any

from django.db import transaction
from django.db.models import Model

from dexxy.accounts.models import AuditEntry, Membership, Role, User, Workspace

FIRST_ADMIN_EMAIL = "admin@localhost"


@transaction.atomic
def first_admin_ensure(*, workspace: str = "default") -> User:
    """Return the first administrator, made together with a workspace where there is none.

    Args:
        workspace: the slug of that workspace.
    """
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is None:
        user = User.objects.create_superuser(FIRST_ADMIN_EMAIL, name="Administrator")
    if not user.memberships.exists():
        workspace_ensure(slug=workspace, admin=user)
    return user


@transaction.atomic
def workspace_ensure(*, slug: str, admin: User) -> Workspace:
    """Return the workspace called SLUG; where there is none, make it with ADMIN as its admin."""
    workspace, is_new = Workspace.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " ").capitalize()}
    )
    if is_new:
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
    return workspace


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
