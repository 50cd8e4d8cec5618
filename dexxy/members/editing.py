"""What the team says about a member: the name and tags."""

from collections.abc import Sequence

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import Identity, Member
from dexxy.members.who_may_see import MemberNotFoundError

LONGEST_NAME = 200
LONGEST_TAG = 50
MOST_TAGS = 50


class MemberTextError(BadInputError):
    """A name or a tag that cannot be stored."""


@transaction.atomic
def member_edit(
    *,
    actor: User,
    workspace: Workspace,
    member_id: int,
    display_name: str | None = None,
    tags: Sequence[str] | None = None,
) -> Member:
    """Change what the team says about a member; None leaves it as it is.

    Args:
        member_id: the member, or one that was merged into it, whose name is its own.
        display_name: '' gives back the name of the account.
        tags: of the whole member. One that is left out goes, whichever home member has it.

    Returns: the member of today.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MemberNotFoundError: it is not a member of WORKSPACE.
        MemberTextError: a text is too long, or cannot be stored.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    homes = _locked_homes(account := _home_account(workspace, member_id))
    home, root = homes[member_id], homes[account.member_id]
    before = {home.pk: _edited(home) for home in homes.values()}
    fields = [] if display_name is None else [_rename(home, account, display_name)]
    if tags is not None:
        fields.append(_retag(root, list(homes.values()), tags_clean(tags)))
    changed = [home for home in homes.values() if _edited(home) != before[home.pk]]
    for home in changed:
        home.save(update_fields=["display_name", "tags", "updated_at"])
    if changed:
        audit(workspace, actor, "member.edited", root, fields=fields)
    return root


def tags_clean(tags: Sequence[str]) -> list[str]:
    """Return TAGS without empty and repeated ones.

    Raises:
        MemberTextError: one is too long, or there are too many.
    """
    clean = [_text(tag, _("A tag"), LONGEST_TAG).strip() for tag in tags]
    distinct = list(dict.fromkeys(filter(None, clean)))
    if len(distinct) > MOST_TAGS:
        raise MemberTextError(_("A member has at most {most} tags.").format(most=MOST_TAGS))
    return distinct


def _home_account(workspace: Workspace, member_id: int) -> Identity:
    account = workspace.identities.filter(home_member=member_id, member__erased_at=None).first()
    if account is None:
        raise MemberNotFoundError(_("There is no such member."))
    return account


def _locked_homes(account: Identity) -> dict[int, Member]:
    accounts = Identity.objects.filter(member=account.member_id).values("home_member")
    homes = Member.objects.filter(pk__in=accounts).order_by("pk")
    return {home.pk: home for home in homes.select_for_update(no_key=True)}


def _edited(home: Member) -> tuple[str, list[str]]:
    return home.display_name, list(home.tags)


# Each of these changes what it is given, to be saved by its caller, and returns the field.
def _rename(home: Member, account: Identity, name: str) -> str:
    """Call HOME by NAME; where that is empty, as its ACCOUNT is called."""
    given = _text(name, _("The name"), LONGEST_NAME).strip()
    home.display_name = given or account.name or account.username
    return "display_name"


def _retag(root: Member, homes: Sequence[Member], tags: Sequence[str]) -> str:
    """Let HOMES have TAGS together: those that are new become the root's."""
    for home in homes:
        home.tags = [tag for tag in home.tags if tag in tags]
    known = {tag for home in homes for tag in home.tags}
    root.tags = [*root.tags, *(tag for tag in tags if tag not in known)]
    return "tags"


def _text(text: str, what: str, longest: int) -> str:
    if len(text) > longest:
        raise MemberTextError(
            _("{what} is longer than {most} characters.").format(what=what, most=intcomma(longest))
        )
    if "\0" in text:
        raise MemberTextError(_("{what} holds a null byte.").format(what=what))
    return text
