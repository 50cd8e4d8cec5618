"""Runs the simulator in a process of its own, for what is measured or killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.request import Request, urlopen


class SimulatorControl:
    """Steers a simulator that runs at some address, over HTTP."""

    def __init__(self, url: str = "") -> None:
        self.url = url

    @property
    def graphql_url(self) -> str:
        """Where queries go."""
        return f"{self.url}/graphql"

    def register_app(self, owner: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Register a GitHub App without pages; returns what GitHub's conversion does."""
        return self._post("apps", owner=owner, manifest=dict(manifest))  # type: ignore[no-any-return]

    def install(
        self, app: str, account: str, repositories: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Install an App, found by its client id, id or slug, without pages.

        Args:
            repositories: as `owner/name`; all of the account's by default.
        """
        return self._post("installations", app=app, account=account, repositories=repositories)  # type: ignore[no-any-return]

    def select_repositories(self, installation: int, repositories: Sequence[str] | None) -> None:
        """Set which repositories an installation covers, or all."""
        self._post(f"installations/{installation}/repositories", repositories=repositories)

    def suspend(self, installation: int) -> None:
        """Suspend an installation."""
        self._post(f"installations/{installation}/suspend")

    def unsuspend(self, installation: int) -> None:
        """Unsuspend an installation."""
        self._post(f"installations/{installation}/unsuspend")

    def uninstall(self, installation: int) -> None:
        """Remove an App from an account."""
        self._post(f"installations/{installation}/uninstall")

    def live(self, steps: int, seed: int = 1) -> None:
        """Make things happen, invented from a seed."""
        self._post("live", steps=steps, seed=seed)

    def limit_compute(self, **budget: float) -> None:
        """Set what a query may cost, by the fields of `ComputeBudget`; without any, anything."""
        self._post("compute", **budget)

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries that wait."""
        return self._ask("deliveries")  # type: ignore[no-any-return]

    def deliver(self, **how: Any) -> list[dict[str, Any]]:
        """Deliver what waits: `count`, `shuffled` (a seed), `times`; returns it."""
        return self._post("deliver", **how)  # type: ignore[no-any-return]

    def drop(self, **how: Any) -> list[dict[str, Any]]:
        """Lose what waits: `count`, `logged` as failed or not at all; returns it."""
        return self._post("drop", **how)  # type: ignore[no-any-return]

    def _post(self, path: str, **body: Any) -> Any:
        return self._ask(path, json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        request = Request(f"{self.url}/_simulator/{path}", body)  # noqa: S310  # our own address
        with urlopen(request, timeout=60) as response:  # noqa: S310  # nosec B310
            return json.load(response)


class SimulatorProcess(SimulatorControl):
    """A simulator in a process of its own. Use it as a context manager.

    Args:
        arguments: those of `python -m dexxy_simulator`; with `--webhooks-by-hand` deliveries wait
            until `deliver` or `drop`.

    Raises:
        RuntimeError: when entered, if it does not start.
    """

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        self._arguments = arguments

    def __enter__(self) -> SimulatorProcess:
        command = [sys.executable, "-m", "dexxy_simulator", *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready.startswith("simulator ready "):
            self.__exit__(None, None, None)
            raise RuntimeError(f"the simulator did not start: {command}")
        self.url = ready.split()[-1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
