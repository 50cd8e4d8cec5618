import csv
import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.utils import timezone

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.memberships import operator_remove
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.valkey import Seats, outage
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.kept.files import file_keep
from dexxy.kept.models import KeptFile
from dexxy.messages.models import MessageKind, Thread
from dexxy.people import export_making, export_rows, export_text
from dexxy.people.export_keeping import MOST_AT_ONCE, MOST_KEPT, ExportNotFoundError, export_request
from dexxy.people.export_keeping import export_file_for as found
from dexxy.people.export_making import PIECE, exports_due, exports_prune, exports_work
from dexxy.people.models import Export, ExportFile, ExportPiece, ExportState, Format
from dexxy.people.views import MOST_DOWNLOADS
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_message, make_release, make_thread
from tests.own_valkey import STATES, valkey_that

BROWSER = {"Accept": "text/html,*/*"}
Get = Callable[..., HttpResponseBase]


@pytest.fixture
def thread(workspace: Workspace, source: Source) -> Thread:
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    thread = make_thread(source=source, number=7, title="Leak", author=author)
    make_message(thread=thread, author=author, body="hello, there")
    return thread


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/workspaces/{workspace.pk}/export/messages.jsonl"


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    """Ask as a program of Bob's does."""
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")

    def ask(path: str) -> HttpResponseBase:
        return client.get(path, headers={"Authorization": f"Bearer {secret}"})

    return ask


def work() -> None:
    while exports_work(seconds=10):
        pass


def content(response: Any) -> bytes:
    body: bytes = response.getvalue()
    assert int(response["Content-Length"]) == len(body)
    return body


def ask_for(user: User, workspace: Workspace, what: Export = Export.MESSAGES) -> ExportFile:
    return export_request(viewer=user, workspace=workspace, what=what, form=Format.CSV)


def test_a_program_asks_waits_and_downloads(get: Get, path: str, thread: Thread) -> None:
    asked = get(path)
    waiting = get(asked["Location"])
    again = get(path)
    work()
    there = get(path)
    file = get(there["Location"])

    assert [one.status_code for one in (asked, waiting, again, there)] == [202, 202, 202, 302]
    assert asked["Location"] == waiting["Location"] == again["Location"] == there["Location"]
    assert asked["Retry-After"] == "2"
    assert file["Content-Type"] == "application/jsonl; charset=utf-8"
    assert file["Content-Disposition"].endswith('-messages.jsonl"')
    assert json.loads(content(file))["body"] == "hello, there"


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_a_link_of_another_site_begins_no_export_and_leads_to_one_that_there_is(
    client: Client, bob: User, path: str, thread: Thread, where: str
) -> None:
    client.force_login(bob)
    from_elsewhere = {"Sec-Fetch-Site": where}

    refused = client.get(path, headers=from_elsewhere)
    assert (refused.status_code, ExportFile.objects.count()) == (403, 0)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FROM_ELSEWHERE"
    assert client.get(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 202
    work()
    assert client.get(path, headers=from_elsewhere).status_code == 302


def test_who_waits_hears_how_far_it_is(
    get: Get, path: str, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 2)
    for number in range(4):
        make_message(thread=thread, body=f"message {number}")
    Thread.objects.update(message_count=5)

    told = []
    answer: Any = get(path)
    while answer.status_code == 202:
        told.append(list(answer.json().values()))
        exports_work(seconds=0.000001)
        answer = get(answer["Location"])

    assert told == [["waiting", 0, None], ["waiting", 2, 5], ["waiting", 4, 5]]
    assert [json.loads(line)["body"] for line in content(answer).splitlines()] == [
        *("message 3", "message 2", "message 1", "message 0", "hello, there"),
    ]


def test_an_export_is_kept_in_pieces_that_fit_into_memory(
    bob: User, workspace: Workspace, thread: Thread
) -> None:
    for number in range(30):
        make_message(thread=thread, body=f"{number}" * 50_000)

    export = ask_for(bob, workspace)
    work()

    sizes = [len(one.content) for one in KeptFile.objects.all()]
    export.refresh_from_db()
    assert max(sizes) == PIECE
    assert (len(sizes), sum(sizes)) == (export.pieces.count(), export.size)
    whole = b"".join(export_making.export_pieces(export)).decode()
    assert len(list(csv.reader(io.StringIO(whole)))) == 32


def test_a_browser_asks_on_a_page_sees_how_far_it_is_and_downloads(
    client: Client, bob: User, workspace: Workspace, path: str, thread: Thread
) -> None:
    client.force_login(bob)

    before = client.get(path, headers=BROWSER).content.decode()
    client.post(path, headers=BROWSER)
    during = client.get(path, headers=BROWSER).content.decode()
    part = client.get(path, headers={"HX-Request": "true", "HX-Target": "export"}).content.decode()
    work()
    after = client.get(path, headers=BROWSER).content.decode()

    assert "Make the export" in before
    assert "Download" not in before + during
    assert 'hx-trigger="every 2s"' in during
    # Without JavaScript the whole page comes again.
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in during
    assert part.startswith('<section class="card stack" id="export"')
    export = ExportFile.objects.get()
    link = f"/workspaces/{workspace.pk}/exports/{export.pk}"
    assert f'href="{link}" download' in after
    assert b"hello, there" in content(client.get(link))


@pytest.fixture
def ready(bob: User, workspace: Workspace) -> ExportFile:
    """Return an export in three pieces that is ready."""
    export = ask_for(bob, workspace)
    work()
    content = b"".join(bytes([number]) * 10 for number in range(3))
    export.pieces.all().delete()
    for number in range(3):
        file_keep(f"piece-{number}", content[10 * number :][:10])
        export.pieces.create(number=number, name=f"piece-{number}", size=10)
    ExportFile.objects.filter(pk=export.pk).update(size=30)
    export.refresh_from_db()
    return export


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, 29),
        ("bytes=0-0", 0, 0),
        ("bytes=5-24", 5, 24),
        ("bytes=10-19", 10, 19),
        ("bytes=12-", 12, 29),
        ("bytes=29-99", 29, 29),
        ("bytes=-7", 23, 29),
        ("bytes=-99", 0, 29),
    ],
)
def test_a_download_goes_on_from_any_byte(
    get: Get, client: Client, ready: ExportFile, asked: str, first: int, last: int
) -> None:
    path = f"/workspaces/{ready.workspace_id}/exports/{ready.pk}"
    whole = get(path)
    everything = content(whole)
    client.force_login(ready.requested_by)

    part = client.get(path, headers={"Range": asked, "If-Range": whole["ETag"]})

    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes {first}-{last}/30")
    assert content(part) == everything[first : last + 1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,4-5"},
        {"Range": "bytes=5-4"},
        {"Range": "bytes=-"},
        {"Range": "lines=1-2"},
        {"Range": "bytes=1-2", "If-Range": '"another"'},
        {"Range": "bytes=" + "9" * 30 + "-"},
    ],
)
def test_what_is_no_part_of_this_export_is_answered_with_the_whole(
    client: Client, ready: ExportFile, headers: dict[str, str]
) -> None:
    client.force_login(ready.requested_by)
    path = f"/workspaces/{ready.workspace_id}/exports/{ready.pk}"

    answer = client.get(path, headers=headers)

    assert (answer.status_code, len(content(answer))) == (200, 30)


@pytest.mark.parametrize("asked", ["bytes=30-", "bytes=99-100", "bytes=-0"])
def test_bytes_behind_the_end_are_refused(client: Client, ready: ExportFile, asked: str) -> None:
    client.force_login(ready.requested_by)
    path = f"/workspaces/{ready.workspace_id}/exports/{ready.pk}"

    answer = client.get(path, headers={"Range": asked})

    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */30")


def test_an_export_of_before_has_no_parts(client: Client, ready: ExportFile) -> None:
    client.force_login(ready.requested_by)
    ready.pieces.update(size=0)

    answer = client.get(
        f"/workspaces/{ready.workspace_id}/exports/{ready.pk}", headers={"Range": "bytes=12-"}
    )

    assert (answer.status_code, len(content(answer))) == (200, 30)
    assert "Accept-Ranges" not in answer


def test_a_person_downloads_so_much_at_once_and_no_more(
    client: Client, alice: User, ready: ExportFile
) -> None:
    cache.clear()
    path = f"/workspaces/{ready.workspace_id}/exports/{ready.pk}"
    client.force_login(ready.requested_by)

    hanging: list[Any] = [client.get(path) for _ in range(MOST_DOWNLOADS)]
    refused: Any = client.get(path)
    content(hanging.pop())
    again: Any = client.get(path)

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["message"] == (
        "3 of your downloads are not over yet: wait for one of them."
    )
    assert len(content(again)) == 30
    with valkey_that(STATES["away"]) as server, override_settings(REDIS_URL=server.url):
        assert client.get(path).status_code == 200
    outage.forget()


def test_a_download_whose_client_is_gone_is_forgotten_in_time() -> None:
    seats = Seats("of tests", most=1, seconds=1)
    key = token_hex(8)

    taken = seats.take(key)
    assert taken is not None
    assert seats.take(key) is None
    time.sleep(0.6)
    taken.keep()
    time.sleep(0.6)
    assert seats.take(key) is None
    time.sleep(0.6)
    assert seats.take(key) is not None
    taken.keep()
    assert seats.take(key) is None


@override_settings(DEXXY_API_BUDGET=100)
def test_a_download_costs_something(client: Client, ready: ExportFile) -> None:
    cache.clear()
    path = f"/workspaces/{ready.workspace_id}/exports/{ready.pk}"
    client.force_login(ready.requested_by)

    answers = [client.get(path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_to_look_at_the_page_asks_for_nothing_and_to_ask_needs_its_token(
    bob: User, path: str, thread: Thread
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)

    looked = client.get(path, headers=BROWSER)
    forged = client.post(path, headers=BROWSER)
    forged_as_program = client.post(path)

    assert (looked.status_code, forged.status_code, forged_as_program.status_code) == (
        200,
        403,
        403,
    )
    assert not ExportFile.objects.exists()


def test_an_export_is_for_who_asked_for_it_and_is_in_the_workspace(
    client: Client, alice: User, bob: User, charlie: User, workspace: Workspace, thread: Thread
) -> None:
    export = ask_for(bob, workspace)
    work()
    path = f"/workspaces/{workspace.pk}/exports/{export.pk}"

    def status(user: User) -> int:
        client.force_login(user)
        return client.get(path).status_code

    assert [status(user) for user in (bob, alice, charlie)] == [200, 404, 404]
    assert Client().get(path).status_code == 401
    operator_remove(actor=alice, membership_id=bob.memberships.get().pk)
    assert status(bob) == 404


def test_an_export_is_refused_to_everybody_else(
    client: Client, charlie: User, workspace: Workspace, path: str
) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get(path, headers=BROWSER)["Location"].startswith("/accounts/login/")
    client.force_login(charlie)

    foreign = client.get(path)
    missing = client.get("/workspaces/987654/export/messages.jsonl")

    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert client.get(path, headers=BROWSER).status_code == 404
    assert client.get(path.replace("messages.jsonl", "poems.csv")).status_code == 404
    assert client.put(path).status_code == 405
    assert not ExportFile.objects.exists()


@override_settings(DEXXY_API_BUDGET=500)
def test_an_export_is_as_dear_as_the_dearest_document(client: Client, bob: User, path: str) -> None:
    client.force_login(bob)

    given, waiting, refused = client.get(path), client.get(path), client.post(path)

    assert (given.status_code, given["RateLimit-Remaining"]) == (202, "0")
    assert waiting.status_code == 202
    assert refused.status_code == 429
    assert json.loads(refused.content)["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}


def test_a_person_has_so_many_exports_and_no_more(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)
    for what in list(Export)[:MOST_AT_ONCE]:
        ask_for(bob, workspace, what)

    refused: Any = client.get(path)
    on_the_page = client.post(path, headers=BROWSER, follow=True).content.decode()

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert "3 of your exports are still being made" in on_the_page
    assert ask_for(bob, workspace).pk == ExportFile.objects.get(what="messages").pk
    assert ask_for(alice, workspace).requested_by == alice


def test_ones_own_exports_are_listed_with_progress_end_download_and_deletion(
    client: Client, alice: User, bob: User, workspace: Workspace, thread: Thread
) -> None:
    client.force_login(bob)
    where = f"/w/{workspace.slug}/settings/data/"
    for viewer, what in ((alice, Export.THREADS), (bob, Export.MESSAGES)):
        export_request(viewer=viewer, workspace=workspace, what=what, form=Format.CSV)
    hers, his = ExportFile.objects.order_by("pk")
    bob.time_zone = "Asia/Tokyo"
    bob.save()
    until = his.expires_at.astimezone(ZoneInfo(bob.time_zone))

    def listed() -> str:
        headers = {"HX-Request": "true", "HX-Target": "exports"}
        return client.get(where, headers=headers).content.decode()

    assert his.file_name in listed()
    assert "It waits for a worker." in listed()
    assert 'hx-trigger="every 2s"' in listed()
    assert hers.file_name not in client.get(where).content.decode()
    work()
    assert f"{until:%A} {until.day} {until:%B %Y, %H:%M:%S} JST" in listed()
    assert f"{until:%H:%M}</time>" in listed()
    assert f'href="/workspaces/{workspace.pk}/exports/{his.pk}"' in listed()
    assert "hx-trigger" not in listed()

    assert client.post(f"/w/{workspace.slug}/exports/{hers.pk}/delete/").status_code == 404
    page = client.post(f"/w/{workspace.slug}/exports/{his.pk}/delete/", follow=True)

    assert f"{his.file_name} is deleted." in page.content.decode()
    assert his.file_name not in listed()
    assert AuditEntry.objects.filter(action="export.deleted", actor=bob).count() == 1
    work()
    assert list(ExportFile.objects.all()) == [hers]


def test_of_a_person_the_newest_exports_are_kept(bob: User, workspace: Workspace) -> None:
    made = []
    for _ in range(MOST_KEPT + 1):
        made.append(ask_for(bob, workspace).pk)
        work()

    assert list(ExportFile.objects.order_by("pk").values_list("pk", flat=True)) == made[1:]


def test_an_export_is_kept_for_a_day_and_leaves_nothing(
    bob: User, workspace: Workspace, thread: Thread
) -> None:
    export = ask_for(bob, workspace)
    work()
    assert not exports_due()
    day = timezone.now() + timedelta(days=1)
    ExportFile.objects.update(expires_at=timezone.now())

    with pytest.raises(ExportNotFoundError):
        found(bob, workspace, export.pk)
    assert export.expires_at < day
    assert exports_due()
    exports_prune()

    assert not ExportFile.objects.exists()
    assert not ExportPiece.objects.exists()
    assert not KeptFile.objects.exists()


@pytest.mark.parametrize("is_made", [True, False])
def test_who_is_erased_is_in_no_export_any_more(
    alice: User, bob: User, workspace: Workspace, thread: Thread, is_made: bool
) -> None:
    export = ask_for(bob, workspace)
    if is_made:
        work()
    assert thread.author is not None

    person_erase(actor=alice, workspace=workspace, member_id=thread.author.member_id)

    with pytest.raises(ExportNotFoundError):
        found(bob, workspace, export.pk)
    work()
    assert not KeptFile.objects.exists()


def test_an_erasure_ends_an_export_in_the_middle(
    alice: User, bob: User, workspace: Workspace, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = thread.author
    assert author is not None
    ask_for(bob, workspace)
    read = export_text._EXPORTS[Export.MESSAGES]

    def erased_meanwhile(*arguments: Any) -> Any:
        batch = read[1](*arguments)
        person_erase(actor=alice, workspace=workspace, member_id=author.member_id)
        return batch

    monkeypatch.setitem(export_text._EXPORTS, Export.MESSAGES, (read[0], erased_meanwhile))
    exports_work(seconds=10)
    work()

    assert not ExportFile.objects.exists()
    assert not KeptFile.objects.exists()


def test_a_worker_that_died_costs_a_piece_and_one_that_fails_is_given_up(
    get: Get, path: str, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 1)
    make_message(thread=thread, body="newer")
    asked = get(path)
    exports_work(seconds=0.000001)
    read = export_text._EXPORTS[Export.MESSAGES]

    def failing(*_: object) -> Any:
        raise MemoryError

    monkeypatch.setitem(export_text._EXPORTS, Export.MESSAGES, (read[0], failing))
    for _ in range(2):
        with pytest.raises(MemoryError):
            exports_work(seconds=10)
        assert not exports_due()
        ExportFile.objects.update(held_until=timezone.now())
    monkeypatch.setitem(export_text._EXPORTS, Export.MESSAGES, read)
    work()
    mended = get(asked["Location"])

    assert [json.loads(line)["body"] for line in content(mended).splitlines()] == [
        *("newer", "hello, there"),
    ]
    ExportFile.objects.update(state=ExportState.MAKING, attempts=3, held_until=timezone.now())
    work()
    failed: Any = get(asked["Location"])
    assert failed.status_code == 500
    assert failed.json()["errors"][0]["extensions"] == {"code": "EXPORT_FAILED"}


def test_a_worker_that_was_suspended_writes_no_piece_into_anothers_export(
    bob: User, workspace: Workspace, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_for(bob, workspace)
    read = export_text._EXPORTS[Export.MESSAGES]

    def suspended(*arguments: Any) -> Any:
        ExportFile.objects.update(holder="another")
        return read[1](*arguments)

    monkeypatch.setitem(export_text._EXPORTS, Export.MESSAGES, (read[0], suspended))
    exports_work(seconds=10)

    export.refresh_from_db()
    assert (export.holder, export.state, export.size) == ("another", ExportState.MAKING, 0)
    assert not KeptFile.objects.exists()


def test_to_ask_is_written_down(alice: User, workspace: Workspace) -> None:
    export = ask_for(alice, workspace)

    entry = AuditEntry.objects.get(action="export.requested")
    assert (entry.actor, entry.target_id) == (alice, str(export.pk))


def test_exports_are_kept_in_any_storage_of_djangos(
    bob: User, workspace: Workspace, thread: Thread, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "kept": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }

    export = ask_for(bob, workspace)
    work()
    export.refresh_from_db()
    kept = b"".join(export_making.export_pieces(export))
    ExportFile.objects.update(expires_at=timezone.now())
    exports_prune()

    assert b"hello, there" in kept
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not KeptFile.objects.exists()


@pytest.mark.parametrize("what", Export.of_all())
@pytest.mark.parametrize("query", ["jsonl", "csv", "csv?bom=1"])
def test_a_browser_a_program_and_the_command_get_the_same(
    client: Client,
    get: Get,
    bob: User,
    workspace: Workspace,
    thread: Thread,
    tmp_path: Path,
    what: str,
    query: str,
) -> None:
    form, _, bom = query.partition("?")
    path, target = f"/workspaces/{workspace.pk}/export/{what}.{query}", tmp_path / "exported"
    make_message(thread=thread, kind=MessageKind.LABELED, author=thread.author, in_feed=False)
    make_release(source=thread.source, author=thread.author)
    counts_note(thread.source_id, Counts(7319, 4), taken_at=START, is_hint=False)

    get(path)
    work()
    by_program = get(get(path)["Location"])
    client.force_login(bob)
    page = client.get(path, headers=BROWSER).content.decode()
    [link] = [part.partition('"')[0] for part in page.split('href="') if "/exports/" in part[:40]]
    by_browser = client.get(link)
    options = ("--workspace", workspace.slug, "--format", form, "--output", str(target))
    call_command("export", what, *options, *(["--bom"] if bom else []))

    assert content(by_browser) == content(by_program) == target.read_bytes()
    assert target.read_bytes().startswith(b"\xef\xbb\xbf") == bool(bom)
    assert (b"7319" if what == Export.GROWTH else b"mira") in target.read_bytes()
