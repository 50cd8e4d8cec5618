"""Users and workspaces for who runs this Dexxy."""

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any, cast

# Registers the addresses, which are registered anew below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dexxy.accounts.addresses import (
    AddressTakenError,
    address_given,
    address_prove,
    address_refuse_taken,
)
from dexxy.accounts.first_run import workspace_begin
from dexxy.accounts.memberships import (
    operator_add,
    operator_deactivate,
    operator_remove,
    operator_set_role,
)
from dexxy.accounts.models import (
    ApiToken,
    AuditEntry,
    BrowserSession,
    FormerAddress,
    Invitation,
    Membership,
    Role,
    SavedView,
    SignInRule,
    User,
    Workspace,
)
from dexxy.accounts.security.passwords import password_set
from dexxy.accounts.services import audit_of_user, operator_workspace_update
from dexxy.accounts.sessions import session_digest
from dexxy.common.admin import ReadOnlyAdmin
from dexxy.common.errors import DexxyError

# Django's classes are generic for mypy alone, hence each ignored type-arg.

# The same sign-in, with the same limits on guessing, for everybody.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Dexxy administration"
admin.site.index_title = "Everything that is stored"


class AddressForm(ModelForm):  # type: ignore[type-arg]
    """Says of an address that another account has it, before anything is stored."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email == self.instance.email:
            return email  # whatever it is since before
        email = address_given(email)
        try:
            address_refuse_taken(email, but=self.instance)
        except AddressTakenError as error:
            raise ValidationError(str(error)) from error
        return email


class UserCreationForm(AddressForm, AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name")


class UserChangeForm(AddressForm, DjangoUserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 (the admin's own fieldsets choose)


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Sets a password as every other door does."""

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self._request = request

    def save(self, commit: bool = True) -> User:
        user = cast(User, self.user)
        if not self.cleaned_data["set_usable_password"]:
            return cast(User, super().save(commit=commit))
        actor = cast(User, self._request.user)
        this = session_digest(self._request.session.session_key or "")
        password_set(user, self.cleaned_data["password1"], this=this, actor=actor)
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_vouched")
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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            # Whoever runs this Dexxy says whose it is.
            address_prove(obj)
        if change and "is_active" in form.changed_data and not obj.is_active:
            operator_deactivate(actor=cast(User, request.user), user=obj)

    @transaction.atomic
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        # Django gives its form no request; and the class serves many requests at once.
        one = copy(self)
        one.change_password_form = partial(PasswordForm, request=request)
        return super(UserAdmin, one).user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Write down in their workspaces, too, what was changed of somebody."""
        parts = message if isinstance(message, list) else []
        fields = [name for part in parts for name in part.get("changed", {}).get("fields", [])]
        # Of a new password `password_set` tells.
        is_told = fields == ["password"] and obj.has_usable_password()
        if fields and not is_told:
            audit_of_user(obj, cast(User, request.user), "user.changed", fields=fields)
        return super().log_change(request, obj, message)


# The providers are those of the settings, and no token of theirs is kept.
admin.site.unregister([EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Which addresses are proven. They follow from what is done to users and invitations."""

    list_display = ("email", "user", "verified")
    list_filter = ("verified",)
    list_select_related = ("user",)
    search_fields = ("email", "user__name")


@admin.register(SocialAccount)
class OutsideAccountAdmin(ReadOnlyAdmin):
    """With which accounts elsewhere people sign in."""

    list_display = ("user", "provider", "uid", "date_joined")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("uid", "user__email", "user__name")


@admin.register(Authenticator)
class SecondStepAdmin(ReadOnlyAdmin):
    """Who signs in with a second step. What it is made of is not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    hidden = ("data",)
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")


@admin.register(BrowserSession)
class BrowserSessionAdmin(ReadOnlyAdmin):
    """Where people are signed in."""

    list_display = ("user", "address", "begun_at", "seen_at")
    hidden = ("session",)
    list_filter = ("seen_at",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")


def _or_told(
    request: HttpRequest, model: type[Model], page: Callable[[], HttpResponse]
) -> HttpResponse:
    """Show PAGE, or in the list of MODEL why what was sent to it cannot be done."""
    try:
        return page()
    except DexxyError as error:
        messages.error(request, str(error))
        return redirect(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    fields = ("workspace", "user", "role")
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

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        page = partial(super().changeform_view, request, *args, **options)
        return _or_told(request, self.model, page)

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        page = partial(super().delete_view, request, *args, **options)
        return _or_told(request, self.model, page)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        actor, role = cast(User, request.user), Role(obj.role)
        if change:
            operator_set_role(actor=actor, membership_id=obj.pk, role=role)
        else:
            made = operator_add(actor=actor, workspace=obj.workspace, user=obj.user, role=role)
            obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        operator_remove(actor=cast(User, request.user), membership_id=obj.pk)


class WorkspaceForm(ModelForm):  # type: ignore[type-arg]
    def validate_unique(self) -> None:
        """Leave it to the service, which knows the addresses of before, too."""


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the settings of a workspace change, for who runs this Dexxy and is in none."""

    form = WorkspaceForm
    actions: tuple[str, ...] | None = None
    list_display = ("name", "slug", "created_at", "delete_at")
    search_fields = ("name", "slug")
    # These change with what hangs on them: by Settings > General, the checklist, the danger zone.
    readonly_fields = ("thread_kinds", "is_set_up", "delete_at")
    _chosen = ("name", "slug", "time_zone", "language", "attention_after", "late_after")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*self._chosen, *self.readonly_fields) if obj else ("name", "slug")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # It would take every message with it.
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        page = partial(super().changeform_view, request, *args, **options)
        return _or_told(request, self.model, page)

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        actor = cast(User, request.user)
        if change:
            wanted = {name: form.cleaned_data[name] for name in self._chosen}
            operator_workspace_update(actor=actor, workspace=obj, **wanted)
        else:
            obj.pk = workspace_begin(viewer=actor, name=obj.name, slug=obj.slug).pk


@admin.register(FormerAddress)
class FormerAddressAdmin(ReadOnlyAdmin):
    list_display = ("slug", "workspace", "created_at")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("slug",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    hidden = ("token_hash",)
    list_display = ("email", "workspace", "role", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role", "workspace")
    list_select_related = ("workspace",)
    search_fields = ("email",)


@admin.register(SignInRule)
class SignInRuleAdmin(ReadOnlyAdmin):
    list_display = ("whom", "workspace", "role", "made_by", "created_at")
    list_filter = ("role", "workspace")
    list_select_related = ("workspace", "made_by")
    search_fields = ("domain", "account_login")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    hidden = ("token_hash",)
    list_display = ("name", "user", "workspace", "scope", "expires_at", "last_used_at")
    list_filter = ("scope", "workspace")
    list_select_related = ("user", "workspace")
    search_fields = ("name", "user__email")


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "workspace", "owner", "made_by", "is_pinned")
    list_filter = ("page", "is_pinned", "workspace")
    list_select_related = ("workspace", "owner", "made_by")
    search_fields = ("name", "made_by__email")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "workspace", "actor", "action", "target_type", "target_id")
    list_filter = ("action", "workspace")
    list_select_related = ("workspace", "actor")
    search_fields = ("action", "=target_id", "actor__email")
    ordering = ("-pk",)
