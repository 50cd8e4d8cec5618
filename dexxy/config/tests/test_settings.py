"""What follows from the environment, in a process of its own."""

import os
import subprocess
import sys

import pytest
from django.utils import timezone

from tests.servers import own_database


def settings_with(expression: str, **environment: str) -> str:
    """Evaluate an expression in a process with this environment."""
    code = f"from dexxy.config import settings; print({expression})"
    env = {**os.environ, **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("address", "host", "origin", "path"),
    [
        ("https://dexxy.example/", "dexxy.example", "https://dexxy.example", "/"),
        ("http://[fd00::5]:8247", "[fd00::5]", "http://[fd00::5]:8247", "/"),
        ("https://x.example:8/a/b/", "x.example", "https://x.example:8", "/a/b/"),
    ],
)
def test_host_origin_and_path_come_from_the_address(
    address: str, host: str, origin: str, path: str
) -> None:
    wanted = "s.ALLOWED_HOSTS[0], s.CSRF_TRUSTED_ORIGINS, s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_PATH"

    said = settings_with(wanted.replace("s.", "settings."), DEXXY_BASE_URL=address)

    assert said == f"{host} ['{origin}'] {path} {path}\n"


@pytest.mark.django_db
def test_times_are_understood_whatever_style_the_database_is_set_to() -> None:
    address = f"{own_database()['DATABASE_URL']}?options=-c%20datestyle%3DSQL,DMY"
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('SELECT now(), current_setting(%s)', ['datestyle'])\n"
        "    now, style = cursor.fetchone()\n"
        "print(now.year, style)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
    )

    year, style = asked.stdout.split(maxsplit=1)
    assert (int(year), style[:4]) == (timezone.now().year, "ISO,")
