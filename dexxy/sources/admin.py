"""Sources for who runs this Dexxy."""

from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.sources.models import Source


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "kind", "server", "last_activity_at", "is_archived")
    list_filter = ("kind", "is_archived", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("name", "=external_id")
