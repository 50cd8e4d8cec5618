"""The connector of Airbyte for GitHub: https://docs.airbyte.com/integrations/sources/github"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, distinct, rows_of
from benchmarks.peers.singer import Tap, chosen, is_pull_request

THREADS = (kinds.ISSUES, kinds.PULL_REQUESTS)
STREAMS = {
    "issues": kinds.ISSUES,
    "comments": kinds.COMMENTS,
    "pull_requests": kinds.PULL_REQUESTS,
    "reviews": kinds.REVIEWS,
    "review_comments": kinds.REVIEW_COMMENTS,
    "issue_events": kinds.EVENTS,
}


class Airbyte(Tap):
    """The connector alone, as its image runs it, without the platform around it."""

    name = "airbyte-source-github"
    package = "airbyte-source-github"
    requirement = "airbyte-source-github==2.7.1"
    home = "https://docs.airbyte.com/integrations/sources/github"
    address = "its setting `api_url`"
    choice = chosen(STREAMS)
    goes_on = "`--state` with the last state of each stream that it wrote"
    streams = STREAMS
    executable, reads, discovers = "source-github", ("read",), ("discover",)

    def settings(self, url: str) -> dict[str, Any]:
        """Return its settings for a GitHub at some address."""
        return {
            "credentials": {"personal_access_token": TOKEN},
            "repositories": [FULL_NAME],
            "start_date": "2000-01-01T00:00:00Z",
            "api_url": url,
        }

    def arranged(self, folder: Path) -> None:
        """Configure the streams: incremental where the connector can."""
        found = [row["catalog"] for row in rows_of(folder / "discovered") if "catalog" in row]
        streams = [one for one in found[-1]["streams"] if one["name"] in STREAMS]
        (folder / "catalog.json").write_text(
            json.dumps({"streams": [_configured(one) for one in streams]}), encoding="utf-8"
        )

    def last_state(self, output: Path) -> list[dict[str, Any]]:
        """Return the last state of each stream, as the platform keeps them."""
        found = {}
        for row in rows_of(output):
            if row.get("type") == "STATE":
                found[row["state"]["stream"]["stream_descriptor"]["name"]] = row["state"]
        return list(found.values())

    def count(self, folder: Path) -> Counter[str]:
        """Count its records."""
        return distinct(_records(folder / "output"))


def _configured(stream: dict[str, Any]) -> dict[str, Any]:
    is_incremental = "incremental" in stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if is_incremental else "full_refresh",
        "destination_sync_mode": "append",
    }


def _records(output: Path) -> Iterator[tuple[str, Any]]:
    for row in rows_of(output):
        if row.get("type") != "RECORD" or row["record"]["stream"] not in STREAMS:
            continue
        kind, data = STREAMS[row["record"]["stream"]], row["record"]["data"]
        if kind == kinds.ISSUES and is_pull_request(data):
            continue
        yield kind, data["number"] if kind in THREADS else data.get("id") or data["node_id"]
