from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.people.models import BulkTask, ExportFile, ExportPiece


@admin.register(ExportFile)
class ExportFileAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "requested_by", "what", "form", "state", "rows_done", "expires_at")
    list_filter = ("state", "what", "form")
    list_select_related = ("workspace", "requested_by")
    search_fields = ("workspace__name", "requested_by__email")
    ordering = ("-pk",)


@admin.register(ExportPiece)
class ExportPieceAdmin(ReadOnlyAdmin):
    list_display = ("export", "number")
    list_filter = ("export__what",)
    list_select_related = ("export__workspace", "export__requested_by")
    search_fields = ("=export__pk",)
    ordering = ("-pk",)


@admin.register(BulkTask)
class BulkTaskAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "requested_by", "kind", "state", "steps_done", "expires_at")
    hidden = ("member_ids",)
    list_filter = ("state", "kind")
    list_select_related = ("workspace", "requested_by")
    search_fields = ("workspace__name", "requested_by__email")
    ordering = ("-pk",)
