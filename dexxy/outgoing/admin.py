from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.outgoing.models import (
    Delivery,
    Endpoint,
    FeedAddress,
    KnownWait,
    LeavingRule,
    SourceVisibility,
)


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    hidden = ("url", "secret", "previous_secret")
    list_display = ("name", "workspace", "kind", "is_paused", "failing_since", "disabled_at")
    list_filter = ("kind", "is_paused", "disabled_at")
    search_fields = ("name", "workspace__slug")
    list_select_related = ("workspace",)
    ordering = ("-pk",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("event", "webhook_id", "state", "attempts", "status", "created_at")
    list_filter = ("state", "event")
    search_fields = ("=webhook_id",)
    ordering = ("-pk",)


@admin.register(KnownWait)
class KnownWaitAdmin(ReadOnlyAdmin):
    list_display = ("thread_id", "endpoint", "since", "is_late")
    list_filter = ("is_late",)
    search_fields = ("=thread_id",)
    list_select_related = ("endpoint",)
    ordering = ("-pk",)


@admin.register(FeedAddress)
class FeedAddressAdmin(ReadOnlyAdmin):
    hidden = ("secret_hash",)
    list_display = ("page", "view", "membership", "last_used_at")
    list_filter = ("page",)
    search_fields = ("=membership__user__email",)
    list_select_related = ("view", "membership__user", "membership__workspace")
    ordering = ("-pk",)


@admin.register(LeavingRule)
class LeavingRuleAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "keeps_private_in")
    list_filter = ("keeps_private_in",)
    search_fields = ("workspace__slug",)
    list_select_related = ("workspace",)


@admin.register(SourceVisibility)
class SourceVisibilityAdmin(ReadOnlyAdmin):
    list_display = ("source", "is_private")
    list_filter = ("is_private",)
    search_fields = ("source__name",)
    list_select_related = ("source",)
