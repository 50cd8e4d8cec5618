"""The admin pages of every model of ours."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from dexxy.accounts.models import (
    ApiToken,
    AuditEntry,
    BrowserSession,
    Membership,
    Role,
    User,
    Workspace,
)
from dexxy.common.admin import ReadOnlyAdmin
from dexxy.integrations.models import GitHubInstallation
from dexxy.sources.models import Source
from tests.factories import (
    PASSWORD,
    make_identity,
    make_installation,
    make_message,
    make_repository,
    make_run,
    make_stream,
    make_thread,
    make_user,
)

EDITABLE = {"user", "membership", "workspace"}


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("dexxy.")]


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def root(client: Client, db: None) -> User:
    user = make_user(email="root@example.com", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def rows(workspace: Workspace, source: Source, alice: User) -> None:
    """At least one row of what has the most to hide or to slow down."""
    thread = make_thread(source=source, author=make_identity(workspace=workspace))
    make_message(thread=thread, author=thread.author)
    make_installation(workspace=workspace, token="ghp_secret")
    repository = make_repository(source=source)
    make_stream(repository=repository)
    make_run(repository=repository)
    ApiToken.objects.create(workspace=workspace, user=alice, name="key", token_hash="5ec7e7")


def test_every_model_has_admin_pages_with_search_and_filters() -> None:
    lacking = {
        model.__name__
        for model in our_models()
        if not admin.site.is_registered(model)
        or not admin.site.get_model_admin(model).search_fields
        or not (admin.site.get_model_admin(model).list_filter or model is Workspace)
    }

    assert lacking == set()


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_every_list_and_row_opens_without_a_secret(
    client: Client, root: User, model: type[Model]
) -> None:
    paths = [address(model, "changelist"), f"{address(model, 'changelist')}?q=1"]
    paths += [address(model, "change", row.pk) for row in model._default_manager.all()[:1]]

    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        for secret in (b"ghp_secret", b"5ec7e7", b"gAAAA"):
            assert secret not in page.content


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_what_was_synced_can_neither_be_made_changed_nor_deleted_by_hand(
    model: type[Model], client: Client, root: User
) -> None:
    if model._meta.model_name in EDITABLE:
        pytest.skip("people edit these")

    assert client.get(address(model, "add")).status_code == 403
    assert isinstance(admin.site.get_model_admin(model), ReadOnlyAdmin)


@pytest.mark.usefixtures("rows")
def test_a_synced_row_stays_as_it_is(client: Client, root: User, source: Source) -> None:
    selected = {"action": "delete_selected", "_selected_action": str(source.pk), "post": "yes"}

    client.post(address(Source, "changelist"), selected)
    assert client.post(address(Source, "delete", source.pk), {"post": "yes"}).status_code == 403
    assert client.post(address(Source, "change", source.pk), {"name": "x"}).status_code == 403

    source.refresh_from_db()
    assert source.name == "owner/repo"


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model.__name__)
def test_secrets_are_in_no_form(model: type[Model]) -> None:
    shown = admin.site.get_model_admin(model)
    secret = {
        field.name
        for field in model._meta.get_fields()
        if field.name.endswith(("_secret", "_key", "_token", "_hash", "password"))
    }

    # Of a password only its kind of hash is shown, by Django's own widget.
    hidden = set(getattr(shown, "hidden", ())) | {"password"}
    assert secret - hidden == set()


@pytest.mark.usefixtures("rows")
def test_a_list_opens_although_a_token_cannot_be_decrypted(client: Client, root: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'other key'")

    assert client.get(address(GitHubInstallation, "changelist")).status_code == 200


def test_a_user_is_made_with_an_address_and_a_password(client: Client, root: User) -> None:
    form = {"email": "dora@example.com", "name": "Dora", "usable_password": "true"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}

    response = client.post(address(User, "add"), form)

    assert response.status_code == 302, response.content
    dora = User.objects.get(email="dora@example.com")
    assert dora.name == "Dora"
    assert dora.check_password(PASSWORD)


def test_a_user_is_renamed_but_never_deleted(client: Client, root: User) -> None:
    dora = make_user(email="dora@example.com")

    client.post(address(User, "change", dora.pk), {"email": "d@example.com", "is_active": "on"})
    client.post(address(User, "delete", dora.pk), {"post": "yes"})

    dora.refresh_from_db()
    assert dora.email == "d@example.com"
    assert dora.check_password(PASSWORD)


def test_a_workspace_keeps_its_last_admin(
    client: Client, root: User, alice: User, workspace: Workspace
) -> None:
    last = Membership.objects.get(user=alice)

    client.post(address(Membership, "change", last.pk), {"role": Role.MEMBER})
    client.post(address(Membership, "delete", last.pk), {"post": "yes"})

    last.refresh_from_db()
    assert last.role == Role.ADMIN


def test_a_workspace_is_made_for_who_makes_it_and_its_first_run_begins(
    client: Client, root: User
) -> None:
    client.post(address(Workspace, "add"), {"name": "Bees", "slug": "bees"})

    bees = Workspace.objects.get(slug="bees")
    assert client.get("/w/bees/").status_code == 200
    assert not bees.is_set_up
    assert AuditEntry.objects.get().action == "workspace.created"


def test_a_workspace_is_neither_deleted_nor_given_what_its_settings_refuse(
    client: Client, root: User, workspace: Workspace
) -> None:
    page = address(Workspace, "change", workspace.pk)
    sent = {"name": "Hill", "slug": workspace.slug, "time_zone": "Asia/Kolkata"}
    sent |= {"attention_after": "7", "late_after": "30"}

    client.post(page, {**sent, "time_zone": "Mars"})
    workspace.refresh_from_db()
    assert workspace.time_zone == "UTC"

    client.post(page, {**sent, "delete_at_0": "2020-01-01", "delete_at_1": "0:0", "is_set_up": ""})
    workspace.refresh_from_db()
    assert (workspace.name, workspace.time_zone) == ("Hill", "Asia/Kolkata")
    assert (workspace.delete_at, workspace.is_set_up) == (None, True)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.workspace) == ("workspace.updated", root, workspace)


@pytest.mark.parametrize(
    ("page", "sent", "action", "told"),
    [
        (
            "change",
            {"email": "d@example.com", "is_active": "on"},
            "user.changed",
            {"user": "d@example.com", "fields": ["Email"]},
        ),
        (
            "password",
            {"usable_password": "true"},
            "user.password_set",
            {"user": "bob@example.com", "sessions": 0},
        ),
        (
            "password",
            {"usable_password": "false", "unset-password": "yes"},
            "user.changed",
            {"user": "bob@example.com", "fields": ["password"]},
        ),
    ],
)
def test_what_is_changed_of_an_account_is_in_the_log_of_its_workspaces(
    client: Client,
    root: User,
    bob: User,
    workspace: Workspace,
    page: str,
    sent: dict[str, str],
    action: str,
    told: dict[str, object],
) -> None:
    path = f"/admin/accounts/user/{bob.pk}/{page}/"
    new = {"password1": f"{PASSWORD} new", "password2": f"{PASSWORD} new"}

    answer = client.post(path, {"name": bob.name, **sent, **new})

    assert answer.status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.details) == (action, root, told)


def test_who_gives_themselves_another_password_stays_signed_in_there(
    client: Client, root: User
) -> None:
    elsewhere = Client()
    elsewhere.force_login(root)
    elsewhere.get("/admin/")
    there = BrowserSession.objects.latest("pk")
    new = {"password1": f"{PASSWORD} new", "password2": f"{PASSWORD} new"}

    client.post(f"/admin/accounts/user/{root.pk}/password/", {"usable_password": "true", **new})

    assert not BrowserSession.objects.filter(pk=there.pk).exists()
    assert elsewhere.get("/admin/").status_code == 302
    assert client.get("/admin/").status_code == 200


def test_only_staff_come_in(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/").status_code in {302, 403}

    client.logout()
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
