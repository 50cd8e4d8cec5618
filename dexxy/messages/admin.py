"""Threads and messages for who runs this Dexxy."""

from django.contrib import admin

from dexxy.accounts.admin import ReadOnlyAdmin
from dexxy.messages.models import Message, SearchEntry, SearchProgress, Thread


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


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnlyAdmin):
    hidden = ("document",)
    list_display = ("__str__", "occurred_at")
    list_filter = ("message__kind",)
    search_fields = ("=message__id",)
    search_help_text = "The id of a message, here"
    ordering = ("-pk",)


@admin.register(SearchProgress)
class SearchProgressAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "transaction_id", "message_id")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug",)
