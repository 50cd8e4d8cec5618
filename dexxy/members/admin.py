"""People and their accounts for who runs this Dexxy."""

from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.members.models import (
    ErasedKey,
    ErasureSecret,
    Identity,
    MatchKey,
    Member,
    MemberMerge,
    MemberNote,
    MemberSummary,
    MergeSuggestion,
    OrganizationMerge,
    StatedAccount,
)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "workspace", "is_bot", "company", "last_seen_at")
    list_filter = ("is_bot", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("display_name",)
    ordering = ("-pk",)


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    list_display = ("username", "provider", "kind", "member", "workspace", "last_seen_at")
    list_filter = ("kind", "workspace")
    list_select_related = ("member", "workspace")
    search_fields = ("username", "name", "=external_id")
    ordering = ("-pk",)


@admin.register(MatchKey)
class MatchKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "identity", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("identity", "workspace")
    search_fields = ("=key",)
    ordering = ("-pk",)


@admin.register(MemberMerge)
class MemberMergeAdmin(ReadOnlyAdmin):
    list_display = ("kept", "merged", "workspace", "actor", "is_automatic", "undone_at")
    list_filter = ("is_automatic", "workspace")
    list_select_related = ("kept", "merged", "workspace", "actor")
    search_fields = ("kept__display_name", "merged__display_name")
    ordering = ("-pk",)


@admin.register(MergeSuggestion)
class MergeSuggestionAdmin(ReadOnlyAdmin):
    list_display = ("first", "second", "workspace", "score", "state", "decided_by")
    list_filter = ("state", "workspace")
    list_select_related = ("first", "second", "workspace", "decided_by")
    search_fields = ("first__display_name", "second__display_name")
    ordering = ("-pk",)


@admin.register(StatedAccount)
class StatedAccountAdmin(ReadOnlyAdmin):
    list_display = ("username", "provider", "identity", "account", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("identity", "account", "workspace")
    search_fields = ("=username",)
    ordering = ("-pk",)


@admin.register(ErasureSecret)
class ErasureSecretAdmin(ReadOnlyAdmin):
    list_display = ("workspace",)
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("=workspace__slug",)
    exclude = ("secret",)
    ordering = ("-pk",)


@admin.register(ErasedKey)
class ErasedKeyAdmin(ReadOnlyAdmin):
    list_display = ("digest", "workspace")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("=digest",)
    ordering = ("-pk",)


@admin.register(MemberSummary)
class MemberSummaryAdmin(ReadOnlyAdmin):
    list_display = ("member", "workspace", "messages", "recent", "waiting", "organization")
    list_filter = ("workspace",)
    list_select_related = ("member", "workspace")
    search_fields = ("=organization_key",)
    hidden = ("organization_key", "details")
    ordering = ("-pk",)


@admin.register(MemberNote)
class MemberNoteAdmin(ReadOnlyAdmin):
    list_display = ("member", "workspace", "author", "written_at")
    list_filter = ("workspace",)
    list_select_related = ("member", "workspace", "author")
    search_fields = ("member__display_name",)
    ordering = ("-pk",)


@admin.register(OrganizationMerge)
class OrganizationMergeAdmin(ReadOnlyAdmin):
    list_display = ("kept_name", "merged_name", "workspace", "actor", "undone_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace", "actor")
    search_fields = ("kept_name", "merged_name")
    ordering = ("-pk",)
