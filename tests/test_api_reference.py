"""The page about the API: its examples run as they stand, and its tables say what the code does."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from graphql import get_introspection_query, parse
from pytest_django.live_server_helper import LiveServer

import dexxy.accounts.outside_accounts  # noqa: F401 - its errors are documented, too
from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.common import graphql_limits, graphql_size, sql
from dexxy.common.api import MOST_POINTS
from dexxy.common.errors import DexxyError
from dexxy.common.graphql_documents import LONGEST_READING_SECONDS, MOST_ERRORS
from dexxy.common.graphql_view import LARGEST_OF_STRANGERS
from dexxy.common.pages import LARGEST_PAGE
from dexxy.config.schema import schema
from dexxy.messages.feed import filters as feed_filters
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.figures.scope import SECONDS
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Message, MessageKind, Thread
from dexxy.messages.selectors import feed_page
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.outgoing.models import FeedAddress
from dexxy.people.export_keeping import FRESH_FOR, MOST_AT_ONCE, MOST_KEPT
from dexxy.people.export_making import exports_work
from dexxy.people.models import Export, Format
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from tests import needs
from tests.factories import (
    make_endpoint,
    make_identity,
    make_message,
    make_repository,
    make_thread,
)

Ask = Callable[..., dict[str, Any]]

PAGE = (
    Path(__file__)
    .resolve()
    .parent.parent.joinpath("docs/reference/graphql-api.md")
    .read_text("utf-8")
)
HOST = "https://dexxy.example.com"
# Codes that only pages, webhooks and jobs meet are no part of the API.
APPS = ("dexxy.accounts", "dexxy.common", "dexxy.members", "dexxy.messages")
NO_API = {
    "dexxy.common.outside",
    "dexxy.members.erasure.lists",
    "dexxy.messages.partitions.errors",
}


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def row(name: str) -> str:
    [found] = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE, flags=re.MULTILINE)
    return str(found)


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


@pytest.fixture
def item(source: Source, alice: User) -> Message:
    make_repository(source=source)
    make_endpoint(workspace=source.workspace)
    mine = source.workspace.memberships.get(user=alice)
    FeedAddress.objects.create(membership=mine, page="feed", secret_hash="hash")
    thread = make_thread(source=source, labels=["bug"])
    return make_message(thread=thread, kind=MessageKind.OPENED, body="an error")


@pytest.mark.parametrize("number", range(len(examples("graphql"))))
def test_each_document_is_answered(
    ask: Ask, alice: User, workspace: Workspace, item: Message, number: int
) -> None:
    document = examples("graphql")[number]
    day = datetime(2026, 1, 2, tzinfo=UTC)
    counts_note(item.source_id, Counts(1, 1), taken_at=day, is_hint=False)
    known = {
        "workspace": str(workspace.pk),
        "item": str(item.pk),
        "after": None,
        "repository": str(item.source.github_repository.pk),
        "source": str(item.source_id),
    }
    needed = re.findall(r"\$(\w+):", document)

    answer = ask(document, alice, **{name: known[name] for name in needed})

    assert "errors" not in answer
    assert all(answer["data"].values())


@pytest.fixture
def secret(alice: User, workspace: Workspace) -> str:
    return api_token_create(viewer=alice, workspace=workspace, name="script")[1]


@pytest.fixture
def run(
    live_server: LiveServer, workspace: Workspace, secret: str, tmp_path: Path
) -> Callable[..., str]:
    """Run a program of the page in a folder of its own, against this Dexxy."""

    def run_it(*command: str) -> str:
        program = command[-1].replace(HOST, live_server.url).replace("dxy_...", secret)
        program = program.replace("/workspaces/1/", f"/workspaces/{workspace.pk}/")
        done = subprocess.run(
            [*command[:-1], program],
            cwd=tmp_path,
            env={**os.environ, "DEXXY_TOKEN": secret},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    return run_it


def test_the_commands_do_what_they_say(
    run: Callable[..., str], item: Message, workspace: Workspace, tmp_path: Path
) -> None:
    first, _, export = examples("sh")

    answer = json.loads(run("sh", "-c", first))
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(run, "sh", "-c", export.replace("sleep 2", "sleep 0.1"))
        while not wait([waiting], timeout=0.05).done:
            exports_work(seconds=1)
        waiting.result()

    assert answer["data"]["viewer"] == {
        "user": {"name": "Alice"},
        "workspaces": [{"id": str(workspace.pk), "name": "Team"}],
    }
    [line] = (tmp_path / "messages.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["body"] == "an error"


def test_the_program_reads_the_whole_feed(run: Callable[..., str], item: Message) -> None:
    for _ in range(LARGEST_PAGE + 1):
        make_message(thread=item.thread)
    [program] = [one for one in examples("python") if "activityFeed" in one]

    lines = run(sys.executable, "-c", program).splitlines()

    assert len(lines) == len(set(lines)) == LARGEST_PAGE + 2
    assert lines[-1] == f"{item.pk} OPENED"


def test_three_languages_ask_the_same_and_hear_the_same(
    run: Callable[..., str], workspace: Workspace, source: Source
) -> None:
    Source.objects.update(created_at=datetime.now(UTC) - timedelta(days=30))
    at = datetime.now(UTC) - timedelta(days=2)
    for number in range(LARGEST_PAGE + 1):
        author = make_identity(workspace=workspace)
        thread = make_thread(source=source, author=author, opened_at=at, number=number + 1)
        opened: dict[str, Any] = {"kind": MessageKind.OPENED, "author": author, "occurred_at": at}
        make_message(thread=thread, **opened)
    numbers = list(Thread.objects.values_list("pk", flat=True))
    threads_settle(numbers)
    standings_recompute(workspace.pk, numbers, team_of(workspace.pk))
    _, first_page, _ = examples("sh")
    [in_python] = [one for one in examples("python") if "waiting(" in one]
    [in_javascript] = examples("js")

    page = run("sh", "-c", first_page.replace('"w": "1"', f'"w": "{workspace.pk}"'))
    python = run(sys.executable, "-c", in_python).splitlines()
    javascript = run(needs.node(), "--input-type=module", "-e", in_javascript).splitlines()

    assert len(python) == LARGEST_PAGE + 1
    assert javascript == python
    nodes = [one["node"] for one in json.loads(page)["data"]["waiting"]["edges"]]
    assert [f"{one['since']} {one['thread']['url']}" for one in nodes] == python[:LARGEST_PAGE]


def test_the_error_that_is_shown_is_what_comes(ask: Ask, alice: User, workspace: Workspace) -> None:
    [example] = examples("json")

    answer = ask('{ activityFeed(workspaceId: "0") { edges { cursor } } }', alice)
    del answer["errors"][0]["locations"]

    assert answer == json.loads(example)


def errors(kind: type[DexxyError]) -> Iterator[type[DexxyError]]:
    for one in kind.__subclasses__():
        yield one
        yield from errors(one)


def test_the_codes_are_those_that_there_are() -> None:
    section = PAGE.partition("## Errors")[2].partition("## Limits")[0]
    cells = re.findall(r"^\| (`[A-Z`, _]+`) \|", section, flags=re.MULTILINE)
    documented = [code for cell in cells for code in re.findall(r"`(\w+)`", cell)]
    all_codes = {one.code.upper() for one in errors(DexxyError)}
    ours = {
        one.code.upper()
        for one in errors(DexxyError)
        if one.__module__.startswith(APPS) and one.__module__ not in NO_API
    }

    assert len(documented) == len(set(documented))
    assert set(documented) - all_codes == {"CSRF_FAILED", "INTERNAL_ERROR"}
    assert ours - set(documented) == set()


def test_the_limits_are_those_that_hold() -> None:
    limits, size = graphql_limits, graphql_size
    megabytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20
    figures = f"of `insights` and each of `figures` {SECONDS:.0f}"
    reads = f"{sql.LONGEST_READ_SECONDS:.0f} seconds; {figures}"

    assert row("levels").startswith(f"{limits.DEEPEST}, and {size.MOST_NESTED} braces")
    assert row("aliases") == str(limits.MOST_ALIASES)
    assert row("tokens") == f"{limits.MOST_TOKENS:,}"
    strangers = f"{limits.LONGEST_OF_STRANGERS:,} for who is not signed in"
    assert row("characters of a document") == f"{limits.LONGEST_DOCUMENT:,}; {strangers}"
    assert row("values of its variables") == f"{limits.MOST_VALUES:,}"
    assert row("mistakes in it that are told") == str(MOST_ERRORS)
    kilobytes = f"{LARGEST_OF_STRANGERS // 1000} kB for who is not signed in"
    assert row("bytes of a request") == f"{megabytes} MB; {kilobytes}"
    assert row("items of a page") == str(LARGEST_PAGE)
    assert row("points") == str(MOST_POINTS)
    assert row("time of one read in the database") == reads
    assert row("time to read and validate it") == f"{LONGEST_READING_SECONDS:.0f} seconds"
    assert row("time of a query") == f"{limits.LONGEST_QUERY_SECONDS:.0f} seconds"
    assert f"{settings.DEXXY_API_BUDGET:,} unless the operator says otherwise" in PAGE
    assert f"database, {settings.DEXXY_API_SECONDS} unless the operator says otherwise" in PAGE
    assert f"up to {settings.DEXXY_API_SECONDS} documents at once" in PAGE
    assert f"An export costs {MOST_POINTS}." in PAGE
    assert row("fields of one name on one type, with fields or arguments") == str(size.MOST_ALIKE)
    whole = size.Measure(parse(get_introspection_query()), {}, schema._schema).size()
    [about] = re.findall(r"the query by which tools read it costs about (\d+)", PAGE)
    assert abs(whole.points - int(about)) < 10
    making = f"{MOST_AT_ONCE} exports in the making and {MOST_KEPT} that are kept"
    assert making in PAGE
    assert (FRESH_FOR, "older than ten minutes" in PAGE) == (timedelta(minutes=10), True)
    assert f"A list holds up to {feed_filters.MOST_VALUES} values" in PAGE
    assert f"a search {feed_filters.LONGEST_SEARCH} characters" in PAGE
    for what in (*Export.values, *Format.values):
        assert f"`{what}`" in PAGE


def test_following_costs_what_is_said() -> None:
    [follow] = [one for one in examples("graphql") if "activityChanges" in one]

    points = graphql_size.Measure(parse(follow), {"after": None}, schema._schema).size().points

    assert f"This document costs {points} points" in PAGE


def test_every_filter_is_described() -> None:
    section = PAGE.partition("| filter |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[\w`, ]+`) \|", section, flags=re.MULTILINE)
    described = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    filters = schema._schema.type_map["ActivityFeedFilters"]

    assert sorted(described) == sorted(filters.fields)  # type: ignore[attr-defined]


def what_a_search_finds() -> list[list[list[str]]]:
    """Return the texts in each cell of each row: what is written, what finds it, what does not."""
    section = PAGE.partition("| written | found by |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines()[2:]]
    return [[re.findall(r"`([^`]+)`", cell) for cell in cells] for cells in rows]


@pytest.mark.parametrize("number", range(len(what_a_search_finds())))
def test_a_search_finds_what_its_table_says_and_nothing_that_it_denies(
    alice: User, workspace: Workspace, source: Source, number: int
) -> None:
    written, found_by, *not_found_by = what_a_search_finds()[number]
    make_message(thread=make_thread(source=source, title="-"), body=" ".join(written))
    search_catch_up(seconds=10)

    def finds(search: str) -> bool:
        filters = feed_filters.FeedFilters(search=search)
        return bool(feed_page(alice, workspace, filters).items)

    asked = [*found_by, *(text for cell in not_found_by for text in cell)]
    assert [search for search in asked if finds(search)] == found_by
