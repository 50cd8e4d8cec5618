"""`make bench`: how fast webhooks are taken and a repository is read, as ratios in one run."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.feed_report import report_feed
from benchmarks.latency_report import report_latency
from benchmarks.servers import own_servers
from benchmarks.worlds import long_thread_world
from dexxy_simulator.faults import Asked, Fault, timed_out
from dexxy_simulator.generated import generated_world
from dexxy_simulator.own_process import SimulatorProcess
from dexxy_simulator.server import SimulatorServer

THREADS, MESSAGES = 3000, 14000
RUNS = 3
# A repository that must not take more memory: so many times larger, with one thread like this, or
# with several heavy ones that come in one page.
TIMES = 4
COMMENTS, LENGTH = 5000, 60_000
# Seconds of each answer, where that is measured.
LATENCY = 0.3
HEAVY_THREADS, HEAVY_COMMENTS = 10, 150
# Threads of a page beyond which GitHub gives up on it, where that is measured.
MOST = 25


def main() -> None:
    with own_servers() as environment:
        _report_deliveries(_run("benchmarks.deliveries", environment))
        _report(_measure(environment))
        _report_people(_run("benchmarks.people_speed", environment))
        people = [sys.executable, "-m", "benchmarks.people"]
        subprocess.run(people, env=environment, check=True)  # noqa: S603
        report_latency(_run("benchmarks.latency", environment))
        report_feed(environment)  # the last: it needs the tables for itself


def _measure(environment: dict[str, str]) -> dict[str, list[dict[str, float]]]:
    """Render all answers by a first sync, then measure the sync and the bare loop in turns."""
    arguments = ("--generated", str(THREADS), "--messages", str(MESSAGES), "--rendered")
    with SimulatorProcess(*arguments) as simulator:
        documents = str(Path(environment["DEXXY_DATA_DIR"]) / "bare.json")
        environment = {
            **environment,
            "DEXXY_GITHUB_API_URL": simulator.url,
            "BARE_DOCUMENTS": documents,
        }
        _run("benchmarks.sync", environment)
        _run("benchmarks.bare_documents", environment)
        _run("benchmarks.bare", environment)
        results: dict[str, list[dict[str, float]]] = {"sync": [], "bare": []}
        for _ in range(RUNS):
            for name, found in results.items():
                found.append(_run(f"benchmarks.{name}", environment))
        results["unchanged"] = [_run("benchmarks.sync", {**environment, "BENCH_AGAIN": "1"})]
    results["far"] = [_measure_far(environment, arguments)]
    results["refused"] = [_measure_refused(environment)]
    return results | _measure_memory(environment)


def _measure_far(environment: dict[str, str], arguments: Sequence[str]) -> dict[str, float]:
    """Sync the same from a server that is far away."""
    with SimulatorProcess(*arguments, "--latency", str(LATENCY)) as simulator:
        environment = {**environment, "DEXXY_GITHUB_API_URL": simulator.url}
        _run("benchmarks.sync", environment)  # renders all answers
        return _run("benchmarks.sync", environment)


def _measure_refused(environment: dict[str, str]) -> dict[str, float]:
    """Sync the same from a server that gives up on pages of many threads."""
    refused = Fault(timed_out(502, points=10), on=_is_large_page, times=None)
    world = generated_world(1, threads=THREADS, messages=MESSAGES)
    with SimulatorServer(world) as server:
        server.faults.add(refused)
        found = _run("benchmarks.sync", {**environment, "DEXXY_GITHUB_API_URL": server.url})
    return {**found, "refused": refused.happened}


def _is_large_page(asked: Asked) -> bool:
    return "query Threads(" in asked.document and asked.variables["first"] > MOST


def _measure_memory(environment: dict[str, str]) -> dict[str, list[dict[str, float]]]:
    """Sync a repository that is much larger, and two whose threads are very long."""
    results = {}
    size = ("--generated", str(TIMES * THREADS), "--messages", str(TIMES * MESSAGES))
    with SimulatorProcess(*size) as large:
        settings = {**environment, "DEXXY_GITHUB_API_URL": large.url}
        results["large"] = [_run("benchmarks.sync", settings)]
    worlds = {
        "long": long_thread_world(comments=COMMENTS, length=LENGTH),
        "heavy": long_thread_world(comments=HEAVY_COMMENTS, length=LENGTH, threads=HEAVY_THREADS),
    }
    for name, world in worlds.items():
        with SimulatorServer(world) as server:
            settings = {**environment, "DEXXY_GITHUB_API_URL": server.url}
            results[name] = [_run("benchmarks.sync", settings)]
    return results


def _run(module: str, environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", module],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    return found


def _report(results: dict[str, list[dict[str, float]]]) -> None:
    best = {name: max(found, key=lambda run: run["rate"]) for name, found in results.items()}
    sync, bare = best["sync"], best["bare"]
    table = Table("", "measured", "wanted", title="Reading a repository", title_justify="left")
    table.add_row("threads, messages", f"{sync['threads']:.0f}, {sync['messages']:.0f}", "")
    table.add_row("messages a second", f"{sync['rate']:.0f}", "7000 at least")
    table.add_row("of a bare loop's", f"{sync['rate'] / bare['rate']:.0%}", "")
    table.add_row("bare loop, messages a second", f"{bare['rate']:.0f}", "")
    per_thousand = sync["requests"] / sync["messages"] * 1000
    table.add_row("messages to PostgreSQL", f"{sync['statements']:.0f}", "")
    table.add_row("seconds of CPU, without PostgreSQL's", f"{sync['cpu']:.1f}", "")
    far = best["far"]
    table.add_row(f"seconds at {LATENCY:.1f} s a request", f"{far['seconds']:.0f}", "")
    waited = f"{far['seconds'] / (LATENCY * far['all_requests']):.2f}"
    table.add_row("  of the sum of latencies", waited, "1.2 at most")
    table.add_row("requests for 1,000 messages", f"{per_thousand:.2f}", "8 at most")
    table.add_row("points in all", f"{sync['points']:.0f}", "")
    refused = best["refused"]
    table.add_row(f"where pages of more than {MOST} threads are refused", "", "")
    table.add_row("  failed list requests", f"{refused['refused']:.0f}", "3 at most")
    per_thousand = refused["requests"] / refused["messages"] * 1000
    table.add_row("  requests for 1,000 messages", f"{per_thousand:.2f}", "")
    table.add_row("  points in all", f"{refused['points']:.0f}", "")
    table.add_row("peak memory, MB", f"{sync['memory']:.0f}", "under 200")
    large, long = best["large"]["memory"], best["long"]["memory"]
    table.add_row(f"  {TIMES} times as large", f"{large:.0f}", "under 200")
    name = f"  a thread of {COMMENTS} x {LENGTH // 1000} kB"
    table.add_row(name, f"{long:.0f}", "under 200")
    name = f"  {HEAVY_THREADS} threads of {HEAVY_COMMENTS} x {LENGTH // 1000} kB"
    table.add_row(name, f"{best['heavy']['memory']:.0f}", "under 200")
    table.add_row("requests if unchanged", f"{best['unchanged']['requests']:.0f}", "5 at most")
    Console().print(table)


def _report_deliveries(found: dict[str, float]) -> None:
    table = Table("", "measured", "wanted", title="Taking webhooks", title_justify="left")
    table.add_row("bytes of a payload", f"{found['bytes']:.0f}", "")
    table.add_row("accepted durably a second", f"{found['accepted']:.0f}", "")
    table.add_row("of a bare view's", f"{found['ratio']:.0%}", "60%")
    table.add_row("bare view, a second", f"{found['bare']:.0f}", "")
    table.add_row("drained a second, by one worker", f"{found['drained']:.0f}", "as accepted")
    Console().print(table)


def _report_people(figures: dict[str, float]) -> None:
    table = Table("", "measured", "wanted", title="Stitching, speed", title_justify="left")
    table.add_row("accounts", f"{figures['identities']:.0f}", "100000")
    table.add_row("pairs compared", f"{figures['pairs']:.0f}", "")
    seconds = figures["storing"] + figures["stitching"]
    table.add_row("stored and stitched, seconds", f"{seconds:.1f}", "60 at most")
    table.add_row("of that stitched, seconds", f"{figures['stitching']:.1f}", "")
    table.add_row("of that at work in Python, seconds", f"{figures['python']:.1f}", "")
    table.add_row("accounts a second", f"{figures['identities'] / seconds:.0f}", "")
    table.add_row("one more account, seconds", f"{figures['one']:.2f}", "")
    table.add_row("peak memory, MB", f"{figures['memory']:.0f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
