"""A webhook of a shape that nobody knows says that its thread changed: that is read again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import DeliveryState, GitHubApp, GitHubRepository, WebhookDelivery
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.tests.connected_app import ANTS, arrive, connect_app, payload
from dexxy.messages.models import Thread
from tests.webhooks import send

Payload = dict[str, Any]
_LATER = timezone.now() + timedelta(days=1)


@pytest.fixture
def app(workspace: Workspace) -> GitHubApp:
    """An App whose three threads are stored, and whose repositories are read."""
    app = connect_app(workspace)
    arrive(app, "issues__opened", "pull_request__opened", "discussion__created")
    deliveries_drain(seconds=10)
    Thread.objects.update(refetch_at=None, hinted_at=None)
    GitHubRepository.objects.update(next_sync_at=_LATER)
    return app


def come(app: GitHubApp, event: str, body: Payload) -> WebhookDelivery:
    assert send(app, body, event=event).status_code == 202
    delivery = WebhookDelivery.objects.latest("pk")
    deliveries_drain(seconds=10)
    delivery.refresh_from_db()
    return delivery


def marked() -> list[tuple[str, int]]:
    threads = Thread.objects.filter(refetch_at__lte=timezone.now(), hinted_at__isnull=False)
    return sorted((thread.kind, thread.number) for thread in threads)


def due() -> list[int]:
    now = GitHubRepository.objects.filter(next_sync_at__lte=timezone.now())
    return list(now.values_list("github_id", flat=True))


def changed(name: str, change: Callable[[Payload], object]) -> Payload:
    body = payload(name)
    change(body)
    return body


SHAPES: dict[str, tuple[str, Payload, tuple[str, int]]] = {
    "a review that was never submitted": (
        "pull_request_review",
        changed(
            "pull_request_review__edited", lambda body: body["review"].update(submitted_at=None)
        ),
        ("pull_request", 8),
    ),
    "a transfer to nowhere": (
        "issues",
        changed("issues__transferred", lambda body: body.pop("changes")),
        ("issue", 7),
    ),
    "a discussion without a writer": (
        "discussion",
        changed("discussion__edited", lambda body: body["discussion"].pop("user")),
        ("discussion", 9),
    ),
    "a comment on a pull request": (
        "issue_comment",
        changed(
            "issue_comment__created_on_a_pull_request", lambda body: body["comment"].pop("user")
        ),
        ("pull_request", 8),
    ),
    "a comment of a day that some time zones lack": (
        "issue_comment",
        changed(
            "issue_comment__created_on_a_pull_request",
            lambda body: body["comment"].update(created_at="9999-12-31T23:59:59Z"),
        ),
        ("pull_request", 8),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_its_thread_is_marked_and_the_delivery_done_with_a_note(app: GitHubApp, name: str) -> None:
    event, body, thread = SHAPES[name]

    delivery = come(app, event, body)

    assert (delivery.state, delivery.attempts) == (DeliveryState.DONE, 0)
    assert delivery.error == (
        "GitHub sent it in a shape that this Dexxy does not know. Update Dexxy, or report it."
        " What it is about is read again."
    )
    assert (marked(), due()) == ([thread], [])


@pytest.mark.parametrize("number", [4711, None])
def test_a_thread_that_is_not_stored_or_not_named_makes_its_repository_due(
    app: GitHubApp, number: int | None
) -> None:
    body = payload("issues__opened")
    body["issue"] = {"number": number}

    assert come(app, "issues", body).state == DeliveryState.DONE

    assert (marked(), due()) == ([], [ANTS])


def test_a_number_that_github_could_not_be_asked_for_is_no_thread_s(app: GitHubApp) -> None:
    body = changed("issues__opened", lambda body: body["issue"].update(number=2**31))

    delivery = come(app, "issues", body)

    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert not Thread.objects.filter(number=2**31).exists()
    assert (marked(), due()) == ([], [])


def test_one_in_a_batch_leaves_the_others_as_they_are(app: GitHubApp) -> None:
    event, body, thread = SHAPES["a transfer to nowhere"]
    arrive(app, "pull_request__synchronize")
    send(app, body, event=event)
    arrive(app, "discussion__edited")

    deliveries_drain(seconds=10)

    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {DeliveryState.DONE}
    assert marked() == [("discussion", 9), thread, ("pull_request", 8)]


def test_what_nobody_follows_is_ignored(app: GitHubApp) -> None:
    event, body, _ = SHAPES["a transfer to nowhere"]

    delivery = come(app, event, {**body, "repository": {"id": 1}})

    assert (delivery.state, marked(), due()) == (DeliveryState.IGNORED, [], [])


def test_what_names_no_repository_is_tried_again(app: GitHubApp) -> None:
    delivery = come(app, "issues", {"action": "edited", "repository": None, "issue": {"number": 7}})

    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("installation_repositories", "removed"),
        ("installation", "deleted"),
        ("repository", "edited"),
    ],
)
def test_an_account_s_event_that_names_no_installation_is_ignored(
    app: GitHubApp, event: str, action: str
) -> None:
    body = {"action": action, "installation": None, "repositories_removed": [{"id": ANTS}]}

    delivery = come(app, event, {**body, "repository": {"id": ANTS}})

    assert (delivery.state, delivery.attempts) == (DeliveryState.IGNORED, 0)
