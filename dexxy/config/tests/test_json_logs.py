"""The log as JSON: an object a line, with all that was bound, and nothing that opens a door."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

SECRET = "dxy_abcdefghij"
SCRIPT = f"""
import logging, threading
import django
django.setup()
import structlog
from structlog.contextvars import bound_contextvars
log = structlog.get_logger()
with bound_contextvars(request="r1", workspace=7):
    log.info("said", token={SECRET!r}, where="a\\nb", count=3)
    logging.getLogger("a.library").warning("Not %s: {SECRET}", "found")
    try:
        raise ValueError("with {SECRET}")
    except ValueError:
        log.exception("structured")
        logging.getLogger("a.library").exception("plain")
def crash(): raise KeyError("{SECRET}")
thread = threading.Thread(target=crash)
thread.start()
thread.join()
raise SystemError("the end")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    env = {
        **os.environ,
        "DEXXY_LOG_FORMAT": "json",
        "DEXXY_LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": "dexxy.config.settings",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True)
    assert SECRET not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def by_event(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["event"]: line for line in lines}


def test_each_line_is_an_object_with_time_level_and_what_is_bound(
    lines: list[dict[str, Any]],
) -> None:
    said, library = by_event(lines)["said"], by_event(lines)["Not found: [token]"]

    assert said.pop("timestamp").endswith("Z")
    assert isinstance(said.pop("pid"), int)
    assert (said.pop("host"), said.pop("process")) == (socket.gethostname(), "-c")
    assert said == {
        "event": "said",
        "level": "info",
        "request": "r1",
        "workspace": 7,
        "count": 3,
        "token": "[token]",
        "where": "a\\nb",
    }
    assert (library["level"], library["request"], library["workspace"]) == ("warning", "r1", 7)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("structured", "ValueError: with [token]"),
        ("plain", "ValueError: with [token]"),
        ("The process crashed.", "SystemError: the end"),
    ],
)
def test_a_traceback_is_a_field_of_its_line(
    lines: list[dict[str, Any]], event: str, says: str
) -> None:
    assert by_event(lines)[event]["exception"].endswith(says)


def test_a_format_that_is_none_is_refused() -> None:
    env = {**os.environ, "DEXXY_LOG_FORMAT": "xml"}
    code = "import dexxy.config.settings"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)

    assert "DEXXY_LOG_FORMAT=xml is none of: text, json." in done.stderr
