"""What `make bench-peers` is made of: the adapters on recorded output, processes, the page.

The programs themselves are installed by the command alone: it asks package registries.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from xml.dom import minidom

import pytest

from benchmarks.peers import kinds
from benchmarks.peers.__main__ import refuse_another_size
from benchmarks.peers.airbyte import Airbyte
from benchmarks.peers.dexxy import counted
from benchmarks.peers.floor import Floor
from benchmarks.peers.github import GitHub
from benchmarks.peers.github_to_sqlite import GitHubToSqlite
from benchmarks.peers.meltano import MeltanoTap
from benchmarks.peers.page import PEERS, hours, text_of, write_page
from benchmarks.peers.peer import REDIRECTION, Command, Peer
from benchmarks.peers.perceval import Perceval
from benchmarks.peers.processes import memory_of, processes_of, run
from benchmarks.peers.pygithub import LOOP, PyGithub
from benchmarks.peers.results import Result, Results, read, write
from benchmarks.peers.tap_github import TapGitHub
from dexxy_simulator.generated import generated_world
from dexxy_simulator.model import census

URL = "http://127.0.0.1:1"
CUT_OFF = '{"type": "RECORD", "stream": "iss'


def lines(path: Path, rows: Iterable[Any]) -> None:
    """Write what a program told: rows as JSON, text as it is."""
    told = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")


def record(stream: str, **fields: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": fields}


RECORDS = [
    {"type": "SCHEMA", "stream": "issues"},
    record("issues", number=1, id=11, type="issue"),
    record("issues", number=1, id=11, type="issue"),
    record("issues", number=2, id=12, pull_request={"url": "…"}),
    record("pull_requests", number=2, id=13),
    record("reviews", id=14),
    record("reviews", id=15),
    record("review_comments", id=14),
    record("issue_events", id=16),
    record("commits", id=17),
    {"type": "STATE", "value": {"bookmarks": "early"}},
    {"type": "STATE", "value": {"bookmarks": "late"}},
    CUT_OFF,
]
OF_RECORDS = {
    kinds.ISSUES: 1,
    kinds.PULL_REQUESTS: 1,
    kinds.REVIEWS: 2,
    kinds.REVIEW_COMMENTS: 1,
    kinds.EVENTS: 1,
}


@pytest.mark.parametrize(
    ("peer", "own", "more"),
    [
        (TapGitHub(), [record("comments", id=1)], {kinds.COMMENTS: 1}),
        (
            MeltanoTap(),
            [
                record("issue_comments", id=1),
                record("discussions", id=None, node_id="D"),
                record("discussion_comments", id=2, node_id="DC"),
                record("discussion_comment_replies", id=3),
            ],
            {kinds.COMMENTS: 1, kinds.DISCUSSIONS: 1, kinds.DISCUSSION_COMMENTS: 2},
        ),
    ],
)
def test_records_of_a_tap_count_once_and_its_last_state_is_where_it_goes_on(
    tmp_path: Path, peer: Peer, own: list[Any], more: dict[str, int]
) -> None:
    lines(tmp_path / "output", [*own, *RECORDS])

    [command] = peer.commands(tmp_path, URL, again=True)

    assert peer.count(tmp_path) == {**OF_RECORDS, **more}
    assert command.arguments[-2] == "--state"
    assert json.loads(Path(command.arguments[-1]).read_text()) == {"bookmarks": "late"}
    assert "--state" not in peer.commands(tmp_path, URL, again=False)[0].arguments


def test_only_the_streams_that_count_are_selected_in_a_taps_catalog(tmp_path: Path) -> None:
    streams: list[dict[str, Any]] = [
        {"tap_stream_id": name, "schema": {}, "metadata": [{"breadcrumb": [], "metadata": {}}]}
        for name in ("issues", "stargazers")
    ]
    lines(tmp_path / "discovered", ["what it says before", {"streams": streams}])

    TapGitHub().arranged(tmp_path)

    kept = json.loads((tmp_path / "catalog.json").read_text())["streams"]
    assert [one["metadata"][0]["metadata"]["selected"] for one in kept] == [True, False]


def test_records_of_airbyte_count_once_and_it_goes_on_by_the_last_state_of_each_stream(
    tmp_path: Path,
) -> None:
    def told(stream: str, **data: Any) -> dict[str, Any]:
        return {"type": "RECORD", "record": {"stream": stream, "data": data}}

    def state(stream: str, at: int) -> dict[str, Any]:
        named = {"stream_descriptor": {"name": stream}, "stream_state": {"at": at}}
        return {"type": "STATE", "state": {"type": "STREAM", "stream": named}}

    lines(
        tmp_path / "output",
        [
            {"type": "LOG", "log": {}},
            told("issues", number=1),
            told("issues", number=2, pull_request={"url": "…"}),
            told("pull_requests", number=2),
            *[told("comments", id=5)] * 2,
            told("reviews", id=None, node_id="R"),
            *(state("issues", 1), state("comments", 2), state("issues", 3)),
            CUT_OFF,
        ],
    )

    [command] = Airbyte().commands(tmp_path, URL, again=True)

    counts = {kinds.ISSUES: 1, kinds.PULL_REQUESTS: 1, kinds.COMMENTS: 1, kinds.REVIEWS: 1}
    assert Airbyte().count(tmp_path) == counts
    kept = json.loads(Path(command.arguments[-1]).read_text())
    assert [one["stream"]["stream_state"]["at"] for one in kept] == [3, 2]


def test_airbytes_streams_are_incremental_where_they_can_be(tmp_path: Path) -> None:
    both = ["full_refresh", "incremental"]
    streams = [
        {"name": "issues", "supported_sync_modes": both},
        {"name": "reviews", "supported_sync_modes": both[:1]},
        {"name": "stargazers", "supported_sync_modes": both},
    ]
    lines(tmp_path / "discovered", [{"type": "CATALOG", "catalog": {"streams": streams}}])

    Airbyte().arranged(tmp_path)

    kept = json.loads((tmp_path / "catalog.json").read_text())["streams"]
    found = [(one["stream"]["name"], one["sync_mode"]) for one in kept]
    assert found == [("issues", "incremental"), ("reviews", "full_refresh")]


def test_perceval_counts_what_is_inside_its_items_and_goes_on_by_the_last_change(
    tmp_path: Path,
) -> None:
    comments = [{"id": 1}, {"id": 2}]
    issue = {"number": 1, "comments_data": comments}
    lines(
        tmp_path / "issue",
        [
            {"updated_on": 86400.0, "data": issue},
            {"updated_on": 172800.0, "data": {**issue, "number": 2, "pull_request": {}}},
            '{"updated_on": 999',
        ],
    )
    pull = {"number": 2, "reviews_data": [{"id": 3}], "review_comments_data": [{"id": 4}]}
    lines(tmp_path / "pull_request", [{"updated_on": 86400.0, "data": pull}] * 2)

    first, second = Perceval().commands(tmp_path, URL, again=True)

    assert Perceval().count(tmp_path) == {
        kinds.ISSUES: 1,
        kinds.COMMENTS: 2,
        kinds.PULL_REQUESTS: 1,
        kinds.REVIEWS: 1,
        kinds.REVIEW_COMMENTS: 1,
    }
    assert first.arguments[-2:] == ["--from-date", "1970-01-03T00:00:00+00:00"]
    assert second.arguments[-2:] == ["--from-date", "1970-01-02T00:00:00+00:00"]


def test_perceval_that_wrote_nothing_begins_anew(tmp_path: Path) -> None:
    commands = Perceval().commands(tmp_path, URL, again=True)

    assert [command.arguments[-1] for command in commands] == ["issue", "pull_request"]


def test_the_rows_of_github_to_sqlite_are_counted_as_far_as_it_came(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "github.db")) as database:
        database.execute("CREATE TABLE issues (type text)")
        database.executemany("INSERT INTO issues VALUES (?)", [("issue",), ("pull",), ("issue",)])
        database.commit()

    assert GitHubToSqlite().count(tmp_path) == {kinds.ISSUES: 2}


def test_the_lines_of_the_loop_are_counted_once(tmp_path: Path) -> None:
    lines(tmp_path / "output", [{"kind": "reviews", "id": 1}] * 2 + [{"kind": "events", "id": 1}])

    assert PyGithub().count(tmp_path) == {kinds.REVIEWS: 1, kinds.EVENTS: 1}
    assert LOOP.exists()


def test_dexxys_messages_are_counted_by_their_kind_and_their_threads() -> None:
    messages = [
        *(("issue", "opened", 2), ("issue", "comment", 3), ("issue", "closed", 4)),
        *(("pull_request", "review", 5), ("pull_request", "review_comment", 6)),
        *(("pull_request", "pushed", 7), ("discussion", "comment", 8), ("discussion", "reply", 9)),
        ("discussion", "answered", 1),
    ]

    assert counted([("issue", 2), ("discussion", 1)], messages) == {
        kinds.ISSUES: 2,
        kinds.DISCUSSIONS: 1,
        kinds.COMMENTS: 3,
        kinds.REVIEWS: 5,
        kinds.REVIEW_COMMENTS: 6,
        kinds.EVENTS: 11,
        kinds.DISCUSSION_COMMENTS: 17,
    }


def test_the_truth_is_what_the_simulator_counts() -> None:
    world = generated_world(1, threads=40, messages=200, giants=0)
    [repository] = [one for one in world.repositories.values() if one.name == "generated"]

    found, other = kinds.truth(repository), census(repository)

    assert tuple(found) == kinds.KINDS
    assert found[kinds.ISSUES] == other["issue"]
    assert found[kinds.PULL_REQUESTS] == other["pull request"]
    assert found[kinds.COMMENTS] == other["comment"]
    assert found[kinds.REVIEWS] == other["review"]
    assert found[kinds.REVIEW_COMMENTS] == other["review comment"]
    assert found[kinds.DISCUSSION_COMMENTS] == other["discussion comment"] + other["reply"]


def test_a_run_of_the_simulated_github_counts_what_it_is_asked() -> None:
    ask = "import sys, urllib.request as r; r.urlopen(sys.argv[1]).read()"
    with GitHub(threads=10, messages=20, giants=0) as github:
        address = f"{github.url}/repos/colony/generated"
        subprocess.run([sys.executable, "-c", ask, address], check=True)
        asked, number = github.asked(), github.number()
        github.forget(0)

        assert (asked["requests"], asked["rest"], asked["refused"], number) == (1, 1, {}, 1)
        assert github.number() == 0
        assert github.truth[kinds.ISSUES] > 0


def test_requests_to_github_are_redirected_and_the_addresses_lead_back(tmp_path: Path) -> None:
    program = tmp_path / "ask.py"
    program.write_text(
        "import requests\n"
        "found = requests.get('https://api.github.com/repos/colony/generated/issues?per_page=1')\n"
        "print(found.json()[0]['url'], found.links['next']['url'])\n"
    )
    with GitHub(threads=10, messages=20, giants=0) as github:
        peer = GitHubToSqlite()
        [command] = [Command([sys.executable, str(program)])]
        told = run([command], tmp_path, peer.environment(github.url))

    assert told.status == 0
    first, following = (tmp_path / "output").read_text().split()
    assert first.startswith("https://api.github.com/repos/colony/generated/issues/")
    assert following.startswith("https://api.github.com/repos/colony/generated/issues?per_page=1")
    assert (REDIRECTION / "sitecustomize.py").exists()


def test_commands_run_until_one_fails_and_half_a_line_is_ended(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("half")
    commands = [
        Command([sys.executable, "-c", "print('one')"]),
        Command([sys.executable, "-c", "raise SystemExit(3)"]),
        Command([sys.executable, "-c", "print('never')"]),
    ]

    told = run(commands, tmp_path, {})

    assert (told.status, told.is_killed, told.is_late) == (3, False, False)
    assert 0 < told.cpu < 5
    assert (tmp_path / "output").read_text() == "half\none\n"


@pytest.mark.parametrize(
    ("ends", "killed", "late"),
    [
        ({"is_enough": lambda: True}, True, False),
        ({"patience": 1.0}, False, True),
    ],
)
def test_a_program_and_what_it_started_are_killed(
    tmp_path: Path, ends: dict[str, Any], killed: bool, late: bool
) -> None:
    (tmp_path / "start.py").write_text(
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    output = tmp_path / "output"
    ends.setdefault("is_enough", lambda: False)
    is_enough = ends["is_enough"]
    ends["is_enough"] = lambda: output.stat().st_size > 0 and is_enough()

    told = run([Command([sys.executable, "start.py"])], tmp_path, dict(os.environ), **ends)

    assert (told.is_killed, told.is_late) == (killed, late)
    assert told.status == -signal.SIGKILL
    deadline = monotonic() + 10
    while lives(int(output.read_text())):
        assert monotonic() < deadline
        sleep(0.01)


def test_memory_is_that_of_a_process_with_what_it_started(tmp_path: Path) -> None:
    code = "x = bytearray(50_000_000); print('ready', flush=True); input()"
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    pipe = subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", starts], stdin=pipe, stdout=pipe)
    assert parent.stdout is not None
    parent.stdout.readline()

    memory = memory_of([parent.pid, parent.pid])
    parent.communicate(b"\n")

    assert 55 < memory < 100
    assert processes_of(str(tmp_path)) == []


def lives(number: int) -> bool:
    """Tell whether a process is there, and more than a line in the table of processes."""
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


RESULT = Result(
    seconds=10.0,
    cpu=4.0,
    requests=40,
    points=100,
    memory=80.0,
    memory_with_servers=160.0,
    counts={kinds.ISSUES: 5, kinds.EVENTS: 2},
    asked_again=3,
    missing=0,
)
LACKING = Result(
    20.0, 3.0, 5000, 0, 30.0, 30.0, {kinds.ISSUES: 5}, problem="it ended with 1: <no>", rest=5000
)


@pytest.fixture
def results() -> Results:
    truth = {**dict.fromkeys(kinds.KINDS, 0), kinds.ISSUES: 5, kinds.EVENTS: 4}
    names = ("day", "dexxy", "python", "cores", "load", "threads", "messages")
    return Results(
        circumstances=dict.fromkeys(names, "1"),
        truth=truth,
        far_truth=truth,
        whole={"dexxy": RESULT, "perceval": LACKING},
        far={"0": {"dexxy": RESULT}, "0.3": {"dexxy": RESULT, "perceval": LACKING}},
    )


def test_results_are_kept_as_they_are(tmp_path: Path, results: Results) -> None:
    write(results, tmp_path / "kept" / "results.json")

    assert read(tmp_path / "kept" / "results.json") == results
    assert read(tmp_path / "none.json") == Results()


def test_the_page_says_who_takes_less_of_githubs_limit(results: Results) -> None:
    results.whole["perceval"] = replace(LACKING, rest=50)

    text = text_of(results)

    assert "- hours at GitHub's limit: Dexxy 0.020, Perceval (GrimoireLab) 0.010;" in text


def test_the_page_says_what_is_missing_and_where_dexxy_loses(results: Results) -> None:
    text = text_of(results)

    assert (
        "| **Dexxy** | 10.0 | 4.0 | 7 | 1 | 40 | 100 | 0.02 | 80; 160 with its servers | 3 | 0 |"
        in text
    )
    assert "| Perceval (GrimoireLab) | 20.0 | 3.0 | 5 | 0 | 5000 | – | 1.00 | 30 | – | – |" in text
    assert "- **Dexxy**: 2 of 4 events." in text
    assert "- **Perceval (GrimoireLab)**: no events. It ended with 1: <no>." in text
    assert "- memory in MB without servers: Dexxy 80, Perceval (GrimoireLab) 30;" in text
    assert "- events: Dexxy keeps 2 of 4" in text
    assert "| Perceval (GrimoireLab) | 5000 | not measured | 20.0 (it ended with 1: <no>) |" in text
    assert "seconds at no latency: Dexxy" not in text


def test_the_page_says_whether_what_is_aimed_at_was_reached(results: Results) -> None:
    results.whole[Floor.package] = Result(1.0, 1.0, 4, 4, 30.0, 130.0, {kinds.COMMENTS: 3})

    text = text_of(results)

    # Three comments in a second; Dexxy, which has events too, two comments in ten.
    assert "that both obtain were to be reached a second, 0 were. Missed. What was tried:" in text
    # 40 requests of 0.3 seconds, and 1.2 times as much.
    assert "with 40 requests 14.4 seconds were allowed, and 10.0 were taken. Reached." in text


def test_the_page_names_what_the_simulated_github_does_for_one_of_them(results: Results) -> None:
    text = text_of(results)

    assert "without it Meltano's tap stops after the first page of issues" in text
    assert "Each was run once" in text


def test_the_pictures_of_the_page_are_there_and_well_formed(
    tmp_path: Path, results: Results
) -> None:
    write_page(results, tmp_path / "explanation" / "peers.md", tmp_path / "images")

    page = (tmp_path / "explanation" / "peers.md").read_text()
    shown = {line.split("](")[1].rstrip(")") for line in page.splitlines() if line[:2] == "!["}
    assert "../images/peers-far-300.svg" in shown
    for address in shown:
        picture = minidom.parse(str(tmp_path / "explanation" / address))  # noqa: S318  # our own
        texts = [one.firstChild for one in picture.getElementsByTagName("text")]
        assert "Dexxy" in [getattr(text, "data", None) for text in texts]


def test_figures_of_two_sizes_do_not_come_together(results: Results) -> None:
    options = Namespace(threads=600, messages=3000)

    with pytest.raises(SystemExit, match="give --threads 1 --messages 1, or measure everything"):
        refuse_another_size(options, results)
    refuse_another_size(options, Results())


def test_limits_of_rest_and_graphql_are_hours() -> None:
    assert hours(RESULT) == 100 / 5000
    assert hours(LACKING) == 1.0


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_pinned_and_says_how_it_is_run(peer: type[Peer]) -> None:
    assert "==" in peer.requirement or not peer.is_installed
    assert all((peer.name, peer.address, peer.choice, peer.goes_on))
