"""The benchmarks begin: what they measure is measured by hand."""

import os
import subprocess
import sys


def test_make_bench_begins_without_settings() -> None:
    """It starts servers of its own first, and only then there are settings for them."""
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    command = [sys.executable, "-c", "import benchmarks.__main__"]
    done = subprocess.run(command, env=given, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
