"""What is refused is one line in the log; what crashed is not hidden; secrets are."""

import os
import subprocess
import sys

import pytest

# Everything here opens a door, or did when it was logged.
SECRETS = {
    "invitation": "7Wu8SO6vm5-inv",
    "link": "AAAAAAAAAsesame",
    "token": "dxy_abcdefghij",
    "github": "ghs_1234_" + "eyJhbGciOi.J9_-x" * 32,
    "password": "hunter2hunter2",
    "opaque": "0pAqUe0pAqUe",
}
SCRIPT = f"""
import logging, sys, threading
import django
django.setup()
from django.test import Client
import structlog
# At this level it writes how it looks for what a template may use.
logging.getLogger("django.template").setLevel(logging.INFO)
s = {SECRETS!r}
client = Client(raise_request_exception=False, enforce_csrf_checks=True)
client.get("/healthz", headers={{"host": "evil.example"}})
client.get(f"/nowhere/invitations/{{s['invitation']}}/", headers={{"host": "localhost"}})
client.post(f"/invitations/{{s['invitation']}}/", headers={{"host": "localhost"}})
from sesame.utils import get_user
get_user(s["link"] * 2)
logging.getLogger("sesame").debug("Valid token for user %s: %s", 1, s["link"])
address = f"postgresql://dexxy:{{s['password']}}@db/dexxy"
log = structlog.get_logger()
log.info("in text %s", address)
log.info("in a field", token=s["opaque"], where=address, deep={{"secret": [s["opaque"]]}})
for name in ("dexxy", "django.request", "rq.worker", "waitress", "werkzeug"):
    library = logging.getLogger(name)
    library.setLevel(logging.DEBUG)
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(library, level)("%s said %r", level, [s["token"], address])
# A library that writes its lines by itself.
own = logging.StreamHandler(sys.stderr)
other = logging.getLogger("a.library")
other.propagate = False
other.addHandler(own)
other.error("its own line: %s", s["github"])
logging.getLogger("dexxy").error("badly %d formatted", s["token"])
value = "what a local variable held"
for logger in (logging.getLogger("dexxy"), other):
    try:
        raise RuntimeError(f"a defect with {{s['github']}}!")
    except RuntimeError:
        logger.exception("crashed")
try:
    raise RuntimeError(f"a defect of structlog with {{s['github']}}!")
except RuntimeError as error:
    log.exception("crashed", token=s["opaque"])
    log.error("crashed", exc_info=error)
forged = "x\\n2030-01-01T00:00:00Z [info     ] forged"
bare = forged + "\\r\\x1b[2Jcleared\\u202eturned\\x85\\u2028"
log.info("sent by a client", path=bare, deep=[bare])
log.info(bare)
for logger in (logging.getLogger("dexxy"), other):
    logger.warning("Not Found: %s", bare)
    try:
        raise RuntimeError(bare)
    except RuntimeError:
        logger.exception("of what was sent")
try:
    raise RuntimeError(bare)
except RuntimeError:
    log.exception("of what was sent")
long = "overlong" * 10**5
log.info("sent by a client", path=long, deep=[long])
logging.getLogger("dexxy").warning("Not Found: %s", long)
try:
    raise RuntimeError(long)
except RuntimeError:
    log.exception("of what was sent")
def crash(): raise ValueError(s["token"])
thread = threading.Thread(target=crash, name="t")
thread.start()
thread.join()
raise SystemError(f"the end with {{address}}")
"""


@pytest.fixture(scope="module")
def log() -> str:
    env = {**os.environ, "DEXXY_LOG_LEVEL": "DEBUG"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True)
    assert "SystemError: the end with" in done.stderr.splitlines()[-1], done.stderr
    return done.stderr


def test_a_foreign_host_is_one_warning_without_a_traceback(log: str) -> None:
    lines = [line for line in log.splitlines() if "evil.example" in line]

    assert len(lines) == 1
    assert "warning" in lines[0]
    assert "DisallowedHost" not in log


def test_a_crash_shows_where_but_no_local_variables(log: str) -> None:
    assert log.count("RuntimeError: a defect with [token]!") == 2
    assert log.count("RuntimeError: a defect of structlog with [token]!") == 2
    assert "ValueError: [token]" in log
    assert "what a local variable held" not in log


@pytest.mark.parametrize("kind", SECRETS)
def test_nothing_that_opens_a_door_is_in_a_line_of_any_logger_or_level(log: str, kind: str) -> None:
    assert "Not Found: /nowhere/invitations/[token]/" in log
    assert "Forbidden (CSRF cookie not set.): /invitations/[token]/" in log
    assert log.count("said ['[token]', 'postgresql://dexxy:[token]@db/dexxy']") == 25
    assert "its own line: [token]" in log

    assert SECRETS[kind] not in log


def test_what_somebody_sent_begins_no_line_and_moves_no_cursor(log: str) -> None:
    assert log.count("forged") == 8

    assert [line for line in log.split("\n") if line.startswith("2030")] == []
    controls = {sign for sign in log if not sign.isprintable()}
    assert controls == {"\n"}


def test_what_somebody_sent_is_cut_where_it_is_long(log: str) -> None:
    assert log.count("… (800") == 4

    assert len(log) < 100_000
