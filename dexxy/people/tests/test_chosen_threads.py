"""An export of the threads that a list shows, and no others."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.messages.feed.filters import Bots, ThreadFilters
from dexxy.messages.feed.kept_filters import filters_read, filters_written
from dexxy.messages.models import ThreadKind, ThreadState
from dexxy.messages.thread_table import ThreadTab
from dexxy.people.export_keeping import export_file_for, export_latest, export_request
from dexxy.people.export_making import export_pieces, exports_work
from dexxy.people.export_selection import Selection
from dexxy.people.models import Export, ExportFile, Format
from dexxy.sources.models import Source
from tests.factories import make_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def threads(source: Source) -> None:
    make_thread(source=source, title="A bug", labels=["bug"])
    make_thread(source=source, title="A closed bug", labels=["bug"], state=ThreadState.CLOSED)
    make_thread(source=source, title="A wish")


def titles(export: ExportFile) -> list[str]:
    while exports_work(seconds=10):
        pass
    export.refresh_from_db()
    text = b"".join(export_pieces(export)).decode()
    return [row["title"] for row in csv.DictReader(io.StringIO(text))]


def test_filters_are_read_as_they_were_written() -> None:
    filters = ThreadFilters(
        source_ids=(1, 2),
        kinds=(ThreadKind.ISSUE,),
        labels=("bug",),
        bots=Bots.EXCLUDED,
        search="pool",
        active_since=datetime(2026, 1, 1, tzinfo=UTC),
        without=ThreadFilters(labels=("docs",), only_waiting=True),
    )

    assert filters_read(filters_written(filters)) == filters
    assert filters_written(ThreadFilters()) == {}


def test_an_export_has_the_threads_of_its_tab_and_filters(
    bob: User, workspace: Workspace, threads: None
) -> None:
    chosen = Selection(ThreadTab.OPEN, ThreadFilters(labels=("bug",)))

    export = export_request(
        viewer=bob,
        workspace=workspace,
        what=Export.THREADS,
        form=Format.CSV,
        selection=chosen,
    )

    assert titles(export) == ["A bug"]
    assert (export.rows_expected, export.rows_done) == (1, 1)


def test_the_same_list_is_the_same_export_and_another_is_another(
    bob: User, workspace: Workspace, threads: None
) -> None:
    asked: dict[str, Any] = {"what": Export.THREADS, "form": Format.CSV}
    bugs = Selection(filters=ThreadFilters(labels=("bug",)))

    one = export_request(viewer=bob, workspace=workspace, selection=bugs, **asked)
    whole = export_request(viewer=bob, workspace=workspace, **asked)

    assert export_request(viewer=bob, workspace=workspace, selection=bugs, **asked) == one
    assert export_latest(bob, workspace, *asked.values(), selection=bugs) == one
    assert export_latest(bob, workspace, *asked.values()) == whole
    assert len(titles(export_file_for(bob, workspace, whole.pk))) == 3


def test_the_page_of_an_export_keeps_what_was_chosen_in_its_address(
    client: Client, bob: User, workspace: Workspace, threads: None
) -> None:
    client.force_login(bob)
    path = f"/workspaces/{workspace.pk}/export/threads.csv?q=label%3Abug&tab=closed"
    browser = {"Accept": "text/html"}

    page = client.get(path, headers=browser).content.decode()
    client.post(path, headers=browser)

    assert "The threads of your list" in page
    assert titles(ExportFile.objects.get()) == ["A closed bug"]


def test_a_program_chooses_by_the_same_words_and_is_told_what_is_none(
    client: Client, bob: User, workspace: Workspace, threads: None
) -> None:
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")
    as_bob = {"Authorization": f"Bearer {secret}"}
    path = f"/workspaces/{workspace.pk}/export/threads.csv"

    assert client.get(f"{path}?tab=nothing", headers=as_bob).status_code == 400
    assert client.get(f"{path}?tab=open&q=label:bug", headers=as_bob).status_code == 202
    assert titles(ExportFile.objects.get()) == ["A bug"]
