"""Whatever can be changed by the API or the administration can be changed in the browser."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import URLPattern
from graphql import (
    GraphQLInputObjectType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

import dexxy
from dexxy.accounts.models import User
from dexxy.common.admin import ReadOnlyAdmin
from dexxy.integrations import urls as urls_of_github
from dexxy.web import urls
from tests.api_documents import root_fields
from tests.every_page import Opened, every_page, pages
from tests.factories import make_workspace
from tests.forms import doors

__all__ = ["every_page", "pages"]

# Mutation -> the page that does it, and the service that both call.
PAGES = {
    "workspaceCreate": ("start_workspace", "workspace_begin"),
    "workspaceUpdate": ("settings_general", "workspace_update"),
    "workspaceDelete": ("settings_danger", "workspace_delete"),
    "workspaceRestore": ("settings_danger", "workspace_restore"),
    "viewerUpdate": ("account", "user_update"),
    "apiTokenCreate": ("settings_tokens", "api_token_create"),
    "apiTokenRevoke": ("token_revoke", "api_token_revoke"),
    "invitationCreate": ("settings_people", "invitation_create"),
    "invitationRevoke": ("invitation_revoke", "invitation_revoke"),
    "invitationAccept": ("invitation", "invitation_accept"),
    "signInRuleCreate": ("sign_in_rule_create", "sign_in_rule_create"),
    "organizationRuleCreate": ("organization_rule_create", "organization_rule_create"),
    "signInRuleDelete": ("sign_in_rule_delete", "sign_in_rule_delete"),
    "membershipSetRole": ("membership_action", "membership_set_role"),
    "membershipRemove": ("membership_action", "membership_remove"),
    "savedViewSave": ("saved_view_save", "saved_view_save"),
    "savedViewDelete": ("saved_view_delete", "saved_view_delete"),
    "memberMerge": ("member_merge", "people_merge"),
    "memberUnmerge": ("merge_undo", "people_unmerge"),
    "mergeSuggestionAccept": ("suggestion_action", "people_accept"),
    "mergeSuggestionReject": ("suggestion_action", "suggestion_reject"),
    "mergeSuggestionReopen": ("suggestion_action", "suggestion_reopen"),
    "memberEdit": ("member_edit", "member_edit"),
    "memberSetLocked": ("member_action", "member_set_locked"),
    "memberSetBot": ("member_action", "person_set_bot"),
    "identityAdd": ("member_action", "identity_add"),
    "memberTagMany": ("people_bulk", "people_tag"),
    "memberTagAll": ("people_bulk", "people_tag_later"),
    "memberExport": ("people_bulk", "export_request"),
    "memberNoteAdd": ("member_notes", "note_add"),
    "memberNoteEdit": ("member_notes", "note_edit"),
    "memberNoteDelete": ("member_notes", "note_delete"),
    "memberErase": ("member_erase", "person_erase"),
    "memberSetTeam": ("settings_team", "member_set_team"),
    "ownMemberSet": ("settings_team", "own_member_set"),
    "organizationMerge": ("organization_merge", "organization_merge"),
    "organizationUnmerge": ("organization_merge_undo", "organization_unmerge"),
    "threadSnooze": ("waiting_decide", "threads_snooze"),
    "threadSetAside": ("waiting_decide", "threads_set_aside"),
    "threadAssign": ("waiting_decide", "threads_assign"),
    "threadNote": ("waiting_decide", "thread_note"),
    "githubStartOauth": ("github_connect", "oauth_start"),
    "githubConnectToken": ("settings_github", "token_connect"),
    "githubDisconnectInstallation": ("github_disconnect", "installation_disconnect"),
    "githubDisconnectRepo": ("repository_disconnect", "repository_disconnect"),
    "githubSyncRepo": ("repository_action", "repository_sync_now"),
    "githubSyncRepos": ("repositories_sync", "repositories_sync_now"),
    "githubSetRepoSyncPaused": ("repository_action", "repository_set_paused"),
    "endpointCreate": ("settings_notifications", "endpoint_create"),
    "endpointUpdate": ("endpoint", "endpoint_update"),
    "endpointSetPaused": ("endpoint_action", "endpoint_set_paused"),
    "endpointRotateKey": ("endpoint_action", "endpoint_rotate_secret"),
    "endpointTest": ("endpoint_action", "endpoint_test"),
    "endpointDelete": ("endpoint_action", "endpoint_delete"),
    "endpointRedeliver": ("endpoint_redeliver", "endpoint_redeliver"),
    "feedAddressCreate": ("feed_address_create", "feed_address_create"),
    "feedAddressRevoke": ("feed_address_revoke", "feed_address_revoke"),
    "workspaceKeepPrivateIn": ("notifications_private", "workspace_keep_private_in"),
    "mailPreferencesSet": ("settings_mail", "mail_preference_set"),
    "githubDeliveriesRecover": ("deliveries_missed", "deliveries_recover"),
    "workspaceTakeKinds": ("settings_general", "workspace_take_kinds"),
    "githubDeliveryAskAgain": ("settings_delivery_ask", "delivery_ask_again"),
    "githubDeliveryRedeliver": ("settings_delivery_again", "delivery_redeliver"),
}
# Mutation -> why no page calls its service.
WITHOUT = {
    "memberImport": "`people_import` keeps a file and shows what it would do before it does it",
    "activitiesIngest": "it takes what a script of the team's tells, which has no page",
    "githubConnectRepo": "`repositories_add` connects many at once, by the service that this uses",
}
# Argument of a mutation -> the field that says it, where that has another name: of the page above,
# or of the one before the dot; `address` and `action` are parts of where the form is sent.
CALLED = {
    "apiTokenCreate.expiresAt": "days",
    **{
        f"{mutation}.{argument}": field
        for mutation in ("endpointCreate", "endpointUpdate")
        for argument, field in (("events", "event"), ("filters", "view"), ("viewName", "view"))
    },
    "endpointSetPaused.paused": "action",
    "feedAddressCreate.page": "of",
    "feedAddressCreate.viewId": "of",
    "githubSetRepoSyncPaused.paused": "action",
    "invitationAccept.code": "address",
    "memberErase.withBodies": "bodies",
    "memberExport.memberIds": "member",
    "memberExport.filters": "all",
    "memberExport.segment": "all",
    "memberExport.isCsv": "do",
    "memberMerge.mergedId": "with",
    "memberNoteDelete.noteId": "note",
    "memberNoteEdit.noteId": "note",
    "memberSetBot.isBot": "action",
    "memberSetLocked.isLocked": "action",
    "memberSetTeam.memberId": "member",
    "memberSetTeam.isOnTeam": "decision",
    "memberTagAll.add": "tag",
    "memberTagAll.remove": "tag",
    "memberTagAll.filters": "all",
    "memberTagAll.segment": "all",
    "memberTagMany.memberIds": "member",
    "memberTagMany.add": "tag",
    "memberTagMany.remove": "tag",
    "organizationMerge.keptKey": "address",
    "organizationMerge.mergedKey": "with",
    "ownMemberSet.memberId": "who",
    "savedViewSave.isShared": "shared",
    "savedViewSave.isPinned": "pinned",
    "threadAssign.userId": "to",
    "threadNote.threadId": "thread",
    "threadSetAside.isAside": "action",
    **{f"thread{do}.threadIds": "thread" for do in ("Assign", "SetAside", "Snooze")},
    **{f"thread{do}.seenAt": "seen" for do in ("Assign", "Note", "SetAside", "Snooze")},
    "viewerUpdate.threadColumns": "threads_columns.column",
    "workspaceTakeKinds.kinds": "kind",
    "workspaceUpdate.attentionAfter": "settings_team.attention_after",
    "workspaceUpdate.lateAfter": "settings_team.late_after",
}
PARTS = {"address": "str:", "action": "slug:action"}
# Argument of a mutation -> why the pages opened here have no field for it.
WITHOUT_A_FIELD = {
    "mergeSuggestionAccept.keptId": "`member_merge` asks which of the two is kept",
    "organizationRuleCreate.role": "it stands where GitHub tells of members of an organization",
    "savedViewSave.viewId": "it stands where a view is shown, and may be changed",
}
# What the administration changes -> the page, or why there is none.
OF_ADMINISTRATION = {
    "accounts.Workspace": "settings_general",
    "accounts.Membership": "settings_people",
    "accounts.User": "account",
}


def by_name() -> dict[str, URLPattern]:
    """Return the pages of the product by their names."""
    found = [*urls.urlpatterns, *urls_of_github.urlpatterns]
    return {one.name: one for one in found if isinstance(one, URLPattern) and one.name}


def is_called_in(service: str, text: str) -> bool:
    return re.search(rf"\b{service}\b", text) is not None


def test_every_mutation_has_a_page_or_a_reason() -> None:
    mutations = {name for name, (kind, _) in root_fields().items() if kind == "mutation"}

    assert not PAGES.keys() & WITHOUT.keys()
    assert mutations == PAGES.keys() | WITHOUT.keys()


@pytest.mark.parametrize("mutation", sorted(PAGES))
def test_a_page_calls_the_service_of_the_mutation(mutation: str) -> None:
    name, service = PAGES[mutation]
    page = inspect.getmodule(inspect.unwrap(by_name()[name].callback))
    doors = Path(dexxy.__file__).parent.rglob("graphql*.py")

    assert page is not None
    assert is_called_in(service, inspect.getsource(page))
    assert any(is_called_in(service, door.read_text(encoding="utf-8")) for door in doors)


def test_what_the_administration_changes_has_a_page() -> None:
    admin.autodiscover()
    changed = {
        model._meta.label
        for model, of in admin.site._registry.items()
        if model.__module__.startswith("dexxy.") and not isinstance(of, ReadOnlyAdmin)
    }

    assert changed == OF_ADMINISTRATION.keys()
    assert set(OF_ADMINISTRATION.values()) <= by_name().keys()


@pytest.fixture
def fields(alice: User, every_page: Opened) -> dict[str, set[str]]:
    """The fields of the forms of all pages, by the name of the address that they are sent to."""
    found = dict[str, set[str]]()
    unconnected = make_workspace(admin=alice)
    connect = {"settings_github": f"/w/{unconnected.slug}/settings/github/"}
    for door in doors([*every_page, (alice, connect)]):
        names = found.setdefault(door.button.url_name, set())
        names |= {*door.button.form.fields, door.button.name}
    return found


def arguments_of(mutation: str) -> dict[str, bool]:
    """Return what a mutation takes, and whether it must be given; of an input, its fields."""
    _, field = root_fields()[mutation]
    of = get_named_type(field.args["input"].type) if "input" in field.args else None
    if isinstance(of, GraphQLInputObjectType):
        more = {name: is_required_input_field(one) for name, one in of.fields.items()}
    else:
        more = {}
    plain = {name: is_required_argument(one) for name, one in field.args.items() if name != "input"}
    return {**plain, **more}


def in_words(name: str) -> str:
    """Return a name of the API as one of a field: `lateHours` as `late_hours`."""
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


def has_a_place(mutation: str, argument: str, fields: Mapping[str, set[str]]) -> bool:
    """Say whether an argument can be given in the browser: in a form, or by where it is sent."""
    page, _service = PAGES[mutation]
    route = str(by_name()[page].pattern)
    called = CALLED.get(f"{mutation}.{argument}", in_words(argument))
    if called in ("workspace_id", "address", "action"):
        return called == "workspace_id" or f"<{PARTS[called]}" in route
    if called.endswith("_id") and arguments_of(mutation)[argument] and "<int:pk>" in route:
        return True
    other, _dot, field = called.rpartition(".")
    return field in fields.get(other or page, set())


@pytest.mark.slow
def test_what_a_mutation_takes_has_a_field_on_a_page(fields: dict[str, set[str]]) -> None:
    without = [
        f"{mutation}.{argument}"
        for mutation in PAGES
        for argument in arguments_of(mutation)
        if not has_a_place(mutation, argument, fields)
    ]

    assert sorted(without) == sorted(WITHOUT_A_FIELD)
