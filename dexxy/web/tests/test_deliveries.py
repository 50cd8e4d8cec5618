from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.activity import LONGEST_SHOWN
from dexxy.integrations.models import DeliveryState, GitHubApp, GitHubInstallation, WebhookDelivery
from tests.factories import make_app, make_delivery, make_installation, make_workspace


@pytest.fixture
def installation(workspace: Workspace) -> GitHubInstallation:
    return make_installation(workspace=workspace, app=make_app())


def ended(installation: GitHubInstallation, state: DeliveryState, event: str) -> WebhookDelivery:
    delivery = make_delivery(installation=installation, event=event)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=state, error="It went wrong.", payload={"zen": f"<b>{event}</b>"}
    )
    return delivery


def test_webhooks_are_listed_by_state_with_what_github_sent(
    client: Client, alice: User, workspace: Workspace, installation: GitHubInstallation
) -> None:
    failed = ended(installation, DeliveryState.FAILED, "issue_comment")
    ended(installation, DeliveryState.DONE, "pull_request")
    client.force_login(alice)
    path = f"/w/{workspace.slug}/settings/deliveries/"

    every, of_failed = (client.get(path + q).content.decode() for q in ("", "?state=failed"))
    one = client.get(f"{path}{failed.pk}/").content.decode()

    assert "issue_comment" in every
    assert "pull_request" in every
    assert "issue_comment" in of_failed
    assert "pull_request" not in of_failed
    assert "It went wrong." in one
    assert "&lt;b&gt;issue_comment&lt;/b&gt;" in one


def test_of_a_long_webhook_the_beginning_is_shown(
    client: Client, alice: User, workspace: Workspace, installation: GitHubInstallation
) -> None:
    failed = ended(installation, DeliveryState.FAILED, "issues")
    WebhookDelivery.objects.update(payload={"a": "x" * LONGEST_SHOWN}, size=3_000_000)
    client.force_login(alice)

    page = client.get(f"/w/{workspace.slug}/settings/deliveries/{failed.pk}/").content.decode()

    assert "It is 2.9\xa0MB long: this is its beginning." in page
    assert page.count("x") < LONGEST_SHOWN + 5_000


def test_what_failed_is_applied_again_and_the_log_says_who_asked(
    client: Client, alice: User, workspace: Workspace, installation: GitHubInstallation
) -> None:
    failed = ended(installation, DeliveryState.FAILED, "issues")
    client.force_login(alice)
    path = f"/w/{workspace.slug}/settings/deliveries/{failed.pk}/again/"

    # Twice is once: what is in the queue stays there.
    pages = [client.post(path, follow=True).content.decode() for _ in range(2)]

    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.attempts) == (DeliveryState.PENDING, "", 0)
    assert all("The webhook is in the queue again." in page for page in pages)
    [entry] = AuditEntry.objects.filter(action="webhook_delivery.redelivered")
    assert (entry.actor, entry.details["event"]) == (alice, "issues")


def test_what_was_applied_is_not_applied_again(
    client: Client, alice: User, workspace: Workspace, installation: GitHubInstallation
) -> None:
    done = ended(installation, DeliveryState.DONE, "issues")
    client.force_login(alice)

    path = f"/w/{workspace.slug}/settings/deliveries/{done.pk}/again/"
    page = client.post(path, follow=True).content.decode()

    assert "This webhook was applied already." in page
    done.refresh_from_db()
    assert done.state == DeliveryState.DONE


def test_the_webhooks_of_another_workspace_are_not_found(
    client: Client, alice: User, workspace: Workspace, installation: GitHubInstallation
) -> None:
    theirs = ended(installation, DeliveryState.FAILED, "issues")
    other = make_workspace(admin=alice)
    client.force_login(alice)

    path = f"/w/{other.slug}/settings/deliveries/"

    assert "GitHub sends nothing here" in client.get(path).content.decode()
    assert client.get(f"{path}{theirs.pk}/").status_code == 404
    assert client.post(f"{path}{theirs.pk}/again/").status_code == 404


def test_github_s_log_is_read_when_somebody_misses_a_webhook(
    client: Client,
    alice: User,
    workspace: Workspace,
    installation: GitHubInstallation,
    settings: Settings,
) -> None:
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"
    later = timezone.now() + timedelta(hours=1)
    GitHubApp.objects.update(log_due_at=later)
    client.force_login(alice)
    path = f"/w/{workspace.slug}/settings/deliveries/"

    page = client.post(f"{path}missed/", follow=True).content.decode()

    assert "Look for missed ones" in page
    assert "read now. What had not arrived is listed here soon." in page
    assert GitHubApp.objects.get().log_due_at <= timezone.now() + timedelta(minutes=1)
    assert AuditEntry.objects.get(action="webhook_delivery.recovered").actor == alice


def test_without_webhooks_nothing_can_be_missed(
    client: Client, alice: User, workspace: Workspace
) -> None:
    make_installation(workspace=workspace, token="ghp_whole")
    client.force_login(alice)
    path = f"/w/{workspace.slug}/settings/deliveries/"

    page = client.post(f"{path}missed/", follow=True).content.decode()

    assert "GitHub sends no webhooks here" in page
    assert "Look for missed ones" not in page
    assert not AuditEntry.objects.exists()
