"""Every page, tried by all four: Alice, Bob, Charlie and nobody."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import (
    ApiToken,
    Invitation,
    ListPage,
    Membership,
    SavedView,
    User,
    Workspace,
)
from dexxy.accounts.saved_views import saved_view_save
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, WebhookDelivery
from dexxy.members.models import Identity, Member, MemberMerge, MergeSuggestion
from dexxy.outgoing.feed_addresses import feed_address_create
from dexxy.outgoing.models import Endpoint, FeedAddress, LeavingRule
from dexxy.people.export_keeping import export_request
from dexxy.people.models import Export, ExportFile, Format
from dexxy.people.selecting import people_tag_later
from dexxy.sources.models import Source
from dexxy.web import urls
from tests.factories import (
    make_app,
    make_delivery,
    make_endpoint,
    make_identity,
    make_message,
    make_repository,
    make_source,
    make_thread,
    make_workspace,
)

# Where one signs in elsewhere: signing_in/tests beside this folder tries them.
PROVIDERS = {"github_login", "github_callback", "oidc_login", "oidc_callback"}
# Without a name: where pages were once, which leads to where they are.
OPEN = {
    "home",
    "invitation",
    "sign_in_by_link",
    # By mail, and with what allauth asks: signing_in/tests beside this folder tries them.
    *("ask_for_mail", "new_password", "mfa_authenticate", "mfa_login_webauthn"),
    "favicon",
    "healthz",
    "readyz",
    # To whom the settings let ask: test_metrics.py beside this file tries it.
    "metrics",
    "theme",
    "density",
    "keyboard",
    # To whoever has the secret of its address: test_atom.py beside this file tries it.
    "feed_atom",
    # For everybody: test_docs.py beside this file tries it.
    "docs",
    "docs_page",
    # In the demo alone: test_first_run.py beside this file tries it.
    "start_real",
    # With a signed code: test_mailing.py beside this file tries it.
    "unsubscribe",
    *PROVIDERS,
    None,
}
# For who runs this Dexxy: test_github_setup.py and test_doctor.py beside this file try them.
OPERATORS = {
    "doctor",
    "setup_github",
    "github_registered",
    "github_keys",
    "settings_mail_server",
}
# Where this is the demo: demo/tests beside this folder tries it.
OF_THE_DEMO = {"demo_mails"}
ADMINS = {
    *(
        "endpoint",
        "repositories_add",
        "github_disconnect",
        "repository_disconnect",
        "member_erase",
        "people_import",
    ),
    *("settings_deliveries", "settings_delivery", "settings_audit"),
}
SHOWN = {"settings_deliveries", "settings_delivery", "settings_audit"}
FORMS = {
    *(ADMINS - SHOWN),
    "saved_view_delete",
    "settings_team",
    "waiting_decide",
    "member_merge",
    "member_edit",
    "member_notes",
    "settings_danger",
    "settings_general",
    "settings_github",
    "settings_mail",
    "settings_notifications",
    "settings_people",
    "settings_tokens",
}
# For whoever is signed in: dexxy/kept/tests/test_pictures.py, test_account.py and test_first_run.py
# try them.
SIGNED = {
    *("picture", "account", "account_zone", "account_address", "account_address_confirm"),
    # signing_in/tests beside this folder tries these.
    *("account_security", "account_sign_in_again", "account_app", "account_app_remove"),
    *("account_codes", "account_passkey", "account_passkey_action"),
    *("account_session_end", "account_sessions_end"),
    *("mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
    *("start_account", "start_workspace", "start_connect", "start_sync", "start_team"),
}
# Only sent to, never shown.
ACTIONS = {
    "repositories_sync",
    "repository_action",
    "member_action",
    "merge_undo",
    "waiting_changed",
    "waiting_undo",
    "suggestion_action",
    "token_revoke",
    "membership_action",
    "invitation_revoke",
    "sign_in_rule_create",
    "organization_rule_create",
    "sign_in_rule_delete",
    "settings_delivery_again",
    "settings_delivery_ask",
    "deliveries_missed",
    "checklist_close",
    "export_delete",
    "saved_view_save",
    "feed_read",
    "threads_columns",
    "people_bulk",
    "organization_merge_undo",
    "notifications_private",
    "feed_address_create",
    "feed_address_revoke",
    "endpoint_action",
    "endpoint_redeliver",
    "mail_test",
}
# Of what there is only once it was counted: test_organizations.py and test_insights.py try them.
COUNTED = {"organization", "organization_merge", "insights_rows"}
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/w/team/?kind=opened"}


@pytest.fixture
def pages(bob: User, workspace: Workspace, source: Source) -> dict[str, str]:
    """The address of every page of a workspace, by its name."""
    thread = make_thread(source=source)
    author = make_identity(workspace=workspace, name="for members only")
    message = make_message(thread=thread, author=author, body="for members only")
    repository = make_repository(source=source)
    installation = GitHubInstallation.objects.get()
    GitHubInstallation.objects.update(app=make_app(), installation_id=1)
    installation.refresh_from_db()
    delivery = make_delivery(installation=installation)
    view = saved_view_save(
        viewer=bob,
        workspace=workspace,
        page=ListPage.FEED,
        name="Bugs",
        query="label=bug",
        is_shared=True,
    )
    task = people_tag_later(
        actor=bob, workspace=workspace, member_ids=[author.member_id], add=["for members only"]
    )
    endpoint = make_endpoint(workspace=workspace)
    root = f"/w/{workspace.slug}/"
    return {
        "waiting": root,
        "feed": f"{root}feed/",
        "feed_newer": f"{root}feed/newer/",
        "threads": f"{root}threads/",
        "thread": f"{root}threads/{thread.pk}/",
        "pinned_views": f"{root}views/pinned/",
        "saved_view_delete": f"{root}views/{view.pk}/delete/",
        "thread_message": f"{root}threads/{thread.pk}/m/{message.pk}/",
        "search": f"{root}search/",
        "search_help": f"{root}search/help/",
        "palette": f"{root}search/palette/",
        "go": f"{root}go/",
        "insights": f"{root}insights/",
        "insights_how": f"{root}insights/how/",
        "insights_csv": f"{root}insights/messages.csv",
        "insights_figure": f"{root}insights/messages/",
        "organizations": f"{root}organizations/",
        "people": f"{root}people/",
        "people_import": f"{root}people/import/",
        "people_task": f"{root}people/tasks/{task.pk}/",
        "member": f"{root}people/{author.member_id}/",
        "member_merge": f"{root}people/{author.member_id}/merge/",
        "member_erase": f"{root}people/{author.member_id}/erase/",
        "member_threads": f"{root}people/{author.member_id}/threads/",
        "member_accounts": f"{root}people/{author.member_id}/accounts/",
        "member_notes": f"{root}people/{author.member_id}/notes/",
        "member_edit": f"{root}people/{author.member_id}/edit/",
        "suggestions": f"{root}people/suggestions/",
        "suggestions_moved": f"{root}suggestions/",
        "repositories": f"{root}repositories/",
        "repositories_add": f"{root}repositories/add/",
        "repository_disconnect": f"{root}repositories/{repository.pk}/disconnect/",
        "github_disconnect": f"{root}github/disconnect/",
        "settings_general": f"{root}settings/general/",
        "settings_people": f"{root}settings/people/",
        "settings_tokens": f"{root}settings/tokens/",
        "settings_data": f"{root}settings/data/",
        "settings_github": f"{root}settings/github/",
        "settings_mail": f"{root}settings/notifications/mail/",
        "settings_notifications": f"{root}settings/notifications/",
        "endpoint": f"{root}settings/notifications/endpoints/{endpoint.pk}/",
        "settings_audit": f"{root}settings/audit/",
        "settings_danger": f"{root}settings/danger/",
        "settings_deliveries": f"{root}settings/deliveries/",
        "settings_delivery": f"{root}settings/deliveries/{delivery.pk}/",
        "repository": f"{root}repositories/{repository.pk}/",
        "repositories_history": f"{root}repositories/history/",
        "waiting_how": f"{root}waiting/how/",
        "waiting_decide": f"{root}waiting/assign/",
        "settings_team": f"{root}settings/team/",
        "more": f"{root}more/",
        "health": f"{root}health/",
    }


@pytest.fixture
def actions(alice: User, workspace: Workspace, pages: dict[str, str]) -> list[str]:
    """The addresses that are only sent to."""
    repository = pages["repository_disconnect"].removesuffix("disconnect/")
    kept, merged, other = (make_identity(workspace=workspace).home_member for _ in range(3))
    merge = workspace.member_merges.create(kept=kept, merged=merged)
    suggestion = workspace.merge_suggestions.create(first=kept, second=other, score=0.9)
    token, _ = api_token_create(viewer=alice, workspace=workspace, name="script")
    invitation, _ = invitation_create(viewer=alice, workspace=workspace)
    rule = workspace.sign_in_rules.create(domain="example.org")
    membership = workspace.memberships.earliest("pk")
    export = export_request(viewer=alice, workspace=workspace, what=Export.THREADS, form=Format.CSV)
    feed, _ = feed_address_create(viewer=alice, workspace=workspace, page=ListPage.FEED)
    notifications = pages["settings_notifications"]
    return [
        f"{notifications}private/",
        f"{notifications}feeds/",
        f"{notifications}feeds/{feed.pk}/revoke/",
        f"{notifications}deliveries/1/redeliver/",
        *(
            f"{pages['endpoint']}{action}/"
            for action in ("test", "pause", "resume", "rotate", "delete")
        ),
        f"/w/{workspace.slug}/settings/people/rules/",
        f"/w/{workspace.slug}/settings/people/rules/organization/",
        f"/w/{workspace.slug}/settings/people/rules/{rule.pk}/delete/",
        f"{pages['waiting']}exports/{export.pk}/delete/",
        *(f"{pages['settings_people']}{membership.pk}/{action}/" for action in ("role", "remove")),
        f"{pages['waiting']}settings/invitations/{invitation.pk}/revoke/",
        f"{pages['settings_tokens']}{token.pk}/revoke/",
        f"{pages['settings_delivery']}again/",
        f"{pages['settings_deliveries']}missed/",
        f"{pages['waiting']}checklist/close/",
        pages["pinned_views"].removesuffix("pinned/"),
        f"{pages['feed']}read/",
        f"{pages['threads']}columns/",
        f"{pages['people']}bulk/",
        f"{pages['waiting']}organization-merges/1/undo/",
        *(f"{repository}{action}/" for action in ("pause", "resume", "sync")),
        *(
            f"{pages['member']}{action}/"
            for action in ("add", "lock", "unlock", "bot", "person", "team", "outside")
        ),
        f"{pages['waiting']}merges/{merge.pk}/undo/",
        *(
            f"{pages['suggestions']}{suggestion.pk}/{action}/"
            for action in ("accept", "reject", "reopen")
        ),
        *(f"{pages['waiting']}waiting/{one}/" for one in ("changed", "undo")),
    ]


def test_no_page_is_forgotten_here(pages: dict[str, str]) -> None:
    named = {one.name for one in urls.urlpatterns if isinstance(one, URLPattern)}

    assert named == OPEN | OPERATORS | SIGNED | ACTIONS | COUNTED | OF_THE_DEMO | set(pages)


def test_members_see_every_page(
    client: Client, alice: User, bob: User, pages: dict[str, str]
) -> None:
    for user, refused in ((alice, set[str]()), (bob, ADMINS)):
        client.force_login(user)
        for name, path in pages.items():
            page = client.get(path, follow=True)
            assert page.status_code == (403 if name in refused else 200), path


def test_only_who_may_see_a_page_can_send_it(
    client: Client,
    bob: User,
    charlie: User,
    pages: dict[str, str],
    actions: list[str],
) -> None:
    before = stored()
    sent = [*(pages[name] for name in sorted(FORMS)), *actions]

    for path in sent:
        assert client.post(path)["Location"] == "/accounts/login/?next=/"
    client.force_login(charlie)
    for path in sent:
        assert client.post(path).status_code == 404, path
    client.force_login(bob)
    for name in sorted(ADMINS & FORMS):
        assert client.post(pages[name]).status_code == 403, name

    assert stored() == before


def stored() -> list[list[tuple[object, ...]]]:
    """Return every row that a form or an action of the pages may change."""
    models = (
        GitHubRepository,
        GitHubInstallation,
        ApiToken,
        ExportFile,
        Invitation,
        Membership,
        Member,
        Identity,
        MemberMerge,
        MergeSuggestion,
        SavedView,
        Endpoint,
        FeedAddress,
        LeavingRule,
        WebhookDelivery,
    )
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_nobody_reaches_what_another_workspace_has_by_the_address_of_their_own(
    client: Client, charlie: User, pages: dict[str, str], actions: list[str]
) -> None:
    client.force_login(charlie)
    own = Workspace.objects.get(memberships__user=charlie)
    before = stored()

    for path in (*pages.values(), *actions):
        theirs = re.sub("^/w/[^/]+/", f"/w/{own.slug}/", path)
        if re.search(r"/[0-9]+/", theirs):
            # What an empty form lacks may be said first.
            assert client.post(theirs).status_code in (302, 400, 404, 405), theirs
            assert client.get(theirs).status_code in (404, 405), theirs
    assert stored() == before


def test_what_is_only_sent_to_is_not_shown(client: Client, alice: User, actions: list[str]) -> None:
    client.force_login(alice)

    for path in actions:
        assert client.get(path).status_code == 405


def test_sending_needs_the_token_of_a_page(
    alice: User, pages: dict[str, str], actions: list[str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    for path in (*actions, *(pages[name] for name in sorted(FORMS))):
        assert client.post(path).status_code == 403, path


def without_token(page: bytes) -> bytes:
    return re.sub(rb'(name="csrfmiddlewaretoken" value=)"\w+"', rb"\1", page)


def test_an_outsider_gets_the_answer_of_what_does_not_exist(
    client: Client, charlie: User, pages: dict[str, str]
) -> None:
    client.force_login(charlie)
    missing = without_token(client.get("/w/no-such-team/").content)

    for path in pages.values():
        response = client.get(path)
        assert response.status_code == 404, path
        assert without_token(response.content) == missing
        assert b"for members only" not in response.content


def test_nobody_is_sent_to_sign_in_and_back(client: Client, pages: dict[str, str]) -> None:
    for path in ("/", *pages.values()):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"] == f"/accounts/login/?next={path}"


def test_a_part_of_a_page_takes_the_whole_page_to_sign_in(
    client: Client, pages: dict[str, str]
) -> None:
    response = client.get(pages["feed_newer"], headers=HTMX)

    assert response.content == b""
    assert response["HX-Redirect"] == "/accounts/login/?next=/w/team/%3Fkind%3Dopened"


def test_a_thread_of_another_workspace_is_not_found_in_this_one(
    client: Client, alice: User, pages: dict[str, str]
) -> None:
    other = make_thread(source=make_source(workspace=make_workspace(admin=alice)))
    client.force_login(alice)

    for pk in (other.pk, 0, 10**30):
        assert client.get(f"{pages['waiting']}threads/{pk}/").status_code == 404


def test_pages_only_read(client: Client, alice: User, pages: dict[str, str]) -> None:
    client.force_login(alice)

    for path in ("/", *(path for name, path in pages.items() if name not in FORMS)):
        assert client.post(path).status_code == 405


def test_no_page_of_a_workspace_is_kept_by_a_cache(
    client: Client, alice: User, pages: dict[str, str]
) -> None:
    client.force_login(alice)

    for path in pages.values():
        assert "no-store" in client.get(path)["Cache-Control"]


def test_home_leads_to_the_first_workspace(
    client: Client, alice: User, workspace: Workspace
) -> None:
    make_workspace(admin=alice)
    client.force_login(alice)

    assert client.get("/")["Location"] == f"/w/{workspace.slug}/"


def test_home_of_somebody_in_no_workspace_says_what_to_do(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("dora@example.com"))

    assert "Ask an admin" in client.get("/").content.decode()
