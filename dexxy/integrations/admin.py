"""Connections and syncs for who runs this Dexxy."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.integrations.models import (
    Credential,
    Drain,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    OAuthState,
    RefusedWebhooks,
    RequestSize,
    SyncPart,
    SyncProblem,
    SyncRun,
    SyncStream,
    WebhookDelivery,
)
from dexxy.integrations.services.github.webhooks.inbox import deliveries_retry


@admin.register(GitHubApp)
class GitHubAppAdmin(ReadOnlyAdmin):
    hidden = ("client_secret", "private_key", "webhook_secret")
    list_display = ("slug", "server", "app_id", "created_at")
    list_filter = ("server",)
    search_fields = ("slug", "=app_id")


@admin.register(OAuthState)
class OAuthStateAdmin(ReadOnlyAdmin):
    hidden = ("state_hash", "session_hash", "code_verifier")
    list_display = ("purpose", "user", "workspace", "created_at", "expires_at", "used_at")
    list_filter = ("purpose",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email",)


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    hidden = ("lease_token",)
    list_display = (
        "__str__",
        "requests_remaining",
        "points_remaining",
        "paused_until",
        "pause_reason",
        "lease_until",
    )
    list_filter = ("kind", "server")
    search_fields = ("=account_id",)


@admin.register(GitHubInstallation)
class GitHubInstallationAdmin(ReadOnlyAdmin):
    hidden = ("access_token",)
    list_display = ("account_login", "server", "workspace", "installation_id", "is_suspended")
    list_filter = ("account_type", "is_suspended", "server")
    list_select_related = ("workspace",)
    search_fields = ("account_login", "=installation_id")


@admin.register(GitHubRepository)
class GitHubRepositoryAdmin(ReadOnlyAdmin):
    list_display = ("full_name", "sync_status", "last_synced_at", "next_sync_at", "sync_error")
    list_filter = ("sync_status", "is_archived")
    search_fields = ("full_name", "=github_id")


@admin.register(SyncStream)
class SyncStreamAdmin(ReadOnlyAdmin):
    list_display = ("repository", "name", "read", "expected", "is_done", "watermark")
    list_filter = ("name", "is_done")
    list_select_related = ("repository",)
    search_fields = ("repository__full_name",)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = (
        "repository",
        "trigger",
        "state",
        "started_at",
        "finished_at",
        "requests",
        "points",
        "error_code",
    )
    list_filter = ("state", "trigger", "error_code")
    list_select_related = ("repository",)
    search_fields = ("repository__full_name",)
    ordering = ("-pk",)


@admin.register(SyncPart)
class SyncPartAdmin(ReadOnlyAdmin):
    list_display = ("repository", "thread", "connection", "snapshot_at")
    list_filter = ("connection",)
    list_select_related = ("repository", "thread")
    search_fields = ("repository__full_name", "=thread__number")
    ordering = ("-pk",)


@admin.register(RequestSize)
class RequestSizeAdmin(ReadOnlyAdmin):
    list_display = (
        *("repository", "request"),
        *("page_size", "failed_size", "failed_at", "suspected_size"),
    )
    list_filter = ("request",)
    list_select_related = ("repository",)
    search_fields = ("repository__full_name",)
    ordering = ("-pk",)


@admin.register(SyncProblem)
class SyncProblemAdmin(ReadOnlyAdmin):
    list_display = ("repository", "thread_kind", "number", "error", "attempts", "updated_at")
    list_filter = ("thread_kind",)
    list_select_related = ("repository",)
    search_fields = ("repository__full_name", "=number")
    ordering = ("-pk",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    actions = ("try_again",)
    list_display = (
        "received_at",
        "app",
        "event",
        "action",
        "state",
        "attempts",
        "times_received",
        "error",
    )
    list_filter = ("state", "event", "app")
    list_select_related = ("app",)
    search_fields = ("=guid", "=repository_id")
    ordering = ("-pk",)

    @admin.action(description="Try again what failed or was ignored", permissions=["try_again"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        count = deliveries_retry(delivery_ids=chosen.values_list("pk", flat=True))
        self.message_user(request, f"Tried again: {count} deliver{pluralize(count, 'y,ies')}.")

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(RefusedWebhooks)
class RefusedWebhooksAdmin(ReadOnlyAdmin):
    list_display = ("day", "reason", "count", "updated_at")
    list_filter = ("reason",)
    search_fields = ("reason",)
    ordering = ("-day", "reason")


@admin.register(Drain)
class DrainAdmin(ReadOnlyAdmin):
    list_display = ("seen_at", "holder")
    list_filter = ("seen_at",)
    search_fields = ("holder",)
    ordering = ("-seen_at",)
