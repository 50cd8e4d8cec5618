"""A backup brings everything back, or touches nothing."""

import gc
import json
import os
import subprocess
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_rq import get_queue

from dexxy.accounts.models import Workspace
from dexxy.cli.tests.running import COMMAND, environment
from dexxy.common.queue import worker_wake
from dexxy.common.sql import fetch_all
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.integrations.models import Credential, GitHubRepository, RunState, SyncRun, SyncStatus
from dexxy.messages.feed.search import search_catch_up, search_words
from dexxy.messages.models import Follower, Message, SearchEntry
from dexxy.safekeeping import loading, restoring
from dexxy.safekeeping.backup_file import DamagedBackupError, backup_opened
from dexxy.safekeeping.loading import schema_objects, script_run
from dexxy.safekeeping.making import backup_make
from dexxy.safekeeping.manifest import DUMP, MANIFEST, NewerBackupError
from dexxy.safekeeping.postgres_programs import NoFittingProgramError
from dexxy.safekeeping.restoring import (
    PlaceBusyError,
    PlaceNotEmptyError,
    PlaceUnfitError,
    restore,
)
from dexxy.safekeeping.tests.making import CHANGED, back_up, bring_back
from dexxy.safekeeping.unfinished import (
    UnfinishedRestoreError,
    unfinished_begin,
    unfinished_refuse,
)
from dexxy.sources.models import Source
from tests.factories import (
    make_app,
    make_delivery,
    make_installation,
    make_message,
    make_repository,
    make_run,
    make_thread,
)
from tests.servers import own_database
from tests.tables import everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dexxy.backup"


def test_everything_comes_back(file: Path, source: Source) -> None:
    thread = make_thread(source=source)
    # Whatever COPY must escape, and lines that look like a script.
    for body in ("a\\.b\ttab", "\\.\n\\.\nCOPY x FROM stdin;\n", "\\restrict me\n"):
        make_message(thread=thread, body=body)
    make_delivery(installation=make_installation(workspace=source.workspace, app=make_app()))
    search_catch_up(seconds=5)
    before, objects = everything(but=CHANGED), schema_objects()
    back_up(file)
    Message.objects.all().update(body="overwritten")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_tomorrow (id integer REFERENCES accounts_workspace)")
        cursor.execute("CREATE TYPE of_tomorrow_too AS ENUM ('one')")

    bring_back(file)

    assert everything(but=CHANGED) == before
    assert schema_objects() == objects


def test_without_a_fitting_program_it_is_said_which_one_to_install(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    back_up(file)
    monkeypatch.setenv("PATH", str(tmp_path))
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        major = cursor.fetchone()[0].split(".")[0]

    says = rf"neither Dexxy nor this machine has them: install .* postgresql-client-{major}\.$"
    with backup_opened(file) as backup, pytest.raises(NoFittingProgramError, match=says):
        restore(backup, force=True, keys=(), erasures=(), brought=None)
    with (tmp_path / "new").open("wb") as new, pytest.raises(NoFittingProgramError, match=says):
        backup_make(new, passphrase="", brought=None)

    assert Workspace.objects.get() == workspace


def test_an_older_postgresql_than_is_needed_is_left_alone(
    file: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(file)
    monkeypatch.setattr(restoring, "OLDEST_POSTGRESQL", 99)

    with pytest.raises(PlaceUnfitError, match=r"PostgreSQL \d+.* is too old: Dexxy needs 99 or"):
        bring_back(file)

    assert Workspace.objects.get() == workspace


def test_a_place_with_another_schema_is_told_how_to_be_one(
    file: Path, workspace: Workspace
) -> None:
    back_up(file)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        cursor.execute("SET search_path TO elsewhere, public")
        try:
            with pytest.raises(PlaceUnfitError, match=r"schema public, and .* them in elsewhere:"):
                bring_back(file)
        finally:
            cursor.execute("RESET search_path")
            cursor.execute("DROP SCHEMA elsewhere")

    assert Workspace.objects.get() == workspace


def test_the_numbers_of_new_rows_go_on(file: Path, source: Source) -> None:
    last = make_thread(source=source).pk
    back_up(file)

    bring_back(file)

    assert make_thread(source=source).pk == last + 1


def test_nobody_else_may_read_the_file(file: Path, workspace: Workspace) -> None:
    back_up(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_backup_that_fails_leaves_the_last_one(file: Path) -> None:
    file.write_text("the last one")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO hidden")
    try:
        with pytest.raises(Exception, match="The database is empty: there is nothing to back up"):
            back_up(file)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO django_migrations")

    assert file.read_text() == "the last one"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_disk_that_is_full_is_one_error_and_leaves_nothing(
    file: Path, workspace: Workspace
) -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(OSError, match="No space"),
    ):
        backup_make(full, passphrase="", brought=postgres_client_programs())
    gc.collect()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_touches_nothing(file: Path, source: Source, share: float) -> None:
    whole = back_up(file).read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    before = everything()

    with pytest.raises(DamagedBackupError, match=r"is not a whole backup of Dexxy.*Nothing was"):
        bring_back(file)

    assert everything() == before


def test_a_file_with_one_wrong_byte_touches_nothing(file: Path, workspace: Workspace) -> None:
    whole = bytearray(back_up(file).read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)

    with pytest.raises(DamagedBackupError):
        bring_back(file)


def test_a_dump_that_was_exchanged_touches_nothing(file: Path, workspace: Workspace) -> None:
    other = file.with_name("other")
    with ZipFile(back_up(file)) as whole, ZipFile(other, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, b"PGDMP" if name == DUMP else whole.read(name))

    with pytest.raises(DamagedBackupError):
        bring_back(other)


def test_any_other_file_is_said_to_be_none(file: Path) -> None:
    with ZipFile(file, "w") as other:
        other.writestr("readme.txt", "a zip of something else")

    with pytest.raises(DamagedBackupError):
        bring_back(file)


def test_a_layout_of_a_newer_dexxy_is_refused(file: Path, workspace: Workspace) -> None:
    other = file.with_name("other")
    with ZipFile(back_up(file)) as whole, ZipFile(other, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name))
        manifest = json.loads(whole.read(MANIFEST)) | {"format": 2, "dexxy": "9.0"}
    with ZipFile(file, "w") as newer:
        newer.writestr(MANIFEST, json.dumps(manifest))

    with pytest.raises(NewerBackupError, match=r"of a newer Dexxy \(9\.0\)"):
        bring_back(file)


def test_a_database_that_is_not_empty_is_not_replaced(file: Path, source: Source) -> None:
    back_up(file)
    make_thread(source=source)
    before = everything()

    with pytest.raises(PlaceNotEmptyError, match=r"with --force\. Nothing was touched"):
        bring_back(file, force=False)

    assert everything() == before


def test_a_database_that_somebody_works_in_is_not_replaced(
    file: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "PATIENCE", 0.2)
    back_up(file)
    make_thread(source=source)
    before = everything()

    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE messages_thread IN ROW EXCLUSIVE MODE")
        with pytest.raises(PlaceBusyError, match=r"^Somebody works in the database: stop all"):
            bring_back(file)

    assert everything() == before


def test_a_database_that_others_use_is_not_replaced_though_they_are_idle(
    file: Path, source: Source
) -> None:
    back_up(file)
    make_thread(source=source)
    before = everything()

    with closing(connection.copy()) as web, closing(connection.copy()) as other:
        for name, one in (("dexxy web", web), ("psql", other)):
            with one.cursor() as cursor:
                cursor.execute("SELECT set_config('application_name', %s, false)", [name])
        with pytest.raises(PlaceBusyError, match="in use by dexxy web, psql: stop all of Dexxy's"):
            bring_back(file)

    assert everything() == before


def test_a_connection_that_nobody_has_used_for_long_keeps_nobody_waiting(
    file: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(restoring._RECENT, "seconds", 0)
    back_up(file)

    with closing(connection.copy()) as pooled, pooled.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', 'dexxy web', false)")
        bring_back(file)

    assert Source.objects.get() == source


def test_a_backup_goes_through_a_pipe(file: Path, source: Source, tmp_path: Path) -> None:
    with file.open("wb") as output:
        command = subprocess.Popen(
            [*COMMAND, "backup", "-"],
            env=environment(tmp_path, REDIS_URL=os.environ["REDIS_URL"], **own_database()),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        written, said = command.communicate(timeout=60)
        output.write(written)

    assert said.decode() == (
        "Backed up. The keys are not in it: set DEXXY_BACKUP_PASSPHRASE to enclose them.\n"
    )
    bring_back(file)
    assert Source.objects.get() == source


def test_an_older_backup_is_migrated(file: Path, workspace: Workspace) -> None:
    recorder = MigrationRecorder(connection)
    # Nothing depends on it, and it can be done twice.
    newest = "accounts", "0016_addresses_as_compared"
    recorder.record_unapplied(*newest)
    back_up(file)

    bring_back(file)

    assert newest in recorder.applied_migrations()
    assert Workspace.objects.get() == workspace


def test_nobody_reads_any_more_and_everything_is_compared_again(file: Path, source: Source) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    GitHubRepository.objects.update(last_synced_at=timezone.now())
    make_run(repository=repository, state=RunState.RUNNING)
    Credential.objects.create(
        server="github",
        kind="user",
        account_id=1,
        lease_token="5a2c5f4e-0000-4000-8000-000000000000",
        lease_until=timezone.now(),
        lease_holder="elsewhere",
    )
    worker_wake("sync", "dexxy.integrations.tasks.sync_github_repository", repository.pk)
    back_up(file)

    assert bring_back(file).is_queue_empty

    assert set(Credential.objects.values_list("lease_token", "lease_holder")) == {(None, "")}
    run, repository = SyncRun.objects.get(), GitHubRepository.objects.get()
    assert (run.state, run.error_code) == (RunState.STOPPED, "restored")
    assert repository.sync_status == SyncStatus.PENDING
    assert repository.next_sync_at
    assert repository.next_sweep_at
    assert max(repository.next_sync_at, repository.next_sweep_at) <= timezone.now()
    assert get_queue("sync").is_empty()


def test_search_finds_what_is_new_in_another_cluster(file: Path, source: Source) -> None:
    thread = make_thread(source=source)
    old = make_message(thread=thread, body="beforehand")
    # As far as a cluster gets that has run for longer than the one that is restored into.
    search_catch_up(seconds=5)
    Follower.objects.update(transaction_id=2**40)
    back_up(file)
    bring_back(file)

    new = make_message(thread=thread, body="afterwards")
    assert search_catch_up(seconds=5) == 0

    for message, word in ((old, "beforehand"), (new, "afterwards")):
        found = SearchEntry.objects.filter(words__contains=search_words(source.workspace, word))
        assert list(found.values_list("message", flat=True)) == [message.pk]


def test_settings_that_the_server_does_not_have_are_left_out() -> None:
    script_run([b"SET timeout_of_tomorrow = 0;\n", b"SET application_name = 'as dumped';\n"])

    assert fetch_all("SHOW application_name", {}) == [("as dumped",)]


def test_a_restore_that_was_not_finished_is_said_and_can_be_done_again(
    file: Path, workspace: Workspace
) -> None:
    back_up(file)
    unfinished_begin([])
    with pytest.raises(UnfinishedRestoreError, match="run `dexxy restore FILE --force` again"):
        unfinished_refuse()

    bring_back(file)

    unfinished_refuse()


def test_what_the_server_refuses_is_said_in_one_line_and_touches_nothing(
    file: Path, source: Source
) -> None:
    with connection.cursor() as cursor:
        # It works where it is, and not where the dump makes it: there nothing is found by its name.
        cursor.execute("CREATE FUNCTION one() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1")
        cursor.execute(
            "CREATE FUNCTION two() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT one() + 1'"
        )
        cursor.execute("CREATE TABLE fragile (id integer CHECK (id < two()))")
        cursor.execute("INSERT INTO fragile VALUES (1)")
    try:
        back_up(file)
        make_thread(source=source)
        before = everything()

        with pytest.raises(PlaceUnfitError, match=r"cannot be loaded here: .*one.*Nothing was to"):
            bring_back(file)

        assert everything() == before
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE fragile; DROP FUNCTION two; DROP FUNCTION one")
