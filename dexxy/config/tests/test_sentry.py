"""What leaves for Sentry: what failed and where; no secret, and nothing of people."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dexxy.config.sentry import cleaned
from tests.receiver import Receiver, receiving

SCRIPT = """
import logging
import django
django.setup()
from django.test import Client
from dexxy.config import sentry
from dexxy.cli.last_words import last_words
def defect():
    local = "what a local variable held"
    raise RuntimeError("mei@example.com has ghs_abcdefghijklmnop\\nDETAIL: Key (name)=(Mei Lin)")
from django.urls import path
from dexxy.config import urls
urls.urlpatterns.append(path("defect/", lambda request: defect()))
client = Client(raise_request_exception=False)
headers = {"host": "localhost", "user-agent": "Mei's"}
answer = client.get("/defect/?code=0pAqUe0pAqUe", headers=headers)
assert answer.status_code == 500, answer
logging.getLogger("dexxy").warning("not an error")
last_words()
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as to:
        to.body = b"{}"
        yield to


def run(code: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "dexxy.config.settings", **settings}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


def test_an_error_arrives_without_anything_that_opens_a_door_or_tells_of_people(
    receiver: Receiver,
) -> None:
    dsn = f"{receiver.url.replace('//', '//key@')}/7"

    done = run(SCRIPT, DEXXY_SENTRY_DSN=dsn, DEXXY_SENTRY_ENVIRONMENT="trial")

    assert done.returncode == 0, done.stderr
    bodies = [one.plain.decode() for one in receiver.received]
    [event] = [
        json.loads(line)
        for body in bodies
        for line in body.splitlines()
        if line.startswith("{") and '"exception"' in line
    ]
    [failure] = event["exception"]["values"]
    assert (failure["type"], failure["value"]) == ("RuntimeError", "[address] has [token]")
    assert failure["stacktrace"]["frames"][-1]["function"] == "defect"
    assert event["environment"] == "trial"
    assert event["release"].startswith("dexxy@")
    everything = "".join(bodies)
    for hidden in ("mei@", "Mei", "ghs_", "0pAqUe", "held", "not an error", '"request"', '"user"'):
        assert hidden not in everything, hidden


def test_without_an_address_nothing_is_loaded() -> None:
    code = "import django; django.setup(); import sys; print('sentry_sdk' in sys.modules)"

    assert run(code, DEXXY_SENTRY_DSN="").stdout == "False\n"


def test_an_address_that_is_none_is_said_in_one_line() -> None:
    done = run("import dexxy.config.settings", DEXXY_SENTRY_DSN="https://nokey.example.com/")

    assert "DEXXY_SENTRY_DSN is no address of Sentry" in done.stderr.splitlines()[-1]


def test_where_it_is_not_installed_it_says_how_to() -> None:
    code = "import sys; sys.modules['sentry_sdk'] = None; import dexxy.config.settings"

    done = run(code, DEXXY_SENTRY_DSN="https://key@example.com/1")

    assert "pip install 'dexxy[sentry]'" in done.stderr.splitlines()[-1]


def test_what_was_logged_with_it_is_cleaned_deeply() -> None:
    event = {
        "logentry": {"message": "of mei@example.com", "params": ["dxy_abcdefgh"]},
        "tags": {"token": "opaque"},
        "user": {"id": 7},
        "threads": {"values": [{"stacktrace": {"frames": [{"vars": {"a": "b"}, "lineno": 3}]}}]},
    }

    assert cleaned(event) == {
        "logentry": {"message": "of [address]", "params": ["[token]"]},
        "tags": {"token": "[token]"},
        "threads": {"values": [{"stacktrace": {"frames": [{"lineno": 3}]}}]},
    }
