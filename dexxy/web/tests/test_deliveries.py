import pytest
from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.models import DeliveryState, GitHubInstallation, WebhookDelivery
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
