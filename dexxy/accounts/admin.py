"""Users and workspaces for who runs this Dexxy."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from dexxy.accounts.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    Membership,
    Role,
    User,
    Workspace,
)

# Django's classes are generic for mypy alone, hence each ignored type-arg.

# The same sign-in, with the same limits on guessing, for everybody.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Dexxy administration"
admin.site.index_title = "Everything that is stored"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of a table of millions, which nobody waits to see counted."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        found = self.object_list
        return found[: self.most].count() if isinstance(found, QuerySet) else len(found)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the application writes: an edit by hand would be undone or do harm."""

    actions: tuple[str, ...] | None = None
    show_full_result_count = False
    paginator = CappedPaginator
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    # Fields that are neither shown nor read from the database.
    hidden: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.hidden)

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.hidden

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name")


class UserChangeForm(DjangoUserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"  # the admin's own fieldsets choose


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Whoever leaves is made inactive: what they did stays theirs.
        return False


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Membership
        fields = ("workspace", "user", "role")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("role") != Role.ADMIN and _is_last_admin(self.instance):
            raise ValidationError("A workspace needs an admin: make somebody else one first.")
        return cleaned


def _is_last_admin(membership: Membership) -> bool:
    if membership.pk is None:
        return False
    others = Membership.objects.filter(workspace_id=membership.workspace_id, role=Role.ADMIN)
    return not others.exclude(pk=membership.pk).exists()


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = MembershipForm
    actions: tuple[str, ...] | None = None
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role", "workspace")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__name", "workspace__name")
    autocomplete_fields = ("user", "workspace")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Membership | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else ("user", "workspace")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and _is_last_admin(obj):
            return False
        return super().has_delete_permission(request, obj)


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    actions: tuple[str, ...] | None = None
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # It would take every message with it.
        return False


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    hidden = ("token_hash",)
    list_display = ("email", "workspace", "role", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("email",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    hidden = ("token_hash",)
    list_display = ("name", "user", "workspace", "scope", "expires_at", "last_used_at")
    list_filter = ("scope", "workspace")
    list_select_related = ("user", "workspace")
    search_fields = ("name", "user__email")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "workspace", "actor", "action", "target_type", "target_id")
    list_filter = ("action", "workspace")
    list_select_related = ("workspace", "actor")
    search_fields = ("action", "=target_id", "actor__email")
    ordering = ("-pk",)
