"""Every page of the product, full of what is long, and by whom it is opened."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pytest_django import Settings
from sesame.utils import get_query_string

from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubApp, GitHubRepository, WebhookDelivery
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.preferences import mail_preference_set, unsubscribe_code
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.models import MemberSummary, OrganizationMerge
from dexxy.members.notes import note_add
from dexxy.messages.models import MessageKind, ThreadKind
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.outgoing.models import Endpoint
from dexxy.people.merging import people_merge
from dexxy.sources.models import Source
from dexxy.web.tests.test_access import pages
from tests.factories import (
    make_identity,
    make_message,
    make_outgoing,
    make_run,
    make_stream,
    make_thread,
    make_user,
)

__all__ = ["pages"]

# Who opens which pages, by their names.
Opened = list[tuple[User | None, dict[str, str]]]
START = ("account", "workspace", "connect", "sync", "team")


def fill(alice: User, workspace: Workspace, pages: Mapping[str, str]) -> dict[str, str]:
    """Let pages have what is long, and return those that there are only then."""
    source = Source.objects.get(workspace=workspace)
    author, other = (
        make_identity(workspace=workspace, username=f"a-name-without-end-{'x' * 60}{number}")
        for number in range(2)
    )
    thread = make_thread(source=source, author=author, title="线程池" * 40, labels=["bug" * 20])
    message = make_message(
        thread=thread, author=author, body=f"# Title\n\n{'x' * 300}\n\n```\n{'y ' * 200}\n```"
    )
    make_message(thread=thread, author=other, kind=MessageKind.CLOSED)
    evidence = [{"rule": "same_name", "weight": 3.4, "sentence": "Both are named Ada."}]
    made = Suggested(author.home_member_id, other.home_member_id, 0.876, evidence)
    suggestions_apply(workspace.pk, made=[made], withdrawn=[])
    repository = GitHubRepository.objects.get()
    GitHubRepository.objects.update(sync_error="x" * 300)
    make_stream(repository=repository, read=10, expected=40)
    counts = {"here": 1_234_567, "github": 1_234_567, "taken_at": timezone.now().isoformat()}
    make_run(
        repository=repository,
        finished_at=timezone.now(),
        receipt=dict.fromkeys(ThreadKind.values, counts),
    )
    standings_recompute(workspace.pk, [thread.pk], {})
    endpoint = Endpoint.objects.get()
    Endpoint.objects.update(name="x" * 90)
    sent = make_outgoing(endpoint=endpoint)
    sent.payload, sent.answer, sent.error = {"x": "y" * 300}, "z " * 300, "e" * 200
    sent.save()
    OutgoingMail.objects.create(
        workspace=workspace,
        user=alice,
        kind=MailKind.TEST,
        period="x",
        error="z" * 200,
        given_up_at=timezone.now(),
    )
    for one, organization in ((author, "Halden"), (other, "Initech")):
        MemberSummary.objects.update_or_create(
            member=one.member,
            defaults={
                "workspace": workspace,
                "organization": organization * 20,
                "waiting": 2,
                "organization_key": organization.lower(),
                "weeks": list(range(12)),
                "regular_threads": 3,
            },
        )
    OrganizationMerge.objects.create(
        workspace=workspace,
        kept="halden",
        kept_name="Halden",
        merged="hooli",
        merged_name="Hooli",
        actor=alice,
    )
    WebhookDelivery.objects.update(state="failed", error="e" * 200, processed_at=timezone.now())
    gone = make_thread(source=source, archived_reason="deleted")
    homes = [make_identity(workspace=workspace).home_member_id for _ in range(2)]
    people_merge(actor=alice, workspace=workspace, kept_id=homes[0], merged_id=homes[1])
    member_set_team(actor=alice, workspace=workspace, member_id=homes[0], is_on_team=True)
    note_add(actor=alice, workspace=workspace, member_id=author.member_id, text="note " * 99)
    root, member = pages["waiting"], f"{pages['people']}{author.member_id}/"
    return {
        "thread": f"{root}threads/{thread.pk}/",
        "thread_message": f"{root}threads/{thread.pk}/m/{message.pk}/",
        "member": member,
        "member_notes": f"{member}notes/",
        "member_erase": f"{member}erase/",
        "member_merge": f"{member}merge/?with={other.member_id}",
        "choose whom to merge": f"{member}merge/",
        "organization": f"{root}organizations/halden/",
        "choose which to merge": f"{root}organizations/halden/merge/",
        "organization_merge": f"{root}organizations/halden/merge/?with=initech",
        "insights_rows": f"{root}insights/people/people/",
        "insights_all": f"{root}insights/?all=1",
        "feed that is filtered": f"{root}feed/?kind=comment&label=bug",
        "a thread that is gone": f"{root}threads/{gone.pk}/",
        "snooze": f"{root}waiting/snooze/?only={thread.pk}",
        "assign": f"{root}waiting/assign/?only={thread.pk}",
        "note": f"{root}waiting/note/?only={thread.pk}",
        "search that finds": f"{root}search/?q=name",
        "an export": f"/workspaces/{workspace.pk}/export/threads.csv",
        "somebody merged": f"{pages['people']}{homes[0]}/accounts/",
        "account": "/account/",
        "account_address": "/account/address/",
        "account_sign_in_again": "/account/security/again/?next=/account/security/",
        "account_change_password": "/accounts/password/change/",
        "API": "/graphql/",
    }


def of_operators(workspace: Workspace, settings: Settings) -> dict[str, str]:
    """Return the pages of who runs this Dexxy, of who begins, and of the demo."""
    settings.DEXXY_DEMO = True
    return {
        "demo_mails": f"/w/{workspace.slug}/demo/mails/",
        "doctor": "/doctor/",
        "settings_mail_server": f"/w/{workspace.slug}/settings/mail-server/",
        "setup_github": "/setup/github/",
        "github_keys": f"/setup/github/{GitHubApp.objects.get().pk}/keys/",
        "start_real": "/start/real/",
        **{f"start_{step}": f"/start/{step}/" for step in START},
    }


def of_nobody(alice: User, bob: User, workspace: Workspace) -> dict[str, str]:
    """Return the pages of who is not signed in."""
    _, invitation = invitation_create(viewer=alice, workspace=workspace)
    preference = mail_preference_set(viewer=bob, workspace=workspace)
    mail = OutgoingMail(workspace=workspace, user=bob, kind=MailKind.DIGEST)
    return {
        "invitation": urlsplit(invitation).path,
        "an invitation that is over": "/invitations/none/",
        "account_login": "/accounts/login/",
        "account_signup": "/accounts/signup/",
        "account_reset_password": "/accounts/password/reset/",
        "sign_in_by_link": f"/sign-in/link/{get_query_string(bob)}",
        "a link that is over": "/sign-in/link/?sesame=none",
        "ask_for_mail": "/sign-in/mail/",
        "new_password": "/sign-in/password/",
        "unsubscribe": f"/unsubscribe/{unsubscribe_code(mail, preference.membership)}/",
        "API": "/graphql/",
    }


@pytest.fixture
def every_page(
    alice: User, bob: User, workspace: Workspace, pages: dict[str, str], settings: Settings
) -> Opened:
    settings.EMAIL_HOST = "mail.example.com"
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)
    alice.refresh_from_db()
    of_alice = {**pages, **fill(alice, workspace, pages)}
    refused = {"400": f"{pages['feed']}?kind=nothing", "404": "/w/nowhere/"}
    return [
        (alice, {**of_alice, **refused}),
        (bob, {"403": pages["settings_audit"]}),
        (make_user(), {"a workspace that is missing": "/"}),
        (None, of_nobody(alice, bob, workspace)),
        (alice, of_operators(workspace, settings)),
    ]
