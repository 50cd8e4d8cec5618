"""`dexxy doctor` as a person types it."""

import json
import os
import subprocess
import sys

import pytest

from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)


def doctor(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dexxy.cli.main", "doctor", *arguments],
        env={**os.environ, **own_database(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_is_not_well_stands_with_its_fix_and_fails_the_command() -> None:
    done = doctor()

    assert done.returncode == 1
    assert "✓ Database" in done.stdout
    assert "✗ Workers for sync  None is running, with 0 jobs waiting." in done.stdout
    assert "  → Start one: `dexxy worker sync`." in done.stdout
    assert done.stderr.strip().endswith("Each says above how to mend it.")
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_findings_can_be_read_by_programs() -> None:
    found = json.loads(doctor("--json").stdout)
    findings = found["findings"]

    facts = {(fact["name"], *fact["labels"].values()): fact["value"] for fact in found["facts"]}
    assert facts["dexxy_inbox_deliveries", "pending"] == 0
    assert facts["dexxy_workers", "sync"] == 0
    assert findings[0]["name"] == "Database"
    assert {finding["state"] for finding in findings} <= {"ok", "notice", "failed"}


def test_without_a_database_it_says_so_and_looks_no_further() -> None:
    done = doctor("--json", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")

    found = json.loads(done.stdout)
    (finding,) = found["findings"]
    assert found["facts"] == []
    assert done.returncode == 1
    assert finding["name"] == "Database"
    assert finding["fix"] == "Check DATABASE_URL."
