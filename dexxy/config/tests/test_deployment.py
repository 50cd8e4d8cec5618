"""What Django asks of a server that faces the internet."""

import os
import subprocess
import sys
from secrets import token_urlsafe


def test_django_has_nothing_to_say_about_a_server_with_https() -> None:
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    # What other tests have set is nothing that a server has.
    foreign = ("DEXXY_", "DJANGO_ALLOW")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env["DEXXY_BASE_URL"] = "https://dexxy.example.com"
    env["DEXXY_SECRET_KEY"] = token_urlsafe(48)

    done = subprocess.run(command, env=env, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "System check identified no issues (3 silenced).\n"
