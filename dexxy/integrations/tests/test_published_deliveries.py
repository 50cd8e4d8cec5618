"""Every published example of a webhook goes through the door, and none is too much."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import DeliveryState, GitHubApp, WebhookDelivery
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github.webhooks.events import (
    ACCOUNT_EVENTS,
    IGNORED,
    THREAD_EVENTS,
    is_unknown,
    why_ignored,
)
from dexxy.integrations.tests.connected_app import ANTS, INSTALLATION, connect_app
from dexxy.messages.models import Thread
from tests import needs
from tests.webhooks import guid, send

Example = tuple[str, dict[str, Any]]


def examples() -> list[Example]:
    """Return event and payload of every published example, about a repository that we follow."""
    found = []
    for event in json.loads(needs.published_examples()):
        for payload in event["examples"]:
            if event["name"] in THREAD_EVENTS:
                payload["repository"]["id"] = ANTS
                payload["installation"] = {"id": INSTALLATION}
            found.append((event["name"], payload))
    return found


@pytest.fixture
def app(workspace: Workspace) -> GitHubApp:
    return connect_app(workspace)


@pytest.mark.django_db
def test_every_published_example_is_taken_and_worked_off(app: GitHubApp) -> None:
    sent = {guid(): example for example in examples()}
    for key, (event, payload) in sent.items():
        assert send(app, payload, event=event, guid=key).status_code == 202

    deliveries_drain(seconds=60)

    assert (len(sent), len({event for event, _ in sent.values()})) == (329, 58)
    for delivery in WebhookDelivery.objects.all():
        event, payload = sent[delivery.guid]
        assert (event, delivery.attempts) == (event, 0)
        if event in THREAD_EVENTS:
            assert delivery.state == DeliveryState.DONE
            _assert_marked(event, payload)
        else:
            assert delivery.state in (DeliveryState.DONE, DeliveryState.IGNORED)


def _assert_marked(event: str, payload: dict[str, Any]) -> None:
    """Check that the thread is stored and marked, and that what is gone is archived."""
    first = next(iter(THREAD_EVENTS[event].map(payload))).hint
    thread = Thread.objects.get(
        source__external_id=str(ANTS), kind=first.thread.kind, number=first.thread.number
    )
    assert thread.hinted_at is not None
    assert thread.refetch_at is not None
    assert not first.archived or thread.is_archived
    for message in first.messages:
        stored = thread.messages.get(kind=message.kind, external_id=message.external_id)
        assert stored.is_archived or not message.is_deleted


def test_every_published_event_is_either_handled_or_ignored_on_purpose() -> None:
    published = {event["name"] for event in json.loads(needs.published_examples())}

    assert published <= THREAD_EVENTS.keys() | ACCOUNT_EVENTS.keys() | IGNORED
    assert not IGNORED & (THREAD_EVENTS.keys() | ACCOUNT_EVENTS.keys())


def test_every_published_action_is_known() -> None:
    sent = {(event, str(payload.get("action") or "")) for event, payload in examples()}

    assert not {one for one in sent if is_unknown(*one)}


def newest_schemas() -> dict[str, set[str]]:
    """Return event -> actions as the newest published schemas name them.

    Their package is read and not imported, which takes seconds. Of an event that has one action or
    none it names no action.
    """
    spec = find_spec("githubkit_schemas")
    assert spec is not None
    packages = map(Path, spec.submodule_search_locations or [])
    newest = max(found for package in packages for found in package.glob("v*/webhooks"))
    return {
        path.stem: set(re.findall(r'^    "(\w+)": ', path.read_text("utf-8"), re.MULTILINE))
        for path in newest.glob("[a-z]*.py")
    }


def test_every_event_and_action_of_the_newest_published_schemas_is_known() -> None:
    """The examples are of 2024: the schemas name what came since."""
    published = newest_schemas()
    handled = {
        name: event.actions
        for events in (THREAD_EVENTS, ACCOUNT_EVENTS)
        for name, event in events.items()
    }

    assert {"discussion", "issue_relates_to", "ping"} < published.keys()
    assert "archived" in published["label"]
    assert published.keys() <= handled.keys() | IGNORED
    assert not {
        (name, action)
        for name in published.keys() & handled.keys()
        for action in published[name] - handled[name]
    }


# By their published descriptions (github/rest-api-description, `ghec` and `ghes-*`): what is in the
# package githubkit-schemas-ghec-2026-03-10 of 26.10.21 and not in that of github.com, what GitHub
# Enterprise Server has beside it, and what servers sent that octokit/webhooks has examples of.
OF_ENTERPRISE_CLOUD = (
    "dismissal_request_code_scanning",
    "dismissal_request_dependabot",
    "dismissal_request_license_compliance",
    "dismissal_request_secret_scanning",
    "exemption_request_push_ruleset",
    "exemption_request_secret_scanning",
    "organization_custom_property",
    "organization_custom_property_values",
)
OF_ENTERPRISE_SERVER = ("cache_sync", "content_reference", "enterprise", "user")


@pytest.mark.parametrize("event", [*OF_ENTERPRISE_CLOUD, *OF_ENTERPRISE_SERVER])
def test_what_only_enterprises_are_sent_is_ignored_on_purpose(event: str) -> None:
    assert why_ignored(event, "created") == "Nothing that it says is stored."
    assert not is_unknown(event, "created")
