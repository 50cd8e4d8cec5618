"""Measures one peer at a time: a whole run, and one that is killed half way and goes on."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from benchmarks.peers.github import GitHub
from benchmarks.peers.peer import Peer
from benchmarks.peers.processes import Run, run
from benchmarks.peers.results import Result

# Seconds after which a peer is given up, and named.
PATIENCE = 3600.0


class Bench:
    """Runs a peer against a GitHub, in a folder of its own.

    Args:
        servers: the processes that work for Dexxy alone.
    """

    def __init__(self, github: GitHub, folder: Path, servers: Iterable[int] = ()) -> None:
        self._github, self._folder, self._servers = github, folder, tuple(servers)

    def measure(self, peer: Peer, latency: float) -> Result:
        """Run a peer from nothing to its end."""
        self._begin(peer)
        self._github.forget(latency)
        told = self._run(peer)
        asked = self._github.asked()
        return Result(
            seconds=told.seconds,
            cpu=told.cpu,
            requests=asked["requests"],
            rest=asked["rest"],
            points=asked["points"],
            memory=told.memory,
            memory_with_servers=told.memory_with_servers,
            counts=dict(peer.count(self._folder)),
            problem=_problem(told, self._folder),
        )

    def measure_killed(self, peer: Peer, whole: Result) -> Result:
        """Kill a peer when half of a whole run's requests were made, and let it go on."""
        self._begin(peer)
        self._github.forget(0)
        half = whole.requests // 2
        self._run(peer, is_enough=lambda: self._github.number() >= half)
        told = self._run(peer, again=True)
        requests, found = self._github.number(), peer.count(self._folder)
        missing = sum(max(0, number - found[kind]) for kind, number in whole.counts.items())
        problem = _problem(told, self._folder)
        return replace(
            whole,
            asked_again=requests - whole.requests,
            missing=missing,
            problem=whole.problem or (problem and f"after the kill: {problem}"),
        )

    def _begin(self, peer: Peer) -> None:
        """Make the folder of a run, once by the peer's commands and then as a copy."""
        shutil.rmtree(self._folder, ignore_errors=True)
        copy, url = self._folder.with_name(f"{peer.package}-arranged"), self._github.url
        if copy.exists():
            shutil.copytree(copy, self._folder)
            return
        self._folder.mkdir(parents=True)
        before = peer.arrange(self._folder, url)
        if before and run(before, self._folder, peer.environment(url)).status:
            log = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
            raise SystemExit(f"{peer.name} cannot be set up:\n{log[-2000:]}")
        peer.arranged(self._folder)
        if not peer.has_servers:
            shutil.copytree(self._folder, copy)

    def _run(
        self, peer: Peer, *, again: bool = False, is_enough: Callable[[], bool] = lambda: False
    ) -> Run:
        url = self._github.url
        return run(
            peer.commands(self._folder, url, again=again),
            self._folder,
            peer.environment(url),
            servers=self._servers if peer.has_servers else (),
            patience=PATIENCE,
            is_enough=is_enough,
        )


def _problem(told: Run, folder: Path) -> str:
    """Say in a line what went wrong, if anything did."""
    if told.is_late:
        return f"it had not ended after {PATIENCE:.0f} seconds"
    if not told.status:
        return ""
    lines = (folder / "log").read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return f"it ended with {told.status}: {said[-1][:200] if said else 'it does not say why'}"
