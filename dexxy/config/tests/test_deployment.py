"""What Django asks of a server that faces the internet."""

import os
import subprocess
import sys
from secrets import token_urlsafe


def test_django_has_nothing_to_say_about_a_server_with_https() -> None:
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    env = {**os.environ, "DEXXY_BASE_URL": "https://dexxy.example.com"}
    env["DEXXY_SECRET_KEY"] = token_urlsafe(48)

    done = subprocess.run(command, env=env, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (3 silenced).\n"
