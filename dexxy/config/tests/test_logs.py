"""What is refused is one line in the log; what crashed is not hidden."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import django
django.setup()
from django.test import Client
Client(raise_request_exception=False).get("/healthz", headers={"host": "evil.example"})
import logging
try:
    value = "what a local variable held"
    token = "ghs_1234_" + "eyJhbGciOi.J9_-x" * 32
    raise RuntimeError(f"a defect with {token}!")
except RuntimeError:
    logging.getLogger("dexxy").exception("crashed")
"""


@pytest.fixture(scope="module")
def log() -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ, capture_output=True, text=True, check=True
    )
    return done.stderr


def test_a_foreign_host_is_one_warning_without_a_traceback(log: str) -> None:
    lines = [line for line in log.splitlines() if "evil.example" in line]

    assert len(lines) == 1
    assert "warning" in lines[0]
    assert "DisallowedHost" not in log


def test_a_crash_shows_where_but_no_local_variables(log: str) -> None:
    assert "RuntimeError: a defect" in log
    assert "what a local variable held" not in log


def test_a_token_in_an_error_s_text_is_hidden(log: str) -> None:
    assert "a defect with [token]!" in log
    assert "eyJhbGciOi" not in log
