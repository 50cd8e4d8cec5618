"""Who belongs to the team and why, who does not by a person's word, and who might."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.sql import fetch_all
from dexxy.members.models import Member
from dexxy.members.organization_merges import organization_keys
from dexxy.messages.models import OwnMember, TeamDecision
from dexxy.messages.team.roster import team_of
from dexxy.messages.team.stints import Stint

# Stored nowhere, but told as what is stored: in English by the API, in any language by pages.
_NAMED = {
    "owner": gettext_noop("GitHub calls them an owner."),
    "member": gettext_noop("GitHub calls them a member of the organization."),
    "collaborator": gettext_noop("GitHub calls them a collaborator."),
}
_COLLEAGUE = gettext_noop(
    "Their profile says {organization}, as that of {colleague} does, who is on the team."
)
_OWNER = gettext_noop("Their profile says {organization}, which {repository} belongs to.")

MOST_EVIDENCE = 3
MOST_SUGGESTED = 20
# So many of the newest messages are looked at for what GitHub says of their authors.
_LOOKED_AT = 5000


@dataclass(frozen=True)
class Evidence:
    """Something that needs a maintainer's rights, done in somebody else's thread.

    Args:
        kind: of the message: closed, reopened, merged or answered.
        number: of the thread, in the source with the name SOURCE.
        is_numbered: whether its platform numbers threads, or we do.
    """

    message_id: int
    thread_id: int
    kind: str
    occurred_at: datetime
    number: int
    title: str
    source: str
    is_numbered: bool


@dataclass(frozen=True)
class Teammate:
    """Somebody who belongs to the team, or did.

    Args:
        stints: when, the oldest first.
        is_decided: a person said so; otherwise their acts do, or they themselves.
        is_own: who signs in here says that they are this member.
        evidence: the newest of those acts.
    """

    member: Member
    stints: Sequence[Stint]
    is_decided: bool
    is_own: bool
    evidence: Sequence[Evidence]

    def is_there(self, at: datetime) -> bool:
        """Tell whether they belong to the team at a time."""
        return any(stint.holds(at) for stint in self.stints)


@dataclass(frozen=True)
class Suggested:
    """Somebody who might belong to the team.

    Args:
        association: what GitHub calls them: member, owner or collaborator; '' for nothing of these.
        organization: where they work, as their profile has it, if somebody of the team works there
            today or a followed repository is theirs; or ''.
        evidence: what speaks for them, as English sentences; pages have them in other languages.
    """

    member: Member
    association: str
    organization: str
    evidence: Sequence[str]


def team_list(viewer: Viewer, workspace: Workspace) -> list[Teammate]:
    """Return everybody who belongs to the team or did, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    team = team_of(workspace.pk)
    decided, own = _decided(workspace, is_on_team=True), _own(workspace)
    members = Member.objects.filter(pk__in=list(team)).order_by("display_name", "pk")
    evidence = _evidence(workspace, list(team))
    return [
        Teammate(
            member,
            team[member.pk],
            is_decided=member.pk in decided,
            is_own=member.pk in own,
            evidence=evidence.get(member.pk, ()),
        )
        for member in members
    ]


def team_removed(viewer: Viewer, workspace: Workspace) -> list[Member]:
    """Return who does not belong to the team because a person said so, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    removed = _decided(workspace, is_on_team=False) - set(team_of(workspace.pk))
    return list(Member.objects.filter(pk__in=removed).order_by("display_name", "pk"))


def team_suggested(viewer: Viewer, workspace: Workspace) -> list[Suggested]:
    """Return who might belong to the team and does not, by name: MOST_SUGGESTED at most.

    First whom GitHub names an owner, member or collaborator, then who works where somebody of the
    team does, or where a followed repository belongs to. Whom a person took out is not suggested
    again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    known = set(team_of(workspace.pk)) | _decided(workspace, is_on_team=False)
    asked = {
        "workspace": workspace.pk,
        "most": _LOOKED_AT,
        "known": list(known),
        "limit": MOST_SUGGESTED,
    }
    named: dict[int, str] = dict(fetch_all(_SUGGESTED, asked))
    employed = _employed(workspace, known, first=named)
    found = dict.fromkeys([*named, *employed])
    chosen = list(found)[:MOST_SUGGESTED]
    members = Member.objects.filter(pk__in=chosen, erased_at=None).order_by("display_name", "pk")
    return [_suggested(one, named.get(one.pk, ""), employed.get(one.pk)) for one in members]


@dataclass(frozen=True)
class _Employer:
    """An organization that stands close to the team.

    Args:
        name: as the profile of the one who is suggested has it.
        colleague: who of today's team works there, or ''.
        repository: a followed one that belongs to it, or ''.
    """

    name: str
    colleague: str
    repository: str


def _suggested(member: Member, association: str, employer: _Employer | None) -> Suggested:
    evidence = [_NAMED[association]] if association else []
    if employer and employer.colleague:
        evidence.append(_COLLEAGUE.format(organization=employer.name, colleague=employer.colleague))
    if employer and employer.repository:
        evidence.append(_OWNER.format(organization=employer.name, repository=employer.repository))
    return Suggested(member, association, employer.name if employer else "", evidence)


def _employed(
    workspace: Workspace, known: Collection[int], first: Collection[int]
) -> dict[int, _Employer]:
    """Return who works where the team does, or where a followed repository belongs to.

    Args:
        known: who is not asked about.
        first: who comes first; of the others those who said and did most.
    """
    now, team = timezone.now(), team_of(workspace.pk)
    today = [pk for pk, stints in team.items() if any(stint.holds(now) for stint in stints)]
    asked = {"workspace": workspace.pk, "team": today}
    colleagues: dict[str, str] = dict(fetch_all(_COLLEAGUES, asked))
    owners = _owners(workspace)
    asked = {
        "workspace": workspace.pk,
        "keys": [*colleagues, *owners],
        "known": list(known),
        "first": list(first),
        "most": MOST_SUGGESTED,
    }
    return {
        pk: _Employer(name, colleagues.get(key, ""), owners.get(key, ""))
        for pk, name, key in fetch_all(_EMPLOYED, asked)
    }


def _owners(workspace: Workspace) -> dict[str, str]:
    """Return by the keys of those that own followed repositories the name of one of these."""
    followed = workspace.sources.filter(is_archived=False).read_here()
    names = followed.order_by("-name", "-pk").values_list("name", flat=True)
    key_of = organization_keys(workspace.pk)
    found = {key_of(name.partition("/")[0]): name for name in names if "/" in name}
    return {key: name for key, name in found.items() if key}


def _decided(workspace: Workspace, *, is_on_team: bool) -> set[int]:
    found = TeamDecision.objects.filter(workspace=workspace, is_on_team=is_on_team)
    return set(found.values_list("member__home_identity__member", flat=True))


def _own(workspace: Workspace) -> set[int]:
    found = OwnMember.objects.filter(workspace=workspace)
    return set(found.values_list("member__home_identity__member", flat=True))


def _evidence(workspace: Workspace, members: Collection[int]) -> Mapping[int, list[Evidence]]:
    asked = {"workspace": workspace.pk, "members": list(members), "most": MOST_EVIDENCE}
    found: dict[int, list[Evidence]] = {}
    for member, *act in fetch_all(_EVIDENCE, asked):
        found.setdefault(member, []).append(Evidence(*act))
    return found


# Of each account the newest by the index of authors, and of each member the newest of those.
_EVIDENCE = """
SELECT member_id, id, thread_id, kind, occurred_at, number, title, name, is_numbered FROM (
    SELECT i.member_id, act.*,
           row_number() OVER (PARTITION BY i.member_id ORDER BY act.occurred_at DESC, act.id DESC)
               AS place
    FROM members_identity i CROSS JOIN LATERAL (
        SELECT m.id, m.thread_id, m.kind, m.occurred_at, t.number, t.title, s.name,
               t.external_id = '' AS is_numbered
        FROM messages_message m
        JOIN messages_thread t ON t.id = m.thread_id AND NOT t.is_archived
        JOIN sources_source s ON s.id = t.source_id
        LEFT JOIN members_identity opener ON opener.id = t.author_id
        WHERE m.workspace_id = %(workspace)s AND m.author_id = i.id
          AND NOT m.is_archived AND m.in_feed
          AND m.kind IN ('closed', 'reopened', 'merged', 'answered')
          AND opener.member_id IS DISTINCT FROM i.member_id
        ORDER BY m.occurred_at DESC, m.id DESC LIMIT %(most)s
    ) act WHERE i.workspace_id = %(workspace)s AND i.member_id = ANY(%(members)s)
) found WHERE place <= %(most)s ORDER BY member_id, place
"""
_SUGGESTED = """
SELECT author.member_id, (array_agg(newest.association ORDER BY newest.occurred_at DESC))[1]
FROM (
    SELECT m.author_id, m.occurred_at, m.details->>'association' AS association
    FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND NOT m.is_archived AND m.in_feed
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT %(most)s
) newest
JOIN members_identity author ON author.id = newest.author_id
JOIN members_member member ON member.id = author.member_id AND NOT member.is_bot
WHERE newest.association IN ('owner', 'member', 'collaborator')
  AND author.member_id <> ALL(%(known)s)
GROUP BY author.member_id ORDER BY count(*) DESC, author.member_id LIMIT %(limit)s
"""
_COLLEAGUES = """
SELECT DISTINCT ON (s.organization_key) s.organization_key, m.display_name
FROM members_membersummary s
JOIN members_member m ON m.id = s.member_id AND m.erased_at IS NULL
WHERE s.workspace_id = %(workspace)s AND s.member_id = ANY(%(team)s) AND s.organization_key <> ''
ORDER BY s.organization_key, s.messages DESC, s.member_id
"""
_EMPLOYED = """
SELECT s.member_id, s.organization, s.organization_key
FROM members_membersummary s
JOIN members_member m ON m.id = s.member_id AND NOT m.is_bot AND m.erased_at IS NULL
WHERE s.workspace_id = %(workspace)s AND s.organization_key = ANY(%(keys)s)
  AND s.organization_key <> '' AND s.messages > 0 AND s.member_id <> ALL(%(known)s)
ORDER BY s.member_id = ANY(%(first)s) DESC, s.messages DESC, s.member_id LIMIT %(most)s
"""
