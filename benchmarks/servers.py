"""Servers for one run of the benchmarks, which end with it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dexxy.embedded import ensure_servers


@contextmanager
def own_servers() -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Valkey in a folder of their own, and yield the environment for them."""
    with tempfile.TemporaryDirectory(prefix="dexxy-bench-") as folder:
        Path(folder).chmod(0o755)  # as root the servers run as somebody else
        servers = ensure_servers(Path(folder) / "data")
        try:
            yield {
                **os.environ,
                "DEXXY_DATA_DIR": str(Path(folder) / "data"),
                "DATABASE_URL": str(servers.database_url),
                "REDIS_URL": str(servers.redis_url),
                "DJANGO_SETTINGS_MODULE": "dexxy.config.settings",
                "DEXXY_LOG_LEVEL": "WARNING",
            }
        finally:
            servers.close()
