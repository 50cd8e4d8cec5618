"""`make bench-peers`: Dexxy beside what else reads GitHub, written to docs/explanation/peers.md."""

import os
import platform
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers import results as kept
from benchmarks.peers.airbyte import Airbyte
from benchmarks.peers.dexxy import Dexxy
from benchmarks.peers.floor import Floor
from benchmarks.peers.github import GitHub
from benchmarks.peers.github_to_sqlite import GitHubToSqlite
from benchmarks.peers.installing import install
from benchmarks.peers.measuring import Bench
from benchmarks.peers.meltano import MeltanoTap
from benchmarks.peers.page import write_page
from benchmarks.peers.peer import Peer
from benchmarks.peers.perceval import Perceval
from benchmarks.peers.processes import processes_of
from benchmarks.peers.pygithub import PyGithub
from benchmarks.peers.results import Result, Results
from benchmarks.peers.tap_github import TapGitHub
from benchmarks.servers import own_servers

THREADS, MESSAGES = 1000, 5000
QUICK_THREADS, QUICK_MESSAGES = 150, 700
LATENCIES, QUICK_LATENCIES = (0.0, 0.05, 0.3), (0.0, 0.05)
TENTH = 10


# What a quick run leaves: the page of the documentation is of whole runs.
QUICK = Path(".cache/peers/quick")


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    path = QUICK / "results.json" if options.quick else kept.KEPT
    is_added = options.only or options.far or options.page
    found = kept.read(path) if is_added else Results()
    if not options.page:
        refuse_another_size(options, found)
        _measure(options, found, path)
    if options.quick:
        write_page(found, QUICK / "peers.md", QUICK / "images")
        sys.stdout.write(f"The page is {QUICK / 'peers.md'}.\n")
    else:
        write_page(found)


def refuse_another_size(options: Namespace, found: Results) -> None:
    """Refuse to put figures of repositories of different sizes beside each other."""
    kept_size = (found.circumstances.get("threads"), found.circumstances.get("messages"))
    size = (str(options.threads), str(options.messages))
    if found.circumstances and kept_size != size:
        raise SystemExit(
            f"What was measured had {kept_size[0]} threads and {kept_size[1]} messages: give "
            f"--threads {kept_size[0]} --messages {kept_size[1]}, or measure everything anew."
        )


def _measure(options: Namespace, found: Results, path: Path) -> None:
    with own_servers() as servers, tempfile.TemporaryDirectory(prefix="dexxy-peers-") as folder:
        peers = [one for one in _peers(servers) if not options.only or one.package in options.only]
        for peer in peers:
            if peer.is_installed:
                install(peer)
        found.circumstances |= _circumstances(options)
        own = processes_of(servers["DEXXY_DATA_DIR"])
        if not options.far:
            with GitHub(threads=options.threads, messages=options.messages, giants=1) as github:
                found.truth = dict(github.truth)
                bench = Bench(github, Path(folder) / "whole" / "run", own)
                for peer in peers:
                    found.whole[peer.package] = _whole(bench, peer)
                    kept.write(found, path)
        tenth = {"threads": options.threads // TENTH, "messages": options.messages // TENTH}
        with GitHub(**tenth, giants=0) as github:
            found.far_truth = dict(github.truth)
            bench = Bench(github, Path(folder) / "far" / "run", own)
            for peer in peers:
                bench.measure(peer, 0)  # renders all answers
                for latency in options.latencies:
                    result = bench.measure(peer, latency)
                    _say(peer, f"at {latency * 1000:.0f} ms", result)
                    found.far.setdefault(f"{latency:g}", {})[peer.package] = result
                    kept.write(found, path)


def _whole(bench: Bench, peer: Peer) -> Result:
    bench.measure(peer, 0)  # renders all answers
    result = bench.measure(peer, 0)
    _say(peer, "at no latency", result)
    return bench.measure_killed(peer, result)


def _peers(servers: dict[str, str]) -> list[Peer]:
    others = [Perceval(), MeltanoTap(), TapGitHub(), GitHubToSqlite(), PyGithub(), Airbyte()]
    return [Dexxy(servers), *others, Floor(servers)]


def _circumstances(options: Namespace) -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "day": f"{datetime.now(UTC):%d %B %Y}",
        "dexxy": f"{version('dexxy')} ({commit.stdout.strip() or 'no commit'})",
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "threads": str(options.threads),
        "messages": str(options.messages),
    }


def _say(peer: Peer, where: str, result: Result) -> None:
    sys.stdout.write(
        f"{peer.requirement} {where}: {result.seconds:.1f} s, {result.requests} requests, "
        f"{result.objects} objects, {result.memory:.0f} MB {result.problem}\n"
    )
    sys.stdout.flush()


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="make bench-peers", description=__doc__)
    add = parser.add_argument
    add("--threads", type=int, help=f"of the repository (default: {THREADS})")
    add("--messages", type=int, help=f"in it (default: {MESSAGES})")
    add("--quick", action="store_true", help="a small repository, and no 300 ms: five minutes")
    add("--only", action="append", metavar="PACKAGE", help="measure this one, keep the others")
    add("--far", action="store_true", help="measure with latency alone, keep what was without")
    add("--latency", type=float, action="append", metavar="SECONDS", help="of each answer")
    add("--page", action="store_true", help="measure nothing, write the page of what was")
    options = parser.parse_args(arguments)
    options.threads = options.threads or (QUICK_THREADS if options.quick else THREADS)
    options.messages = options.messages or (QUICK_MESSAGES if options.quick else MESSAGES)
    options.latencies = options.latency or (QUICK_LATENCIES if options.quick else LATENCIES)
    return options


if __name__ == "__main__":
    main()
