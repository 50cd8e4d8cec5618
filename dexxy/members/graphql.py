"""People and their accounts in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import User, in_workspace
from dexxy.common.graphql import Info, key
from dexxy.common.graphql_cost import PAGED, cost
from dexxy.common.pages import PAGE
from dexxy.common.times import aware
from dexxy.members import models
from dexxy.members.directory import MemberFilters
from dexxy.members.merges import selectors, suggestion_list
from dexxy.members.models import IdentityKind
from dexxy.members.models import MemberNote as NoteRow
from dexxy.members.overviews import MemberOverview, member_overviews, summary_of
from dexxy.members.profile import SINGLE_FIELDS, Profile
from dexxy.members.segments import Segment
from dexxy.members.sorting import MemberSort

# What is known of two accounts: each rule says one thing at most.
_EVIDENCE = 15
# Of one person; lists of them have no pages. Hardly anybody has more.
ACCOUNTS = 20

# Returns who is on the team of a workspace now. That is told by messages, which this app knows
# nothing of: the schema joins the two.
AskTeam = Callable[[int], Collection[int]]


def _nobody(workspace_id: int) -> Collection[int]:
    return ()


_ask_team: AskTeam = _nobody


def team_is_told_by(ask: AskTeam) -> None:
    """Let members say whether they are on the team, as ASK tells it."""
    global _ask_team  # set once, when the schema is put together
    _ask_team = ask


strawberry.enum(IdentityKind, description="Who is behind an account.")
strawberry.enum(
    MemberSort, description="Which members come first: the last or most of all, or by name."
)
strawberry.enum(
    Segment, name="MemberSegment", description="Some of the members, by what they said and did."
)


@strawberry_django.type(models.Member, description="A person, whatever accounts they use.")
class Member:
    id: strawberry.ID
    display_name: str
    avatar_url: str
    is_bot: bool
    first_seen_at: datetime | None
    last_seen_at: datetime | None

    @strawberry.field(description="What they say about themselves.")
    def bio(self, root: strawberry.Parent[models.Member], info: Info) -> str:
        return _shown(info, root, "bio")

    @strawberry.field
    def company(self, root: strawberry.Parent[models.Member], info: Info) -> str:
        return _shown(info, root, "company")

    @strawberry.field
    def location(self, root: strawberry.Parent[models.Member], info: Info) -> str:
        return _shown(info, root, "location")

    @strawberry.field(description="The company, or else the host of a work address.")
    def organization(self, root: strawberry.Parent[models.Member], info: Info) -> str:
        found = _overview(info, root)
        return found.organization if found else ""

    @strawberry.field(description="What the team marked them with.")
    def tags(self, root: strawberry.Parent[models.Member], info: Info) -> list[str]:
        found = _overview(info, root)
        return list(found.profile.tags) if found else []

    @strawberry.field(description="How much they said and did, as of the last count.")
    def message_count(self, root: strawberry.Parent[models.Member], info: Info) -> int:
        found = _overview(info, root)
        return found.message_count if found else 0

    @strawberry.field(description="Of these, how much in the last 90 days, as of the last count.")
    def recent_count(self, root: strawberry.Parent[models.Member], info: Info) -> int:
        summary = _summary(info, root)
        return summary.recent if summary else 0

    @strawberry.field(description="In how many threads they wait for the team.")
    def waiting_count(self, root: strawberry.Parent[models.Member], info: Info) -> int:
        summary = _summary(info, root)
        return summary.waiting if summary else 0

    @strawberry.field(
        description="How much they said and did in each of the last twelve times seven days, the"
        " oldest first."
    )
    def weeks(self, root: strawberry.Parent[models.Member], info: Info) -> list[int]:
        summary = _summary(info, root)
        return list(summary.weeks) if summary else []

    @strawberry.field(description="Whether they are of the team now.")
    def is_team(self, root: strawberry.Parent[models.Member], info: Info) -> bool:
        teams: dict[int, Collection[int]] = info.context.shared.setdefault("teams", {})
        if root.workspace_id not in teams:
            teams[root.workspace_id] = _ask_team(root.workspace_id)
        return root.pk in teams[root.workspace_id]

    @strawberry.field(description="Whether they can be neither merged nor parted.")
    def is_locked(self, root: strawberry.Parent[models.Member], info: Info) -> bool:
        found = _overview(info, root)
        return found.is_locked if found else root.is_locked


@strawberry_django.type(models.Identity, description="One account of a person on one server.")
class Identity:
    id: strawberry.ID
    provider: str
    external_id: str
    kind: IdentityKind
    username: str
    name: str
    avatar_url: str
    url: str
    email: str = strawberry_django.field(description="As its profile shows it, or ''.")
    message_count: int = strawberry_django.field(description="As of the last count.")
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    member: Member


@strawberry.type(description="One reason why two accounts may be one person's, or may not.")
class Evidence:
    rule: str = strawberry.field(description="Its stable name.")
    weight: float | None = strawberry.field(
        description="A logarithm of odds; below zero it speaks against. Null: a person said so."
    )
    sentence: str = strawberry.field(description="For people to read.")

    @classmethod
    def all_of(cls, rows: Iterable[Mapping[str, Any]]) -> list[Self]:
        return [cls(**row) for row in rows]


@strawberry_django.type(
    models.MemberMerge, description="Why two accounts are one person's, and who said so."
)
class MemberMerge:
    id: strawberry.ID
    is_automatic: bool
    actor: User | None = strawberry_django.field(description="Null where strong evidence did it.")
    created_at: datetime
    undone_at: datetime | None

    @strawberry.field(description="The account whose member was kept.")
    def kept(self, root: strawberry.Parent[models.MemberMerge]) -> Identity:
        return cast(Identity, root.kept.home_identity)

    @strawberry.field(description="The account whose member became part of it.")
    def merged(self, root: strawberry.Parent[models.MemberMerge]) -> Identity:
        return cast(Identity, root.merged.home_identity)

    @strawberry.field(metadata=cost(items=_EVIDENCE))
    def evidence(self, root: strawberry.Parent[models.MemberMerge]) -> list[Evidence]:
        return Evidence.all_of(root.evidence)


@strawberry.type(description="Two members who may be one person, for somebody to decide.")
class MergeSuggestion:
    id: strawberry.ID
    first: Member
    second: Member
    confidence: float = strawberry.field(description="From 0 to 1.")
    evidence: list[Evidence] = strawberry.field(metadata=cost(items=_EVIDENCE))
    cursor: str = strawberry.field(description="For `after`: the list goes on behind it.")

    @classmethod
    def of(cls, found: suggestion_list.OpenSuggestion, cursor: str) -> Self:
        return cls(
            id=strawberry.ID(str(found.pk)),
            first=cast(Member, found.first),
            second=cast(Member, found.second),
            confidence=found.suggestion.score,
            evidence=Evidence.all_of(found.suggestion.evidence),
            cursor=cursor,
        )


@strawberry.type(description="A value that a member has from one of several it is made of.")
class OtherValue:
    member_id: strawberry.ID
    value: str


@strawberry.type(description="What is shown of a member in one field, and what it wins over.")
class ProfileField:
    name: str
    value: str
    member_id: strawberry.ID | None = strawberry.field(
        description="The member that it is from; null where nobody has a value."
    )
    others: list[OtherValue] = strawberry.field(metadata=cost(items=ACCOUNTS))


@strawberry.type(description="What somebody of the team wrote about a member.")
class MemberNote:
    id: strawberry.ID
    member_id: strawberry.ID = strawberry.field(
        description="The one of the members that it is made of that the note is about."
    )
    text: str
    author: str | None = strawberry.field(
        description="The name of who wrote it; null where a file brought it, or nobody knows."
    )
    written_at: datetime
    edited_by: str | None = strawberry.field(description="Who changed it last, if anybody did.")
    edited_at: datetime | None

    @classmethod
    def of(cls, note: NoteRow) -> Self:
        """Show a note."""
        return cls(
            id=_id(note.pk),
            member_id=_id(note.member_id),
            text=note.text,
            author=str(note.author) if note.author else None,
            written_at=note.written_at,
            edited_by=str(note.edited_by) if note.edited_by else None,
            edited_at=note.edited_at,
        )


@strawberry.type(description="What is put together of a member from all that it is made of.")
class ShownProfile:
    fields: list[ProfileField] = strawberry.field(metadata=cost(items=len(SINGLE_FIELDS)))
    tags: list[str]
    notes: list[MemberNote] = strawberry.field(
        description="The newest first.", metadata=cost(items=ACCOUNTS)
    )

    @classmethod
    def of(cls, overview: MemberOverview) -> Self:
        profile = overview.profile
        return cls(
            fields=[_field(name, profile) for name in SINGLE_FIELDS],
            tags=list(profile.tags),
            notes=[MemberNote.of(note) for note in overview.notes],
        )


@strawberry.input(description="Which members to list; all conditions hold.")
class MemberFilterInput:
    search: str = strawberry.field(
        default="", description="Words; a name, a username or an address holds each of them."
    )
    organization: str = strawberry.field(
        default="", description="What the company or the host of an address holds."
    )
    organization_key: str = strawberry.field(
        default="", description="The key of their organization, as `organizations` has it."
    )
    tags: list[str] | None = strawberry.field(default=None, description="With any of these.")
    is_bot: bool | None = strawberry.field(default=None, description="Bots or people alone.")
    first_seen_since: datetime | None = None
    first_seen_until: datetime | None = None
    last_seen_since: datetime | None = None
    last_seen_until: datetime | None = None

    def read(self) -> MemberFilters:
        """Turn what was sent into what the directory takes."""
        return MemberFilters(
            search=self.search,
            organization=self.organization,
            organization_key=self.organization_key,
            tags=self.tags or (),
            is_bot=self.is_bot,
            first_seen_since=self.first_seen_since and aware(self.first_seen_since),
            first_seen_until=self.first_seen_until and aware(self.first_seen_until),
            last_seen_since=self.last_seen_since and aware(self.last_seen_since),
            last_seen_until=self.last_seen_until and aware(self.last_seen_until),
        )


@strawberry.type
class MembersQuery:
    @strawberry.field(
        description="Who may be one person, the most certain first; at most 100 a page, which goes"
        " on behind the `cursor` of its last one.",
        metadata=PAGED,
    )
    def merge_suggestions(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> list[MergeSuggestion]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = suggestion_list.suggestion_page(viewer, workspace, first, after)
        found = page.items
        remember_members(info, (member for one in found for member in (one.first, one.second)))
        cursors = map(str, page.cursors)
        return [MergeSuggestion.of(*one) for one in zip(found, cursors, strict=True)]

    @strawberry.field(description="How many pairs may be one person.", metadata=cost(objects=50))
    def merge_suggestion_count(self, info: Info, workspace_id: strawberry.ID) -> int:
        viewer, workspace = in_workspace(info, workspace_id)
        return suggestion_list.suggestion_count(viewer, workspace)

    @strawberry.field(
        description="What would be shown of two members if the second were merged into the first."
    )
    def member_merge_preview(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        kept_id: strawberry.ID,
        merged_id: strawberry.ID,
    ) -> ShownProfile:
        viewer, workspace = in_workspace(info, workspace_id)
        found = selectors.merge_preview(
            viewer, workspace, kept_id=key(kept_id), merged_id=key(merged_id)
        )
        return ShownProfile.of(found)


def remember_members(info: Info, members: Iterable[models.Member]) -> None:
    """Note MEMBERS of one answer, so that the first field to need an overview reads all of them."""
    known: dict[int, models.Member] = info.context.shared.setdefault("members", {})
    known.update({member.pk: member for member in members})


def _overview(info: Info, member: models.Member) -> MemberOverview | None:
    """Read the overviews of all remembered members at once."""
    read: dict[int, MemberOverview | None]
    read = info.context.shared.setdefault("member overviews", {})
    if member.pk not in read:
        remember_members(info, [member])
        unread = [one for pk, one in info.context.shared["members"].items() if pk not in read]
        found = member_overviews(unread)
        read.update({one.pk: found.get(one.pk) for one in unread})
    return read[member.pk]


def _summary(info: Info, member: models.Member) -> models.MemberSummary | None:
    found = _overview(info, member)
    return summary_of(found.accounts[0].member) if found else None


def _shown(info: Info, member: models.Member, name: str) -> str:
    found = _overview(info, member)
    return found.profile.fields[name].value if found else str(getattr(member, name))


def _field(name: str, profile: Profile) -> ProfileField:
    choice = profile.fields[name]
    return ProfileField(
        name=name,
        value=choice.value,
        member_id=None if choice.member_id is None else _id(choice.member_id),
        others=[OtherValue(member_id=_id(pk), value=value) for pk, value in choice.others],
    )


def _id(pk: int) -> strawberry.ID:
    return strawberry.ID(str(pk))
