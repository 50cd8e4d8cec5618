"""Writes docs/explanation/peers.md and its pictures from what was measured."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.peers.airbyte import Airbyte
from benchmarks.peers.dexxy import Dexxy
from benchmarks.peers.floor import Floor
from benchmarks.peers.github_to_sqlite import GitHubToSqlite
from benchmarks.peers.kinds import EVENTS, KINDS
from benchmarks.peers.meltano import MeltanoTap
from benchmarks.peers.peer import Peer
from benchmarks.peers.perceval import Perceval
from benchmarks.peers.plots import Bar, bars
from benchmarks.peers.pygithub import PyGithub
from benchmarks.peers.results import Result, Results
from benchmarks.peers.tap_github import TapGitHub

PAGE, PICTURES = Path("docs/explanation/peers.md"), Path("docs/images")
PEERS: tuple[type[Peer], ...] = (
    *(Dexxy, Perceval, MeltanoTap, TapGitHub, GitHubToSqlite, PyGithub, Airbyte, Floor),
)
OURS, FLOOR = Dexxy.package, Floor.package
# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
PER_HOUR = 5000
# What the first sync is to take at most, of the sum of the latencies of its requests.
_MOST_OF_LATENCIES = 1.2
_TOGETHER = "../adr/0052-statements-whose-results-nobody-needs-wait-for-the-next-one.md"
_READING_AHEAD = "../adr/0011-a-page-is-stored-before-the-next-one-is-asked-for.md"
_TRIED_NEAR = (
    f"What was tried: [statements that wait for the next one]({_TOGETHER}), so that a page is one "
    "message to PostgreSQL, fewer columns and indexes, a larger threshold of the collector of "
    f"garbage, and [reading ahead of storing]({_READING_AHEAD}). What is left is what the floor "
    "does without: persons, threads, states, changes, words to search, and a cursor that is true "
    "at any moment."
)
_TRIED_FAR = (
    "Start-up is most of the difference: a process of Dexxy sets Django up and makes its first "
    "connections before it asks. What was tried: commands that import only what they use, people "
    "and what does not fit into a page asked for together."
)


def write_page(results: Results, page: Path = PAGE, pictures: Path = PICTURES) -> None:
    """Write the page, and its pictures into a folder beside it."""
    page.parent.mkdir(parents=True, exist_ok=True)
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in _pictures(results).items():
        (pictures / f"peers-{name}.svg").write_text(picture, encoding="utf-8")
    page.write_text(text_of(results), encoding="utf-8")


def text_of(results: Results) -> str:
    """Write the page as Markdown."""
    parts = [
        "# Measured beside its peers",
        _introduction(results),
        "## At no latency",
        _whole_table(results),
        "![Seconds to read the repository](../images/peers-seconds.svg)",
        "![Seconds of CPU](../images/peers-cpu.svg)",
        "![Requests to read the repository](../images/peers-requests.svg)",
        "![Memory](../images/peers-memory.svg)",
        "## What each obtained",
        _kinds_table(results),
        _lists("What is missing, peer by peer:", _lacks(results)),
        "## Far away from GitHub",
        _far_text(results),
        _far_table(results),
        *_far_pictures(results),
        "## Where Dexxy loses",
        _lists("In this run, and by these figures alone:", _losses(results)),
        *_aims(results),
        "## How each was run",
        _ways_table(results),
        _method(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(results: Results) -> str:
    told, total = results.circumstances, sum(results.truth.values())
    return (
        "What else people read GitHub with today, on the same simulated GitHub, one at a time on "
        "one machine. `make bench-peers` installs each from PyPI into an environment of its own, "
        "measures, and writes this page; [compared with others](compared.md) says in words what "
        "each is for.\n\n"
        f"Measured on {told['day']} with Dexxy {told['dexxy']}, Python {told['python']}, "
        f"{told['cores']} cores, and a load of {told['load']} (1, 5 and 15 minutes) when it began: "
        "a machine that does other things makes all figures of seconds worse, and not equally. "
        f"The repository has {told['threads']} threads and {told['messages']} messages; with "
        f"events these are {total} objects."
    )


def _whole_table(results: Results) -> str:
    header = (
        *("", "seconds", "of CPU", "objects", "objects a second", "requests", "points"),
        *("hours at GitHub's limit", "memory, MB", "asked again", "missing then"),
    )
    rows = []
    for peer, one in _measured(results.whole):
        memory = f"{one.memory:.0f}"
        if peer.has_servers:
            memory += f"; {one.memory_with_servers:.0f} with its servers"
        rows.append(
            [
                f"**{peer.name}**" if peer.package == OURS else peer.name,
                f"{one.seconds:.1f}",
                f"{one.cpu:.1f}",
                str(one.objects),
                f"{one.objects / one.seconds:.0f}",
                str(one.requests),
                str(one.points) if one.points else "–",
                f"{hours(one):.2f}",
                memory,
                "–" if one.asked_again is None else str(one.asked_again),
                "–" if one.missing is None else str(one.missing),
            ]
        )
    notes = (
        "Seconds *of CPU* are those that its own processes used, without PostgreSQL's: what else "
        "the machine does changes them little. "
        "*Hours at GitHub's limit* is what the requests and points would take if GitHub answered "
        f"at once: it gives {PER_HOUR:,} requests of REST and as many points of GraphQL an hour. "
        "*Memory* is the most that all processes had at one time, what they share counted once. "
        "*Asked again* are the requests beyond those of a whole run when the program is killed "
        "after half of them and started again; *missing then* what it did not obtain in either "
        "part. A figure below zero means that the second part asked for less than was left."
    )
    return f"{table(header, rows)}\n\n{notes}"


def hours(one: Result) -> float:
    """Return how long GitHub's limits alone would take; REST and GraphQL have one each."""
    return max(one.points, one.rest) / PER_HOUR


def _kinds_table(results: Results) -> str:
    rows = [["*GitHub shows*", *(str(results.truth[kind]) for kind in KINDS)]]
    rows += [
        [peer.name, *(_share(one, kind, results.truth[kind]) for kind in KINDS)]
        for peer, one in _measured(results.whole)
    ]
    return table(("", *KINDS), rows)


def _share(one: Result, kind: str, number: int) -> str:
    found = one.counts.get(kind, 0)
    return "all" if found >= number else str(found) if found else "–"


def _lacks(results: Results) -> Iterable[str]:
    for peer, one in _measured(results.whole):
        none = [kind for kind in KINDS if results.truth[kind] and not one.counts.get(kind)]
        some = [
            f"{one.counts[kind]} of {results.truth[kind]} {kind}"
            for kind in KINDS
            if 0 < one.counts.get(kind, 0) < results.truth[kind]
        ]
        said = [*(["no " + ", no ".join(none)] if none else []), *some]
        problem = f" {one.problem[0].upper()}{one.problem[1:]}." if one.problem else ""
        yield f"**{peer.name}**: {'; '.join(said) or 'nothing'}.{problem}"


def _far_text(results: Results) -> str:
    return (
        f"The same on a repository a tenth as large, with {sum(results.far_truth.values())} "
        "objects: seconds until everything is read when each answer takes so long. Behind "
        "the seconds is how many requests had to wait one after the other."
    )


def _far_table(results: Results) -> str:
    latencies = sorted(results.far, key=float)
    header = ("", "requests", *(f"{float(one) * 1000:.0f} ms" for one in latencies))
    rows = []
    for peer in PEERS:
        found = [results.far[one].get(peer.package) for one in latencies]
        known = [one for one in found if one is not None]
        if known:
            cells = ["not measured" if one is None else _seconds(one) for one in found]
            rows.append([peer.name, str(known[-1].requests), *cells])
    return table(header, rows)


def _seconds(one: Result) -> str:
    return f"{one.seconds:.1f}" + (f" ({one.problem})" if one.problem else "")


def _losses(results: Results) -> Iterable[str]:
    ours = results.whole.get(OURS)
    if ours is None:
        return
    measures: tuple[tuple[str, Callable[[Result], float], str], ...] = (
        ("seconds at no latency", lambda one: one.seconds, "{:.1f}"),
        ("seconds of CPU", lambda one: one.cpu, "{:.1f}"),
        ("requests", lambda one: one.requests, "{:.0f}"),
        ("hours at GitHub's limit", hours, "{:.3f}"),
        ("memory in MB without servers", lambda one: one.memory, "{:.0f}"),
        ("memory in MB with servers", lambda one: one.memory_with_servers, "{:.0f}"),
        ("requests asked again after a kill", lambda one: one.asked_again or 0, "{:.0f}"),
    )
    for name, value, shape in measures:
        better = [
            f"{peer.name} {shape.format(value(one))}"
            for peer, one in _measured(results.whole)
            if peer.package != OURS and value(one) < value(ours)
        ]
        if better:
            yield f"{name}: Dexxy {shape.format(value(ours))}, {', '.join(better)};"
    for latency in sorted(results.far, key=float):
        peers = results.far[latency]
        if OURS in peers:
            mine = peers[OURS].seconds
            better = [f"{p.name} {o.seconds:.1f}" for p, o in _measured(peers) if o.seconds < mine]
            if better:
                told = f"seconds at {float(latency) * 1000:.0f} ms on the tenth"
                yield f"{told}: Dexxy {mine:.1f}, {', '.join(better)};"
    if ours.counts.get(EVENTS, 0) < results.truth[EVENTS]:
        yield (
            f"events: Dexxy keeps {ours.counts.get(EVENTS, 0)} of {results.truth[EVENTS]}. Of a "
            "merge it keeps one event, where GitHub shows that the pull request was closed, too; "
            "of titles, locks, transfers and deleted comments it keeps what is so now."
        )


def _aims(results: Results) -> list[str]:
    """Say what was wanted of Dexxy, and whether this run reached it."""
    ours, floor = results.whole.get(OURS), results.whole.get(FLOOR)
    found = []
    if ours is not None and floor is not None:
        found.append(_near_aim(ours, floor))
    for latency in sorted(results.far, key=float)[1:][-1:]:
        far, near = (results.far[one].get(OURS) for one in (latency, min(results.far, key=float)))
        if far is not None and near is not None:
            found.append(_far_aim(float(latency), far, near))
    return ["## What we aim at", _lists("By these figures:", found)] if found else []


def _near_aim(ours: Result, floor: Result) -> str:
    """Compare by what both obtain: openings and events, which the floor drops, do not count."""
    objects = sum(ours.counts.get(kind, 0) for kind in floor.counts)
    mine, least = objects / ours.seconds, floor.objects / floor.seconds / 2
    return (
        f"Half the floor's speed, at no latency, start-up of both included: {least:.0f} of the "
        f"objects that both obtain were to be reached a second, {mine:.0f} were. "
        + ("Reached." if mine >= least else f"Missed. {_TRIED_NEAR}")
    )


def _far_aim(latency: float, far: Result, near: Result) -> str:
    waited = far.requests * latency
    is_reached = far.seconds <= waited * _MOST_OF_LATENCIES
    return (
        f"At {latency * 1000:.0f} ms, {_MOST_OF_LATENCIES} times the sum of the latencies: with "
        f"{far.requests} requests {waited * _MOST_OF_LATENCIES:.1f} seconds were allowed, and "
        f"{far.seconds:.1f} were taken. "
        f"{'Reached.' if is_reached else f'Missed. {_TRIED_FAR}'} "
        f"Without latency the same takes {near.seconds:.1f} seconds, start-up included, which is "
        "most of so small a repository. `make bench` measures the sync alone, without start-up, on "
        "a larger one."
    )


def _ways_table(results: Results) -> str:
    rows = [
        [
            f"[{peer.name}]({peer.home})" if peer.home else peer.name,
            results.circumstances["dexxy"] if peer.package == OURS else f"`{peer.requirement}`",
            peer.address,
            peer.choice,
            peer.goes_on,
        ]
        for peer, _ in _measured(results.whole)
    ]
    return table(("", "version", "pointed here by", "what was read", "goes on by"), rows)


def _method(results: Results) -> str:
    return (
        "All read the simulator of this repository, whose answers are rendered by a first run and "
        "come from memory in the measured one, so that only the reader's work is in the seconds. "
        "They begin from nothing, start-up included; setting up (an empty database with its "
        "tables, a catalog) is not counted. The simulator gives more requests an hour than GitHub, "
        "so that nobody waits for the next one, and shows @ghost where an account is gone, since "
        "Perceval ends at a comment of nobody. Links to further issues name a cursor beside the "
        "page: some of GitHub's answers do ([seen from outside]"
        "(https://github.com/google/go-github/issues/3565), not documented), and without it "
        "Meltano's tap stops after the first page of issues. Whoever follows links as they are "
        "notices no difference. Nobody has reactions, which Perceval would ask for one by one. The "
        "loop with PyGithub does without its pause between requests, and asks for no attribute "
        "that would be a request each. Airbyte's connector runs alone, without the "
        "platform around it, and with its four threads.\n\n"
        "What redirects `api.github.com` is "
        "`benchmarks/peers/redirection/sitecustomize.py`: it sends the requests elsewhere, and "
        "writes the addresses in the answers back. Each peer is a module of `benchmarks/peers`.\n\n"
        "Each was run once, not several times, and whoever wrote Dexxy chose what is measured, and "
        "wrote the simulator and the adapters. Who keeps more does more: Dexxy and the floor "
        "store in PostgreSQL, github-to-sqlite in SQLite, the others write lines to a file. "
        "These are generated data on one machine: they say who asks for how much, and little about "
        "the second that a reader of yours would take. Corrections are welcome.\n\n"
        "```sh\n"
        "make bench-peers                                  # everything, within an hour\n"
        'make bench-peers ARGS="--quick"                   # five minutes, writes no page here\n'
        'make bench-peers ARGS="--threads 3000 --messages 14000"\n'
        'make bench-peers ARGS="--far --latency 0.3"       # that latency, the rest as it was\n'
        "```"
    )


def _pictures(results: Results) -> dict[str, str]:
    measures: dict[str, tuple[str, Callable[[Result], float], str]] = {
        "seconds": ("Seconds, at no latency", lambda one: one.seconds, "{:.1f} s"),
        "cpu": ("Seconds of CPU, without PostgreSQL's", lambda one: one.cpu, "{:.1f} s"),
        "requests": ("Requests", lambda one: float(one.requests), "{:.0f}"),
        "memory": (
            "Memory in MB, with PostgreSQL and Valkey where it has them",
            lambda one: one.memory_with_servers,
            "{:.0f} MB",
        ),
    }
    drawn = {
        name: bars(title, _bars(results.whole, value, shape))
        for name, (title, value, shape) in measures.items()
    }
    for latency, peers in results.far.items():
        title = f"Seconds at {float(latency) * 1000:.0f} ms an answer, a tenth of the repository"
        drawn[_far_name(latency)] = bars(title, _bars(peers, lambda one: one.seconds, "{:.1f} s"))
    return drawn


def _far_pictures(results: Results) -> list[str]:
    return [
        f"![Seconds at {float(one) * 1000:.0f} ms](../images/peers-{_far_name(one)}.svg)"
        for one in sorted(results.far, key=float)
        if float(one)
    ]


def _far_name(latency: str) -> str:
    return f"far-{float(latency) * 1000:.0f}"


def _bars(found: dict[str, Result], value: Callable[[Result], float], shape: str) -> Sequence[Bar]:
    return [
        Bar(peer.name, value(one), shape.format(value(one)), is_ours=peer.package == OURS)
        for peer, one in _measured(found)
    ]


def _measured(found: dict[str, Result]) -> Iterable[tuple[type[Peer], Result]]:
    """Go through what was measured in the order of the page."""
    for peer in PEERS:
        if peer.package in found:
            yield peer, found[peer.package]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lists(before: str, points: Iterable[str]) -> str:
    found = [f"- {point}" for point in points]
    return "\n".join([before, "", *found]) if found else "Nowhere."
