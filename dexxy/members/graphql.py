"""People and their accounts in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import User, in_workspace
from dexxy.common.graphql import Connection, Info, aware, connection, key
from dexxy.common.graphql_cost import PAGED, cost
from dexxy.common.pages import PAGE
from dexxy.members import directory, models
from dexxy.members.directory import EVERYBODY, MemberFilters, MemberSort
from dexxy.members.merges import selectors
from dexxy.members.models import IdentityKind
from dexxy.members.overviews import MemberOverview, member_overviews
from dexxy.members.profile import SINGLE_FIELDS, Profile

# What is known of two accounts: each rule says one thing at most.
_EVIDENCE = 15
# Of one person; lists of them have no pages. Hardly anybody has more.
ACCOUNTS = 20

strawberry.enum(IdentityKind, description="Who is behind an account.")
strawberry.enum(MemberSort, description="Which members come first, the last one of all.")


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

    @classmethod
    def of(cls, found: selectors.OpenSuggestion) -> Self:
        return cls(
            id=strawberry.ID(str(found.suggestion.pk)),
            first=cast(Member, found.first),
            second=cast(Member, found.second),
            confidence=found.suggestion.score,
            evidence=Evidence.all_of(found.suggestion.evidence),
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


@strawberry.type(description="What the team wrote about one of the members that it is made of.")
class MemberNote:
    member_id: strawberry.ID
    text: str


@strawberry.type(description="What is put together of a member from all that it is made of.")
class ShownProfile:
    fields: list[ProfileField] = strawberry.field(metadata=cost(items=len(SINGLE_FIELDS)))
    tags: list[str]
    notes: list[MemberNote] = strawberry.field(metadata=cost(items=ACCOUNTS))

    @classmethod
    def of(cls, profile: Profile) -> Self:
        return cls(
            fields=[_field(name, profile) for name in SINGLE_FIELDS],
            tags=list(profile.tags),
            notes=[MemberNote(member_id=_id(pk), text=text) for pk, text in profile.notes],
        )


@strawberry.input(description="Which members to list; all conditions hold.")
class MemberFilterInput:
    search: str = strawberry.field(
        default="", description="Words; a name, a username or an address holds each of them."
    )
    organization: str = strawberry.field(
        default="", description="What the company or the host of an address holds."
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
            tags=self.tags or (),
            is_bot=self.is_bot,
            first_seen_since=self.first_seen_since and aware(self.first_seen_since),
            first_seen_until=self.first_seen_until and aware(self.first_seen_until),
            last_seen_since=self.last_seen_since and aware(self.last_seen_since),
            last_seen_until=self.last_seen_until and aware(self.last_seen_until),
        )


@strawberry.type
class MembersQuery:
    @strawberry.field(description="The people, the last by `sort` first; never seen ones last.")
    def members(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: MemberFilterInput | None = None,
        sort: MemberSort = MemberSort.LAST_SEEN,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Member]:
        viewer, workspace = in_workspace(info, workspace_id)
        kept = filters.read() if filters else EVERYBODY
        page = directory.member_list(viewer, workspace, kept, sort, first, after)
        remember_members(info, page.items)
        return connection(page, after, partial(directory.member_count, viewer, workspace, kept))

    @strawberry.field(
        description="Who may be one person, the most certain first. At most 100: what is decided"
        " makes room for the next.",
        metadata=PAGED,
    )
    def merge_suggestions(
        self, info: Info, workspace_id: strawberry.ID, first: int = PAGE
    ) -> list[MergeSuggestion]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = selectors.suggestion_list(viewer, workspace, first)
        remember_members(info, (member for one in found for member in (one.first, one.second)))
        return [MergeSuggestion.of(one) for one in found]

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
        return ShownProfile.of(found.profile)


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
