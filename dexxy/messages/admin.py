"""Threads and messages for who runs this Dexxy."""

from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.messages.models import (
    Change,
    CoAuthor,
    Epoch,
    FeedRead,
    Follower,
    Message,
    OwnMember,
    Recount,
    Release,
    ResolvedReviewThread,
    SearchEntry,
    Standing,
    TeamDecision,
    TeamStint,
    Thread,
    ThreadRead,
    ThreadTimes,
    Triage,
    Wait,
)


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "state", "source", "last_activity_at", "archived_reason")
    list_filter = ("kind", "state", "is_archived", "archived_reason", "workspace")
    list_select_related = ("source",)
    # Only what an index or a short scan finds: there are millions.
    search_fields = ("=number", "=node_id")
    search_help_text = "The number of a thread, or its node id on GitHub"
    ordering = ("-pk",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "thread", "author", "occurred_at", "archived_reason")
    list_filter = ("kind", "thread_kind", "in_feed", "is_archived", "archived_reason", "workspace")
    list_select_related = ("thread", "author")
    search_fields = ("=id", "=external_id")
    search_help_text = "The id of a message, here or on GitHub"
    ordering = ("-pk",)


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "source", "author", "published_at", "archived_reason")
    list_filter = ("is_prerelease", "is_archived", "workspace")
    list_select_related = ("source", "author")
    search_fields = ("=external_id", "=tag")
    search_help_text = "The tag of a release, or its id on GitHub"
    ordering = ("-pk",)


@admin.register(CoAuthor)
class CoAuthorAdmin(ReadOnlyAdmin):
    hidden = ("email",)
    list_display = ("thread", "account", "name")
    list_filter = ("workspace",)
    list_select_related = ("thread", "account")
    search_fields = ("=thread__id",)
    search_help_text = "The id of a thread, here"
    ordering = ("-pk",)


@admin.register(ResolvedReviewThread)
class ResolvedReviewThreadAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "comment_ids")
    list_filter = ("workspace",)
    list_select_related = ("thread",)
    search_fields = ("=thread__id", "=node_id")
    search_help_text = "The id of a thread, here, or the node id of a review thread on GitHub"
    ordering = ("-pk",)


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnlyAdmin):
    hidden = ("words",)
    list_display = ("__str__", "occurred_at")
    list_filter = ("message__kind",)
    search_fields = ("=message__id",)
    search_help_text = "The id of a message, here"
    ordering = ("-pk",)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "workspace", "thread_id", "message_id", "member_id", "noted_at")
    list_filter = ("kind", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("=id",)
    search_help_text = "The id of a change"
    ordering = ("-pk",)


@admin.register(Follower)
class FollowerAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "epoch", "transaction_id", "change_id", "started_to")
    list_filter = ("name", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name", "workspace__slug")


@admin.register(Epoch)
class EpochAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "cluster", "began_at")
    list_filter = ("cluster",)
    search_fields = ("=id",)
    ordering = ("-pk",)


@admin.register(ThreadRead)
class ThreadReadAdmin(ReadOnlyAdmin):
    list_display = ("user", "workspace", "thread_id", "read_at")
    list_filter = ("workspace",)
    list_select_related = ("user", "workspace")
    search_fields = ("=thread__id", "user__email")
    search_help_text = "The id of a thread, or the address of a user"
    ordering = ("-pk",)


@admin.register(FeedRead)
class FeedReadAdmin(ReadOnlyAdmin):
    list_display = ("user", "workspace", "read_at")
    list_filter = ("workspace",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email",)


@admin.register(Standing)
class StandingAdmin(ReadOnlyAdmin):
    list_display = ("thread", "side", "reason", "since", "others_replied", "is_old")
    list_filter = ("side", "reason", "is_old", "workspace")
    list_select_related = ("thread",)
    search_fields = ("=thread__id",)
    search_help_text = "The id of a thread, here"
    ordering = ("-pk",)


@admin.register(Wait)
class WaitAdmin(ReadOnlyAdmin):
    list_display = ("thread", "since", "until")
    list_filter = ("workspace",)
    list_select_related = ("thread",)
    search_fields = ("=thread__id",)
    search_help_text = "The id of a thread, here"
    ordering = ("-pk",)


@admin.register(ThreadTimes)
class ThreadTimesAdmin(ReadOnlyAdmin):
    list_display = ("thread", "kind", "left_out", "opened_at", "ended_at", "last_at")
    list_filter = ("kind", "left_out", "workspace")
    list_select_related = ("thread",)
    search_fields = ("=thread__id",)
    search_help_text = "The id of a thread, here"
    ordering = ("-pk",)


@admin.register(Triage)
class TriageAdmin(ReadOnlyAdmin):
    list_display = ("thread", "assignee", "snoozed_until", "is_set_aside", "held_by", "held_at")
    list_filter = ("is_set_aside", "workspace")
    list_select_related = ("thread", "assignee", "held_by")
    search_fields = ("=thread__id",)
    search_help_text = "The id of a thread, here"
    ordering = ("-pk",)


@admin.register(TeamStint)
class TeamStintAdmin(ReadOnlyAdmin):
    list_display = ("member", "since", "until", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("member", "workspace")
    search_fields = ("=member__id",)
    search_help_text = "The id of a member, here"
    ordering = ("-pk",)


@admin.register(TeamDecision)
class TeamDecisionAdmin(ReadOnlyAdmin):
    list_display = ("member", "is_on_team", "since", "until", "actor", "workspace")
    list_filter = ("is_on_team", "workspace")
    list_select_related = ("member", "actor", "workspace")
    search_fields = ("=member__id",)
    search_help_text = "The id of a member, here"
    ordering = ("-pk",)


@admin.register(OwnMember)
class OwnMemberAdmin(ReadOnlyAdmin):
    list_display = ("user", "member", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("user", "member", "workspace")
    search_fields = ("=member__id",)
    search_help_text = "The id of a member, here"
    ordering = ("-pk",)


@admin.register(Recount)
class RecountAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "is_of_queue", "done_to")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug",)
