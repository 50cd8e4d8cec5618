"""Sources for who runs this Dexxy."""

from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.sources.models import DailyCounts, Source


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "kind", "server", "last_activity_at", "is_archived")
    list_filter = ("kind", "is_archived", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name", "=external_id")


@admin.register(DailyCounts)
class DailyCountsAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "stars", "forks", "taken_at")
    list_filter = ("source__workspace",)
    list_select_related = ("source",)
    search_fields = ("source__name",)
    ordering = ("-date", "-pk")
    date_hierarchy = "date"
