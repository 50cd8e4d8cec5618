"""The documentation as `make docs` builds it, built once for all processes of a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dexxy.embedded.locks import acquire
from tests import needs


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build all pages; a warning, such as of a dead link, ends it."""
    folder = tmp_path_factory.getbasetemp()
    # Those of the processes that share out the tests lie side by side.
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    built = folder / "documentation" / "html"
    lock = acquire(folder / "documentation.lock", exclusive=True, timeout=120)
    assert lock is not None
    try:
        if not built.exists():
            whole = folder / "documentation" / "begun"
            command = [sys.executable, "-W", "ignore", "-m", "tools.documentation", str(whole)]
            done = subprocess.run(command, cwd=needs.ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            whole.rename(built)
    finally:
        os.close(lock)
    return built
