"""What Singer taps are given, and write: a schema, a record or a state in each line.

https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md
Airbyte's connectors are given the same files, with other words in them.
"""

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peers.kinds import ISSUES, PULL_REQUESTS
from benchmarks.peers.peer import Command, Peer, distinct, rows_of


class Tap(Peer):
    """A program that reads settings and a catalog, and writes records and states as lines."""

    # The kind of each stream that counts.
    streams: ClassVar[Mapping[str, str]]
    executable: ClassVar[str] = "tap-github"
    # What stands before the options of a run, and of the one that tells its catalog.
    reads: ClassVar[tuple[str, ...]] = ()
    discovers: ClassVar[tuple[str, ...]] = ("--discover",)
    # The option that takes the catalog.
    catalog: ClassVar[str] = "--catalog"

    @abstractmethod
    def settings(self, url: str) -> dict[str, Any]:
        """Return its settings for a GitHub at some address."""

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Write its settings; it then tells its catalog."""
        (folder / "config.json").write_text(json.dumps(self.settings(url)), encoding="utf-8")
        config = ("--config", str(folder / "config.json"))
        return [Command([self.program(self.executable), *self.discovers, *config], "discovered")]

    def arranged(self, folder: Path) -> None:
        """Select the streams."""
        selected(folder / "discovered", self.streams, folder / "catalog.json")

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Read all streams."""
        arguments = [self.program(self.executable), *self.reads]
        arguments += ["--config", str(folder / "config.json")]
        arguments += [self.catalog, str(folder / "catalog.json")]
        if again:
            state = folder / "state.json"
            state.write_text(json.dumps(self.last_state(folder / "output")), encoding="utf-8")
            arguments += ["--state", str(state)]
        return [Command(arguments)]

    def last_state(self, output: Path) -> Any:
        """Return what whoever runs it would have kept when it ended."""
        return last_state(output)

    def count(self, folder: Path) -> Counter[str]:
        """Count its records."""
        return records_counted(folder / "output", self.streams)


def chosen(streams: Mapping[str, str]) -> str:
    """Return what the page says of the streams that are read."""
    return "streams " + ", ".join(f"`{name}`" for name in streams)


def records_counted(output: Path, kinds: Mapping[str, str]) -> Counter[str]:
    """Count the records of a tap by kind.

    Args:
        kinds: the kind of each stream. An issue with a `pull_request` is a pull request.
    """
    return distinct(_records(output, kinds))


def _records(output: Path, kinds: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for row in rows_of(output):
        if row.get("type") != "RECORD" or row["stream"] not in kinds:
            continue
        kind, record = kinds[row["stream"]], row["record"]
        if kind == ISSUES and is_pull_request(record):
            continue
        yield (
            kind,
            record["number"]
            if kind in (ISSUES, PULL_REQUESTS)
            else record.get("id") or record["node_id"],
        )


def is_pull_request(record: Mapping[str, Any]) -> bool:
    """Tell whether a row of the list of issues is a pull request."""
    return bool(record.get("pull_request")) or record.get("type") == "pull_request"


def last_state(output: Path) -> dict[str, Any]:
    """Return what a target would have kept when the tap ended: its last state."""
    states = [row["value"] for row in rows_of(output) if row.get("type") == "STATE"]
    found: dict[str, Any] = states[-1] if states else {}
    return found


def selected(catalog: Path, streams: Mapping[str, str], kept: Path) -> None:
    """Select streams of a catalog that a tap told, and write it anew."""
    text = catalog.read_text(encoding="utf-8")
    found = json.loads(text[text.index("{") :])
    for stream in found["streams"]:
        is_wanted = stream["tap_stream_id"] in streams
        stream["schema"]["selected"] = is_wanted
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = is_wanted
    kept.write_text(json.dumps(found), encoding="utf-8")
