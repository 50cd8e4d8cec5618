"""Give tags to many members at once, or take them away."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.members.editing import MOST_TAGS, tags_clean
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import Member

MOST_AT_ONCE = 500


class SelectionError(BadInputError):
    """Nobody was selected, or too many."""


@transaction.atomic
def members_tag(
    *,
    actor: User,
    workspace: Workspace,
    member_ids: Collection[int],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> set[int]:
    """Give ADD to members, and take REMOVE away from all that they are made of.

    Whoever is not there any more, or has as many tags as anybody may, is left out.

    Returns: the ids of the members that have other tags now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        SelectionError: nobody is named, or more than MOST_AT_ONCE.
        MemberTextError: a tag is too long, or cannot be stored.
    """
    require_membership(actor, workspace)
    given, taken = tags_clean(add), tags_clean(remove)
    if not 1 <= len(set(member_ids)) <= MOST_AT_ONCE:
        raise SelectionError(_("Choose 1 to {most} people.").format(most=MOST_AT_ONCE))
    merges_lock(workspace.pk)
    rows = workspace.members.filter(
        home_identity__member__in=list(member_ids), home_identity__member__erased_at=None
    )
    homes = rows.select_related("home_identity").order_by("pk")
    changed: list[Member] = []
    by_member: dict[int, list[Member]] = defaultdict(list)
    for home in homes.select_for_update(no_key=True, of=("self",)):
        by_member[home.home_identity.member_id].append(home)
    for member_id, found in by_member.items():
        changed += _retagged(member_id, found, given, taken)
    Member.objects.bulk_update(changed, ["tags"])
    members = {home.home_identity.member_id for home in changed}
    if members:
        details = {"added": given, "removed": taken, "members": len(members)}
        audit(workspace, actor, "members.tagged", workspace, **details)
    return members


def _retagged(
    member_id: int, homes: Sequence[Member], given: Sequence[str], taken: Sequence[str]
) -> list[Member]:
    """Change the tags of a member, and return those of its home members that this changed."""
    before = {home.pk: list(home.tags) for home in homes}
    for home in homes:
        home.tags = [tag for tag in home.tags if tag not in taken]
    root = next((home for home in homes if home.pk == member_id), homes[0])
    known = {tag for home in homes for tag in home.tags}
    new = [tag for tag in given if tag not in known]
    if len(known) + len(new) <= MOST_TAGS:
        root.tags = [*root.tags, *new]
    return [home for home in homes if home.tags != before[home.pk]]
