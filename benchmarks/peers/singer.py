"""What Singer taps write: a schema, a record or a state in each line.

https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers.kinds import ISSUES, PULL_REQUESTS
from benchmarks.peers.peer import distinct, rows_of


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
