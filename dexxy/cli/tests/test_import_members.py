"""`dexxy import-members` as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dexxy.accounts.models import Workspace
from dexxy.members.models import Identity
from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)

Load = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Import a file with a text, into the workspace called `team`."""
    Workspace.objects.create(name="Team", slug="team")

    def run(text: str, *options: str) -> "subprocess.CompletedProcess[str]":
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "dexxy.cli.main", "import-members", str(path)]
        return subprocess.run(
            [*command, "--workspace", "team", *options],
            env={**os.environ, **own_database()},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_people_are_imported_and_the_rest_is_told(load: Load) -> None:
    done = load("name,email,Phone,username:discord\nAda,ada@lovelace.org,1,ada\n")

    assert done.stdout == (
        "Columns that are not used: Phone.\n"
        "Rows: 1, added: 1, known: 0, erased: 0, bad: 0, accounts joined: 1.\n"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Identity.objects.count() == 2


def test_a_bad_row_stops_the_import_with_one_line(load: Load) -> None:
    done = load("email\nada@lovelace.org\nnonsense\n")

    assert done.returncode == 1
    assert "Line 3: nonsense is no e-mail address.\n" in done.stdout
    assert done.stdout.endswith("bad: 1, accounts joined: 0. Nothing was stored.\n")
    assert done.stderr == (
        "dexxy: 1 of 2 rows cannot be imported, so none was: mend them, or leave them out with"
        " --skip-bad-rows.\n"
    )
    assert not Identity.objects.exists()


def test_json_has_an_object_a_row_and_one_for_all(load: Load) -> None:
    done = load("email,Phone\nada@lovelace.org,1\nnonsense,2\n", "--json", "--skip-bad-rows")

    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"line": 2, "outcome": "added"},
        {"line": 3, "outcome": "bad", "problem": "nonsense is no e-mail address."},
        {
            "rows": {"added": 1, "bad": 1},
            "joined": 0,
            "ignored_columns": ["Phone"],
            "is_stored": True,
        },
    ]


def test_a_rehearsal_stores_nothing(load: Load) -> None:
    done = load("email\nada@lovelace.org\n", "--dry-run")

    assert done.stdout == (
        "Rows: 1, added: 1, known: 0, erased: 0, bad: 0, accounts joined: 0. Nothing was stored.\n"
    )
    assert done.returncode == 0
    assert not Identity.objects.exists()


@pytest.mark.parametrize(
    ("text", "options", "code", "line"),
    [
        ("name\nAda\n", [], 1, "The first line names no column by which people are told apart"),
        ("email\n", ["--encoding", "latin-99"], 1, "There is no encoding called latin-99."),
        ("email\n", ["--workspace", "none"], 2, "There is no workspace none: --workspace takes"),
    ],
)
def test_what_is_wrong_is_one_line(
    load: Load, text: str, options: list[str], code: int, line: str
) -> None:
    done = load(text, *options)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"dexxy: {line}")
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_wrong_use(load: Load) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dexxy.cli.main", "import-members", "/no/such/file.csv"],
        env={**os.environ, **own_database()},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (2, "dexxy: There is no file /no/such/file.csv.\n")
