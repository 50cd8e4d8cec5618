"""The main path: a real repository, recorded, read through GitHub's API into the database."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncRun
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message, Thread
from dexxy_simulator.model import Repository
from tests.truth import assert_source_equals

RECORDING = Path(__file__).parent.parent / "dexxy_simulator" / "data" / "ants"


@pytest.fixture
def run(connected: GitHubRepository) -> SyncRun:
    return repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)


def rows(name: str) -> list[dict[str, Any]]:
    text = (RECORDING / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def said(message: Message) -> tuple[Any, ...]:
    author = message.author
    assert author is not None
    return author.external_id, author.username, message.body, message.occurred_at


def said_in_file(row: dict[str, Any], time_field: str = "created_at") -> tuple[Any, ...]:
    user = row["user"]
    return str(user["id"]), user["login"], row["body"] or "", time(row[time_field])


def number_of(row: dict[str, Any], field: str) -> int:
    return int(row[field].rsplit("/", 1)[1])


@pytest.mark.usefixtures("run")
def test_every_recorded_issue_is_in_the_database() -> None:
    # A pull request has a row here too; its own file holds the whole of it.
    issues = [row for row in rows("issues") if "pull_request" not in row]

    assert len(issues) == 26
    for row in issues:
        thread = Thread.objects.get(kind="issue", number=row["number"])
        assert (thread.title, thread.state) == (row["title"], row["state"])
        assert thread.node_id == row["node_id"]
        assert (thread.opened_at, thread.closed_at, thread.version_at) == (
            time(row["created_at"]),
            time(row["closed_at"]),
            time(row["updated_at"]),
        )
        assert thread.labels == [label["name"] for label in row["labels"]]
        assert said(thread.messages.get(kind="opened")) == said_in_file(row)


@pytest.mark.usefixtures("run")
def test_every_recorded_pull_request_is_in_the_database() -> None:
    pulls = rows("pulls")

    assert len(pulls) == 49
    for row in pulls:
        thread = Thread.objects.get(kind="pull_request", number=row["number"])
        assert thread.title == row["title"]
        assert thread.state == ("merged" if row["merged_at"] else row["state"])
        assert thread.node_id == row["node_id"]
        assert (thread.opened_at, thread.closed_at, thread.merged_at, thread.version_at) == (
            time(row["created_at"]),
            time(row["closed_at"]),
            time(row["merged_at"]),
            time(row["updated_at"]),
        )
        assert said(thread.messages.get(kind="opened")) == said_in_file(row)


@pytest.mark.usefixtures("run")
def test_pull_requests_in_the_list_of_issues_agree_with_their_own_rows() -> None:
    # Two of the fifteen were renamed between the two recordings: their own row is the later one.
    renamed = {4, 13}

    for row in (row for row in rows("issues") if "pull_request" in row):
        thread = Thread.objects.get(kind="pull_request", number=row["number"])
        assert thread.title == row["title"] or row["number"] in renamed
        assert said(thread.messages.get(kind="opened")) == said_in_file(row)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("name", "kind", "parent", "time_field", "count"),
    [
        ("issue_comments", "comment", "issue_url", "created_at", 94),
        ("reviews", "review", "pull_request_url", "submitted_at", 30),
        ("review_comments", "review_comment", "pull_request_url", "created_at", 16),
    ],
)
def test_every_recorded_message_is_in_the_database(
    name: str, kind: str, parent: str, time_field: str, count: int
) -> None:
    recorded = rows(name)

    assert len(recorded) == count
    for row in recorded:
        message = Message.objects.get(kind=kind, external_id=str(row["id"]))
        assert message.thread.number == number_of(row, parent)
        assert said(message) == said_in_file(row, time_field)
        assert message.url.endswith(row["html_url"].removeprefix("https://github.com"))
        assert message.details.get("state") == row.get("state")


@pytest.mark.usefixtures("run")
def test_a_recorded_answer_to_a_review_comment_hangs_below_it() -> None:
    answers = [row for row in rows("review_comments") if row.get("in_reply_to_id")]

    assert len(answers) == 6
    for row in answers:
        parent = Message.objects.get(kind="review_comment", external_id=str(row["id"])).parent
        known = {str(r["id"]) for r in rows("review_comments")}
        expected = str(row["in_reply_to_id"])
        assert (parent.external_id if parent else None) == (expected if expected in known else None)


def test_the_database_equals_what_the_simulator_shows(
    run: SyncRun, connected: GitHubRepository, ants: Repository
) -> None:
    assert_source_equals(connected.source, ants)


def test_the_receipt_shows_the_counts_here_beside_those_on_github(run: SyncRun) -> None:
    assert {kind: (line["here"], line["github"]) for kind, line in run.receipt.items()} == {
        "issue": (26, 26),
        "pull_request": (49, 49),
        "discussion": (4, 4),
    }
    assert run.state == "done"
    assert run.counts["threads"] == 79


def test_a_second_run_reads_nothing_again(run: SyncRun, connected: GitHubRepository) -> None:
    again = repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)

    assert (again.counts["threads"], again.counts["messages"]) == (0, 0)
    assert again.requests == 5
    assert "people_requests" not in again.counts
