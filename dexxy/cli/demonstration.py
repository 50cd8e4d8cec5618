"""The demo's own data folder and its simulated GitHub."""

import os
from pathlib import Path

from dexxy.cli import ports
from dexxy.cli.composition import URLS
from dexxy.cli.errors import PortUnavailableError
from dexxy.config.data_dir import data_dir
from dexxy.config.demo import demo_settings
from dexxy.config.env import SettingError

_HOST = "127.0.0.1"
_FORGOTTEN = (*URLS, "DEXXY_DATA_DIR", "DEXXY_BASE_URL", "DEXXY_ERASURE_JOURNAL")


def leave_the_real_installation() -> None:
    """Point the environment at a data folder beside the real one, and at nothing of the latter.

    Raises:
        SettingError: the setting of the real one cannot be read.
    """
    real = data_dir()
    os.environ["DEXXY_DEMO"] = "yes"
    is_public = demo_settings().is_public
    for name in _FORGOTTEN:
        if is_public and name == "DEXXY_BASE_URL":
            continue  # where others reach it
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ["DEXXY_DATA_DIR"] = str(real.with_name(f"{real.name}-demo"))
    # What is read of it by a program stands beside the link that signs somebody in.
    os.environ.setdefault("DEXXY_LOG_LEVEL", "WARNING")
    # Elsewhere hours would go by until somebody could see that something was overlooked.
    os.environ.setdefault("DEXXY_SYNC_INTERVAL", "120")


def choose_the_simulator() -> None:
    """Point the environment at a GitHub that will be simulated on this machine.

    Raises:
        PortUnavailableError: the port that this demo had before is in use now.
    """
    url = f"http://{_HOST}:{_simulator_port(data_dir() / 'simulator-port')}"
    os.environ["DEXXY_GITHUB_API_URL"] = url
    os.environ["DEXXY_GITHUB_GRAPHQL_URL"] = f"{url}/graphql"
    os.environ["DEXXY_GITHUB_WEB_URL"] = url


def simulator_url() -> str:
    """Return the address that was chosen."""
    return os.environ["DEXXY_GITHUB_API_URL"]


def simulator_port() -> int:
    """Return the port that was chosen."""
    return int(simulator_url().rpartition(":")[2])


def _simulator_port(memory: Path) -> int:
    """Return the port of the last time: what is connected remembers its server's address."""
    try:
        remembered = int(memory.read_text())
    except (FileNotFoundError, ValueError):
        return _new_port(memory)
    port = ports.usable_port(_HOST, remembered)
    if port is None:
        raise PortUnavailableError(
            f"Port {remembered}, which the demo's GitHub listens at, is in use: stop what uses "
            f"it (another demo?), or remove {memory.parent} to start the demo afresh."
        )
    return port


def _new_port(memory: Path) -> int:
    port = ports.usable_port(_HOST)
    if port is None:
        raise PortUnavailableError(f"No port is free on {_HOST}.")
    try:
        memory.write_text(f"{port}\n")
    except OSError as error:
        raise SettingError(f"{memory} cannot be written: {error.strerror}.") from error
    return port
