"""tap-github of Singer and Stitch: https://github.com/singer-io/tap-github"""

import json
from collections import Counter
from pathlib import Path

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, Command, Peer
from benchmarks.peers.singer import last_state, records_counted, selected

STREAMS = {
    "issues": kinds.ISSUES,
    "comments": kinds.COMMENTS,
    "pull_requests": kinds.PULL_REQUESTS,
    "reviews": kinds.REVIEWS,
    "review_comments": kinds.REVIEW_COMMENTS,
    "issue_events": kinds.EVENTS,
}


class TapGitHub(Peer):
    """The tap of Singer."""

    name = "tap-github (Singer)"
    package = "tap-github"
    requirement = "tap-github==4.0.0"
    home = "https://github.com/singer-io/tap-github"
    address = "its setting `base_url`"
    choice = "streams " + ", ".join(f"`{name}`" for name in STREAMS)
    goes_on = "`--state` with the last state that it wrote"

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Write its settings; it then tells its catalog."""
        settings = {
            "access_token": TOKEN,
            "repository": FULL_NAME,
            "start_date": "2000-01-01T00:00:00Z",
            "base_url": url,
        }
        (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        program, config = self.program("tap-github"), str(folder / "config.json")
        return [Command([program, "--config", config, "--discover"], "discovered")]

    def arranged(self, folder: Path) -> None:
        """Select the streams."""
        selected(folder / "discovered", STREAMS, folder / "catalog.json")

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Read all streams."""
        arguments = [self.program("tap-github"), "--config", str(folder / "config.json")]
        arguments += ["--properties", str(folder / "catalog.json")]
        if again:
            state = folder / "state.json"
            state.write_text(json.dumps(last_state(folder / "output")), encoding="utf-8")
            arguments += ["--state", str(state)]
        return [Command(arguments)]

    def count(self, folder: Path) -> Counter[str]:
        """Count its records."""
        return records_counted(folder / "output", STREAMS)
