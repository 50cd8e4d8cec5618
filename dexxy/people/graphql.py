"""What the team does about people in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from typing import cast

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.accounts.models import Workspace
from dexxy.common.graphql import Info, key
from dexxy.members import adding, editing
from dexxy.members.graphql import (
    Member,
    remember_members,
)
from dexxy.members.merges import by_hand, selectors, suggestion_answers
from dexxy.people import merging
from dexxy.people.graphql_profile import MemberProfile


@strawberry.type
class PeopleQuery:
    @strawberry.field(description="One person, with all their accounts and activity.")
    def member(
        self, info: Info, workspace_id: strawberry.ID, member_id: strawberry.ID
    ) -> MemberProfile:
        _, workspace = in_workspace(info, workspace_id)
        return MemberProfile.of(info, workspace, key(member_id))


@strawberry.input(description="What the team says about a member; what is left out stays.")
class MemberEditInput:
    workspace_id: strawberry.ID
    member_id: strawberry.ID = strawberry.field(
        description="The member, or for its name one of those that it is made of."
    )
    display_name: str | None = strawberry.field(
        default=None, description="Empty, it is again that of the account."
    )
    tags: list[str] | None = None


@strawberry.input(description="An account on a platform that Dexxy does not read.")
class IdentityAddInput:
    workspace_id: strawberry.ID
    member_id: strawberry.ID
    platform: str = strawberry.field(description="As `discord`.")
    username: str
    email: str = strawberry.field(
        default="", description="One that is known to be theirs: accounts that show it are linked."
    )


@strawberry.type(description="The member as it is now.")
class MemberPayload:
    profile: MemberProfile


@strawberry.type(description="The two that are two members from now on.")
class MemberUnmergePayload:
    kept: MemberProfile
    merged: MemberProfile


@strawberry.type(description="The two that will not be suggested again.")
class MergeSuggestionRejectPayload:
    first: Member
    second: Member


@strawberry.type(description="The two that may be suggested again.")
class MergeSuggestionReopenPayload:
    first: Member
    second: Member


@strawberry.type
class PeopleMutation:
    @strawberry.mutation(
        description="Make two members one; what is known of the kept one comes first. For members."
    )
    def member_merge(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        kept_id: strawberry.ID,
        merged_id: strawberry.ID,
    ) -> MemberPayload:
        actor, workspace = in_workspace(info, workspace_id)
        merge = merging.people_merge(
            actor=actor, workspace=workspace, kept_id=key(kept_id), merged_id=key(merged_id)
        )
        kept, _ = selectors.members_of(merge)
        return _payload(info, workspace, kept.pk)

    @strawberry.mutation(
        description="Take a merge back, automatic or not; no rule will make it again. For members."
    )
    def member_unmerge(
        self, info: Info, workspace_id: strawberry.ID, merge_id: strawberry.ID
    ) -> MemberUnmergePayload:
        actor, workspace = in_workspace(info, workspace_id)
        merge = merging.people_unmerge(actor=actor, workspace=workspace, merge_id=key(merge_id))
        kept, merged = selectors.members_of(merge)
        return MemberUnmergePayload(
            kept=MemberProfile.of(info, workspace, kept.pk),
            merged=MemberProfile.of(info, workspace, merged.pk),
        )

    @strawberry.mutation(description="Merge the two members of a suggestion. For members.")
    def merge_suggestion_accept(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        suggestion_id: strawberry.ID,
        kept_id: strawberry.ID | None = None,
    ) -> MemberPayload:
        actor, workspace = in_workspace(info, workspace_id)
        merge = merging.people_accept(
            actor=actor,
            workspace=workspace,
            suggestion_id=key(suggestion_id),
            kept_id=key(kept_id),
        )
        kept, _ = selectors.members_of(merge)
        return _payload(info, workspace, kept.pk)

    @strawberry.mutation(
        description="Remember that the two of a suggestion are not one person. For members."
    )
    def merge_suggestion_reject(
        self, info: Info, workspace_id: strawberry.ID, suggestion_id: strawberry.ID
    ) -> MergeSuggestionRejectPayload:
        actor, workspace = in_workspace(info, workspace_id)
        rejected = suggestion_answers.suggestion_reject(
            actor=actor, workspace=workspace, suggestion_id=key(suggestion_id)
        )
        first, second = selectors.members_of(rejected)
        remember_members(info, (first, second))
        return MergeSuggestionRejectPayload(first=cast(Member, first), second=cast(Member, second))

    @strawberry.mutation(
        description="Take a rejection back: the two may be suggested again. For members."
    )
    def merge_suggestion_reopen(
        self, info: Info, workspace_id: strawberry.ID, rejected_id: strawberry.ID
    ) -> MergeSuggestionReopenPayload:
        actor, workspace = in_workspace(info, workspace_id)
        reopened = suggestion_answers.suggestion_reopen(
            actor=actor, workspace=workspace, suggestion_id=key(rejected_id)
        )
        first, second = selectors.members_of(reopened)
        remember_members(info, (first, second))
        return MergeSuggestionReopenPayload(first=cast(Member, first), second=cast(Member, second))

    @strawberry.mutation(description="Change a member's name or tags. For members.")
    def member_edit(self, info: Info, input: MemberEditInput) -> MemberPayload:
        actor, workspace = in_workspace(info, input.workspace_id)
        member = editing.member_edit(
            actor=actor,
            workspace=workspace,
            member_id=key(input.member_id),
            display_name=input.display_name,
            tags=input.tags,
        )
        return _payload(info, workspace, member.pk)

    @strawberry.mutation(
        description="Lock a member against merging and parting, or unlock it. For members."
    )
    def member_set_locked(
        self, info: Info, workspace_id: strawberry.ID, member_id: strawberry.ID, is_locked: bool
    ) -> MemberPayload:
        actor, workspace = in_workspace(info, workspace_id)
        member = by_hand.member_set_locked(
            actor=actor,
            workspace=workspace,
            member_id=key(member_id),
            is_locked=is_locked,
        )
        return _payload(info, workspace, member.pk)

    @strawberry.mutation(
        description="Say that a member is a bot, whose words are no response, or is none."
        " For members."
    )
    def member_set_bot(
        self, info: Info, workspace_id: strawberry.ID, member_id: strawberry.ID, is_bot: bool
    ) -> MemberPayload:
        actor, workspace = in_workspace(info, workspace_id)
        member = merging.person_set_bot(
            actor=actor, workspace=workspace, member_id=key(member_id), is_bot=is_bot
        )
        return _payload(info, workspace, member.pk)

    @strawberry.mutation(
        description="Give a member an account on another platform by hand. For members."
    )
    def identity_add(self, info: Info, input: IdentityAddInput) -> MemberPayload:
        actor, workspace = in_workspace(info, input.workspace_id)
        account = adding.identity_add(
            actor=actor,
            workspace=workspace,
            member_id=key(input.member_id),
            platform=input.platform,
            username=input.username,
            email=input.email,
        )
        return _payload(info, workspace, account.member_id)


def _payload(info: Info, workspace: Workspace, member_id: int) -> MemberPayload:
    return MemberPayload(profile=MemberProfile.of(info, workspace, member_id))
