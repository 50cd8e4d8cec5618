"""The reference of outgoing webhooks says what is sent, and its how-to verifies that."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import ArchivedReason, ChangeKind, Message, MessageKind, Thread
from dexxy.outgoing import chat, feed_addresses, payloads, sending, writing
from dexxy.outgoing.endpoints import SECRETS_OVERLAP, endpoint_test
from dexxy.outgoing.events import VERSION, EventType
from dexxy.outgoing.models import Delivery, Endpoint
from dexxy.outgoing.privacy import source_visibility_note
from dexxy.outgoing.sending import deliveries_send
from dexxy.outgoing.tests.conftest import EndpointMaker, catch_up
from dexxy.sources.models import Source
from dexxy.web.atom import MOST_ENTRIES
from tests.factories import make_identity, make_message, make_standing, make_thread, note_change

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "reference/outgoing-webhooks.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to/receive-webhooks.md").read_text(encoding="utf-8")
EXAMPLES = {
    one["type"]: one for one in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.S))
}
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| [^|]+ \| (.+) \|$", PAGE, re.M))
URL = "https://github.com/owner/repo/issues/158"


def alike(value: Any, name: str = "") -> Any:
    """Take from a payload what differs each time: ids of rows, and times."""
    if isinstance(value, dict):
        return {key: alike(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [alike(one) for one in value]
    if isinstance(value, str) and name in {"id", "accountId"}:
        return re.sub(r"^\d+$", "ID", value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return "TIME"
    if isinstance(value, str) and name in {"dexxyUrl", "url"}:
        return re.sub(r"(?<=[/#])\d+", "ID", value)
    return value


@pytest.fixture
def sent(
    make_endpoint: EndpointMaker,
    alice: User,
    workspace: Workspace,
    source: Source,
    settings: Any,
) -> dict[str, Any]:
    """One payload of each event, by its type."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"
    Workspace.objects.filter(pk=workspace.pk).update(slug="team")
    workspace.refresh_from_db()
    endpoint = make_endpoint(since=timezone.now() - timedelta(days=2))
    source_visibility_note(source.pk, is_private=False)
    opening = _opened(source)
    thread = opening.thread
    for kind in (
        MessageKind.COMMENT,
        MessageKind.CLOSED,
        MessageKind.MERGED,
        MessageKind.REOPENED,
        MessageKind.ANSWERED,
    ):
        make_message(thread=thread, kind=kind, occurred_at=timezone.now())
    gone = make_message(thread=thread, occurred_at=timezone.now())
    Message.objects.filter(pk=gone.pk).update(
        is_archived=True, archived_reason="deleted", url=f"{URL}#{gone.pk}"
    )
    note_change(gone, ChangeKind.REMOVED)
    Message.objects.filter(pk=opening.pk).update(edited_at=timezone.now())
    note_change(opening, ChangeKind.EDITED)
    wait = make_standing(thread=thread, since=timezone.now() - timedelta(hours=24, minutes=1))
    catch_up()
    wait.delete()
    archived = {"is_archived": True, "archived_reason": ArchivedReason.MISSING}
    other = make_message(thread=make_thread(source=source), occurred_at=timezone.now())
    Thread.objects.filter(pk=other.thread_id).update(**archived)
    Message.objects.filter(pk=other.pk).update(**archived)
    note_change(other, ChangeKind.REMOVED)
    catch_up()
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    return {one.event: one.payload for one in Delivery.objects.order_by("-pk")}


def _opened(source: Source) -> Message:
    author = make_identity(workspace=source.workspace, username="ada", name="Ada")
    author.member.display_name = "Ada"
    author.member.save()
    now = timezone.now()
    thread = make_thread(
        source=source,
        number=158,
        title="It does not start",
        labels=["bug"],
        author=author,
        opened_at=now,
    )
    return make_message(
        thread=thread,
        kind=MessageKind.OPENED,
        author=author,
        body="After the update it says **no**.",
        occurred_at=now,
    )


def test_each_example_is_what_is_sent(sent: dict[str, Any]) -> None:
    # The first edit came before the opening was told.
    sent["thread.opened"]["data"]["message"]["editedAt"] = None

    assert len(EXAMPLES) == 4
    for event, example in EXAMPLES.items():
        assert alike(sent[event]) == alike(example), event


def test_the_table_has_each_event_and_its_data(sent: dict[str, Any]) -> None:
    assert set(ROWS) == set(EventType.values) == set(sent)
    for event, payload in sent.items():
        assert set(payload["data"]) == set(re.findall(r"`(\w+)`", ROWS[event])), event
        assert payload["version"] == VERSION == 1


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    pauses = [pause.total_seconds() for pause in sending.PAUSES]
    hour = 3600.0
    assert pauses == [5, 300, 1800, 2 * hour, 5 * hour, 10 * hour, 10 * hour]
    for words in (
        "after 5 seconds, 5 minutes, 30 minutes, 2 hours, 5 hours, 10 hours and 10 hours",
        f"{sending.MOST_ATTEMPTS} attempts in a little more than a day",
        f"no answer within {sending.SECONDS:.0f} seconds",
        f"its first {sending.LONGEST_ANSWER:,} characters",
        f"takes nothing for {sending.DISABLED_AFTER.total_seconds() / hour:.0f} hours,"
        f" in {sending.DISABLED_FROM} attempts",
        f"up to {sending.LONGEST_REST.total_seconds() / 60:.0f} minutes",
        f"for {SECRETS_OVERLAP.total_seconds() / hour:.0f} hours after the secret",
        f"more than {writing.NEWS_FOR.days} days before",
        f"at most {payloads.LONGEST_BODY:,} characters",
        f"the first {chat.MOST_LINES} events",
        f"A feed has {MOST_ENTRIES} entries",
        f"read {feed_addresses.MOST_A_MINUTE} times in a minute",
    ):
        assert words in PAGE, words


@pytest.fixture
def example(make_endpoint: EndpointMaker, settings: Any) -> Iterator[Endpoint]:
    """The receiver of the how-to as a process of its own, and an endpoint that sends to it."""
    [code] = re.findall(r"```python\n(.*?)```", HOW_TO, re.S)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = make_endpoint(f"http://127.0.0.1:{port}/")
    environment = {"DEXXY_WEBHOOK_SECRET": endpoint.secret.read(), "PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield endpoint
        process.kill()


@pytest.mark.django_db(transaction=True)
def test_the_receiver_of_the_how_to_takes_what_is_signed_and_nothing_else(
    example: Endpoint, alice: User
) -> None:
    delivery = endpoint_test(viewer=alice, endpoint_id=example.pk)

    deliveries_send(seconds=5)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("done", 204)
    forged = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1,AAAA",
    }
    answer = httpx.post(example.url.read(), content=b"{}", headers=forged)
    assert answer.status_code == 401
