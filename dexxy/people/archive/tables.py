"""The files of an archive that have the rows of one table each, and what an archive leaves out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from dexxy.accounts.models import (
    ApiToken,
    FormerAddress,
    Invitation,
    Membership,
    SavedView,
    SignInRule,
    Workspace,
)
from dexxy.members.models import (
    Identity,
    MemberMerge,
    MemberNote,
    MergeSuggestion,
    OrganizationMerge,
    StatedAccount,
)
from dexxy.messages.models import CoAuthor, TeamDecision, TeamStint, Triage
from dexxy.outgoing.models import Endpoint, LeavingRule
from dexxy.people.export_rows import BATCH, Rows
from dexxy.people.export_selection import Asked
from dexxy.sources.models import Source

_NO_ROW_TELLS_IT = "with it digests of erased people could be found again"
# Tables of a workspace that an archive leaves out.
LEFT_OUT = {
    "accounts.browsersession": "where somebody is signed in is theirs",
    "integrations.githubinstallation": "a connection is a secret, and is made anew elsewhere",
    "integrations.oauthstate": "secrets of minutes",
    "integrations.webhookdelivery": "what GitHub sent by itself is applied and kept for days",
    "mail.mailpreference": "what somebody is told by mail is theirs",
    "mail.outgoingmail": "mails of people, kept for days",
    "members.erasedkey": "of those who were erased nothing is told",
    "members.erasuresecret": _NO_ROW_TELLS_IT,
    "members.matchkey": "digests of what accounts show, which is told",
    "members.membersummary": "counted from messages; members and organizations have it",
    "messages.change": "the log of changes is for followers of this database",
    "messages.feedread": "what somebody has read is theirs",
    "messages.follower": "positions in this database",
    "messages.ownmember": "who somebody says that they are is theirs",
    "messages.recount": "a position in this database",
    "messages.resolvedreviewthread": "read of GitHub again",
    "messages.searchentry": "words of messages, which are told",
    "messages.standing": "counted from messages",
    "messages.threadread": "what somebody has read is theirs",
    "messages.threadtimes": "counted from messages",
    "messages.wait": "counted from messages",
    "outgoing.delivery": "attempts, kept for days",
    "outgoing.feedaddress": "secrets of people",
    "outgoing.knownwait": "what endpoints were told",
    "people.bulktask": "kept for days",
    "people.exportfile": "exports of people, kept for a day",
    "sources.dailycounts": "`growth.jsonl` has them",
}


@dataclass(frozen=True)
class Table:
    """One file.

    Args:
        fields: what each row has, and where in the model it is.
        rows: those of a workspace.
    """

    model: type[Model]
    fields: Mapping[str, str]
    rows: Callable[[Workspace], QuerySet[Any]]

    def read(self, asked: Asked, cursor: str) -> Rows:
        """Return the next rows behind the id CURSOR, by their ids."""
        found = self.rows(asked.workspace).filter(pk__gt=int(cursor or 0)).order_by("pk")
        rows = list(found.values_list("pk", *self.fields.values())[:BATCH])
        named = [dict(zip(self.fields, row[1:], strict=True)) for row in rows]
        return named, str(rows[-1][0]) if len(rows) == BATCH else ""


def _table(model: Any, fields: str, within: str = "workspace", **keeps: Any) -> Table:
    """Return the table of MODEL.

    Args:
        fields: their names; one that is called otherwise than in the model as `name=path`.
        within: the path to the workspace.
        keeps: which rows are told.
    """
    named = dict(_named(one) for one in fields.split())
    return Table(model, named, lambda of: model.objects.filter(**{within: of.pk}, **keeps))


def _named(field: str) -> tuple[str, str]:
    name, _equals, path = field.partition("=")
    return name, path or name


TABLES: Mapping[str, Table] = {
    "workspace": _table(
        Workspace,
        "id name slug time_zone language thread_kinds attention_after late_after created_at"
        " delete_at",
        within="pk",
    ),
    "former_addresses": _table(FormerAddress, "slug created_at"),
    "memberships": _table(
        Membership, "id user_id email=user__email name=user__name role created_at"
    ),
    "invitations": _table(
        Invitation,
        "id email role invited_by=invited_by__email created_at expires_at accepted_at revoked_at",
    ),
    "sign_in_rules": _table(
        SignInRule,
        "id domain server organization_id=account_id organization=account_login role"
        " made_by=made_by__email created_at",
    ),
    "api_tokens": _table(
        ApiToken,
        "id name owner=user__email scope created_at expires_at revoked_at last_used_at",
    ),
    # Of people their own views are theirs.
    "saved_views": _table(
        SavedView,
        "id page name query is_pinned made_by=made_by__email created_at",
        owner__isnull=True,
    ),
    # Whoever knows the address of a chat can write there.
    "endpoints": _table(
        Endpoint,
        "id kind name events late_hours filters view_name is_paused made_by=made_by__email"
        " created_at disabled_at disabled_because",
    ),
    "leaving_rules": _table(LeavingRule, "keeps_private_in"),
    "sources": _table(
        Source,
        "id kind server external_id name url last_activity_at fed_at is_archived created_at",
    ),
    "accounts": _table(
        Identity,
        "id provider external_id kind username name email is_email_verified avatar_url url links"
        " member_id home_member_id message_count first_seen_at last_seen_at",
        member__erased_at=None,
    ),
    "stated_accounts": _table(
        StatedAccount, "id provider username account_id imported_id=identity_id"
    ),
    "notes": _table(
        MemberNote,
        "id member_id author=author__email is_imported text written_at"
        " edited_by=edited_by__email edited_at",
        member__erased_at=None,
    ),
    "merges": _table(
        MemberMerge,
        "id kept_id merged_id actor=actor__email is_automatic evidence created_at undone_at"
        " undone_by=undone_by__email",
    ),
    "merge_suggestions": _table(
        MergeSuggestion,
        "id first_id second_id state score evidence created_at decided_by=decided_by__email"
        " decided_at",
    ),
    "organization_merges": _table(
        OrganizationMerge,
        "id kept kept_name merged merged_name actor=actor__email created_at undone_at"
        " undone_by=undone_by__email",
    ),
    "co_authors": _table(CoAuthor, "id thread_id account_id name email"),
    "team_stints": _table(TeamStint, "id member_id since until"),
    "team_decisions": _table(
        TeamDecision, "id member_id is_on_team since until actor=actor__email created_at"
    ),
    "triage": _table(
        Triage,
        "thread_id assignee=assignee__email assigned_by=assigned_by__email assigned_at"
        " snoozed_until is_set_aside held_by=held_by__email held_at"
        " note noted_by=noted_by__email noted_at",
    ),
}
