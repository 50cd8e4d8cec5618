from django.contrib import admin

from dexxy.common.admin import ReadOnlyAdmin
from dexxy.kept.models import KeptFile, Picture


@admin.register(KeptFile)
class KeptFileAdmin(ReadOnlyAdmin):
    hidden = ("content",)  # megabytes, which say nothing
    list_display = ("name", "created_at")
    list_filter = ("created_at",)
    search_fields = ("=name",)
    ordering = ("-pk",)


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    list_display = ("address", "state", "content_type", "size", "expires_at")
    list_filter = ("state", "content_type")
    search_fields = ("address",)
    ordering = ("-pk",)
