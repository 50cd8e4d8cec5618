from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.mail.models import MailPreference, MailServer, OutgoingMail, Told


@admin.register(MailPreference)
class MailPreferenceAdmin(ReadOnlyAdmin):
    list_display = ("membership", "digest", "tells_assigned", "waits_hours")
    list_filter = ("digest", "tells_assigned")
    list_select_related = ("membership__user", "membership__workspace")
    search_fields = ("membership__user__email",)
    ordering = ("-pk",)


@admin.register(MailServer)
class MailServerAdmin(ReadOnlyAdmin):
    list_display = ("host", "port", "security", "username", "sender")
    hidden = ("password",)
    list_filter = ("security",)
    search_fields = ("host",)
    ordering = ("pk",)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "user", "kind", "period", "attempts", "sent_at", "error")
    hidden = ("link", "address")
    list_filter = ("kind",)
    list_select_related = ("workspace", "user")
    search_fields = ("user__email",)
    ordering = ("-pk",)


@admin.register(Told)
class ToldAdmin(ReadOnlyAdmin):
    list_display = ("preference", "thread", "since", "mail")
    list_filter = ("preference__digest",)
    list_select_related = (
        "preference__membership__user",
        "preference__membership__workspace",
        "thread",
        "mail__user",
    )
    search_fields = ("=thread__pk",)
    ordering = ("-pk",)
