"""Whatever a file has in it, it is refused in one line before anything is loaded."""

import json
import os
import tracemalloc
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from dexxy.accounts.models import Workspace
from dexxy.cli.management.commands.restore import _erasures
from dexxy.cli.private_file import written_atomically
from dexxy.members.erasure.lists import ErasureJournalError, journal_read
from dexxy.safekeeping import backup_file
from dexxy.safekeeping.backup_file import DamagedBackupError, backup_opened
from dexxy.safekeeping.enclosed_keys import keys_enclosed
from dexxy.safekeeping.manifest import DUMP, ERASURES, KEYS, MANIFEST
from dexxy.safekeeping.tests.making import back_up, bring_back
from tests.tables import everything

TOLD = {
    "dexxy": "0.1",
    "postgresql": "18.1",
    "tools": 18,
    "schema": "public",
    "migrations": [["members", "0001_initial"]],
    "made_at": "2026-01-01T00:00:00+00:00",
    "format": 1,
}
DEEP = "[" * 200_000
REFUSED = r"^[^\n]* is not a whole backup of Dexxy[^\n]*Nothing was touched\.$"
PASSPHRASE = "correct horse battery staple"
ENCLOSED = {"salt": "00" * 16, "token": "gAAAAA==", "n": 2**14, "r": 8, "p": 1}
DIGEST = "0" * 64
ACCOUNT = {"digest": DIGEST, "provider": "github", "is_silenced": False}
ERASED: dict[str, Any] = {"workspace": "w", "secret": "s", "accounts": [ACCOUNT], "texts": [DIGEST]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dexxy.backup"


def make(
    file: Path,
    *,
    manifest: str | None = None,
    compression: int = ZIP_STORED,
    members: dict[str, bytes] | None = None,
    **told: Any,
) -> Path:
    """Write a backup whose digests are right."""
    content = {DUMP: b"PGDMP", ERASURES: b"", **(members or {})}
    digests = {name: sha256(data).hexdigest() for name, data in content.items()}
    with ZipFile(file, "w", compression) as crafted:
        for name, data in content.items():
            crafted.writestr(name, data)
        crafted.writestr(
            MANIFEST, manifest or json.dumps({**TOLD, "digests": digests, **told}), ZIP_STORED
        )
    return file


def test_a_crafted_file_that_is_right_is_opened(file: Path) -> None:
    line = json.dumps(ERASED).encode() + b"\n"
    with backup_opened(make(file, members={ERASURES: line})) as backup:
        assert b"".join(one.line() for one in backup.erasures()) == line


@pytest.mark.parametrize(
    "told",
    [
        {"format": float("inf")},
        {"format": "1"},
        {"format": True},
        {"format": 0},
        {"digests": []},
        {"digests": {}},
        {"digests": {DUMP: 1, ERASURES: 2}},
        {"tools": "18"},
        {"tools": -1},
        {"dexxy": None},
        {"dexxy": "two\nlines"},
        {"schema": "\x00"},
        {"schema": "\ud800"},
        {"made_at": 1},
        {"postgresql": ["18"]},
        {"migrations": None},
        {"migrations": [1, 2]},
        {"migrations": ["ab"]},
        {"migrations": [[["members"], "0001_initial"]]},
        {"migrations": [["members", "0001_initial", "more"]]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_manifest_with_something_else_in_it_is_refused(file: Path, told: dict[str, Any]) -> None:
    make(file, **told)

    with pytest.raises(DamagedBackupError, match=REFUSED), backup_opened(file):
        pass


@pytest.mark.parametrize("manifest", [DEEP, "[]", "null", "{", "{}", " " * 2**20 + "{}"], ids=len)
def test_a_manifest_that_is_no_object_is_refused(file: Path, manifest: str) -> None:
    make(file, manifest=manifest)

    with pytest.raises(DamagedBackupError, match=REFUSED), backup_opened(file):
        pass


@pytest.mark.parametrize(
    ("at", "value"), [(8, 1), (10, 99)], ids=["encrypted", "unknown compression"]
)
def test_a_member_that_cannot_be_unpacked_is_refused(file: Path, at: int, value: int) -> None:
    whole = bytearray(make(file).read_bytes())
    # In each entry of the directory of the zip.
    entry = whole.find(b"PK\x01\x02")
    while entry >= 0:
        whole[entry + at] = value
        entry = whole.find(b"PK\x01\x02", entry + 1)
    file.write_bytes(whole)

    with pytest.raises(DamagedBackupError, match=REFUSED), backup_opened(file):
        pass


def test_a_small_file_that_would_fill_the_memory_is_refused(file: Path) -> None:
    make(file, compression=ZIP_DEFLATED, members={ERASURES: b"\n" * 20_000_000})
    assert file.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(DamagedBackupError, match=REFUSED), backup_opened(file):
            pass
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [ERASURES, KEYS])
def test_what_is_read_into_memory_is_bounded(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backup_file._MOST, name, 1000)
    make(file, members={name: b" " * 1001})

    with pytest.raises(DamagedBackupError, match=REFUSED), backup_opened(file):
        pass


def test_a_line_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "_LONGEST_LINE", 1000)
    make(file, members={ERASURES: b" " * 1001})

    with backup_opened(file) as backup, pytest.raises(DamagedBackupError, match=REFUSED):
        list(backup.erasures())


@pytest.mark.parametrize(
    "enclosed",
    [
        "[]",
        "{",
        DEEP,
        "{}",
        *(
            json.dumps(ENCLOSED | wrong)
            for wrong in (
                {"n": 2**14 + 1},
                {"n": 2**40},
                {"n": 0},
                {"r": "x"},
                {"r": 1},
                {"p": None},
                {"p": True},
                {"salt": "no hex"},
                {"salt": 5},
                {"token": 5},
                {"token": "é"},
                {"more": 1},
            )
        ),
    ],
    ids=lambda enclosed: enclosed[:90],
)
def test_enclosed_keys_that_are_none_are_refused(file: Path, enclosed: str) -> None:
    make(file, members={KEYS: enclosed.encode()})

    with backup_opened(file) as backup, pytest.raises(DamagedBackupError, match=REFUSED):
        backup.keys(PASSPHRASE)


def test_what_was_enclosed_and_is_no_key_is_refused(file: Path) -> None:
    make(file, members={KEYS: keys_enclosed([1], PASSPHRASE)})  # type: ignore[list-item]

    with backup_opened(file) as backup, pytest.raises(DamagedBackupError, match=REFUSED):
        backup.keys(PASSPHRASE)


BROKEN_LINES = [
    DEEP,
    "[]",
    "null",
    "{}",
    *(
        json.dumps(ERASED | wrong)
        for wrong in (
            {"workspace": 1},
            {"workspace": "\x00"},
            {"secret": None},
            {"texts": ["short"]},
            {"texts": [["a"]]},
            {"texts": 5},
            {"accounts": [5]},
            {"accounts": [ACCOUNT | {"digest": "0" * 65}]},
            {"accounts": [ACCOUNT | {"provider": 1}]},
            {"accounts": [ACCOUNT | {"is_silenced": "yes"}]},
        )
    ),
]


@pytest.mark.parametrize("line", BROKEN_LINES, ids=lambda line: line[:90])
def test_a_line_that_is_no_erasure_is_refused(file: Path, line: str) -> None:
    file.write_text(f"{line}\n")
    with pytest.raises(ErasureJournalError, match=r"^Line 1 of .* is no erasure[^\n]*$"):
        journal_read(file)

    make(file, members={ERASURES: f"{line}\n".encode()})
    with pytest.raises(DamagedBackupError, match=REFUSED):
        list(_erasures(file))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("unfinished", [DEEP, json.dumps(ERASED)], ids=["broken", "only cut off"])
def test_an_unfinished_line_in_a_backup_touches_nothing(
    file: Path, workspace: Workspace, unfinished: str
) -> None:
    with ZipFile(back_up(file)) as whole:
        dump, told = whole.read(DUMP), json.loads(whole.read(MANIFEST))
    del told["digests"]
    make(file, members={DUMP: dump, ERASURES: unfinished.encode()}, **told)
    before = everything()

    with pytest.raises(DamagedBackupError, match=REFUSED):
        bring_back(file)

    assert everything() == before


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()

    with written_atomically(pipe) as output:
        output.write(b"all of it")

    reader.join(timeout=5)
    assert read == [b"all of it"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("before", [None, b"of before"], ids=["dangling", "to a file"])
def test_where_a_link_points_to_is_written_whole_or_not_at_all(
    tmp_path: Path, before: bytes | None
) -> None:
    link, target = tmp_path / "link", tmp_path / "folder" / "target"
    target.parent.mkdir()
    link.symlink_to(target)
    if before is not None:
        target.write_bytes(before)

    with pytest.raises(TypeError), written_atomically(link) as output:
        output.writelines([b"half", None])  # type: ignore[list-item]
    after_failure = [path.read_bytes() for path in target.parent.iterdir()]
    with written_atomically(link) as output:
        output.write(b"all of it")

    assert after_failure == ([] if before is None else [before])
    assert link.is_symlink()
    assert target.read_bytes() == b"all of it"
    assert target.stat().st_mode & 0o777 == 0o600
