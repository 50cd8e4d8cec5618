"""The scripts in docs/examples do what the pages say of them."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.services.contributors.activities import activities_ingest
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread

DOCS = Path(__file__).resolve().parent.parent / "docs"
SCRIPT, ARCHIVE = DOCS / "examples/mbox_to_jsonl.py", DOCS / "examples/dev.mbox"
PAGE = (DOCS / "how-to/feed-a-mailing-list.md").read_text("utf-8")


@pytest.fixture(scope="module")
def told() -> bytes:
    """Run the script as the page says, with nothing but Python."""
    command = [
        sys.executable,
        "-I",
        str(SCRIPT),
        str(ARCHIVE),
        "--source",
        "dev",
        "--name",
        "dev@ants.org",
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_the_archive_of_a_mailing_list_becomes_threads(told: bytes, workspace: Workspace) -> None:
    report = activities_ingest(workspace, io.BytesIO(told))

    assert report.problems == []
    threads = Thread.objects.order_by("opened_at")
    assert list(threads.values_list("title", "message_count", "author__username")) == [
        ("[dev] Where does the queen sleep?", 3, "ada@ants.org"),
        ("(no subject)", 1, "clara@example.net"),
        ("What the archive does not have", 2, "dora@example.net"),
    ]
    queen = Message.objects.filter(thread=threads[0]).order_by("occurred_at")
    assert [one.body for one in queen] == [
        "Grüße! I looked everywhere, also below the café. It is a very long line."
        "\n\nFrom the north side nobody sees her.",
        "Below the sugar, voilà, à côté.",
        "Found her. Thank you!",
    ]
    assert queen[2].parent == queen[1]
    assert Message.objects.get(author__username="clara@example.net").body == (
        "No id, no subject,\nno plain text."
    )
    names = dict(Identity.objects.values_list("username", "name"))
    assert names["bob@example.net"] == "Bob Beetle"
    assert not Identity.objects.filter(is_email_verified=True).exists()


def test_the_page_says_what_becomes_of_it(told: bytes, workspace: Workspace) -> None:
    kinds = [json.loads(line)["type"] for line in told.splitlines()]

    counts = [kinds.count(kind) for kind in ("source", "person", "thread", "message")]

    line = "Sources: {}, people: {}, threads: {}, messages: {}. ".format(*counts)
    assert f"{line}New threads: {counts[2]}, new messages: {counts[3]}." in PAGE


def test_the_same_archive_again_tells_the_same(told: bytes, workspace: Workspace) -> None:
    activities_ingest(workspace, io.BytesIO(told))

    report = activities_ingest(workspace, io.BytesIO(told))

    assert (report.stored.new_threads, report.stored.new_messages) == (0, 0)


def test_the_lines_of_the_reference_can_be_taken(workspace: Workspace) -> None:
    page = (DOCS / "reference/activities.md").read_text("utf-8")
    lines = page.partition("```json\n")[2].partition("```")[0]

    report = activities_ingest(workspace, io.BytesIO(lines.encode()))

    assert (report.bad, report.stored.new_threads, report.stored.new_messages) == (0, 1, 1)
