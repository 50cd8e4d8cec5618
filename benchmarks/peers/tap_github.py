"""tap-github of Singer and Stitch: https://github.com/singer-io/tap-github"""

from typing import Any

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN
from benchmarks.peers.singer import Tap, chosen

STREAMS = {
    "issues": kinds.ISSUES,
    "comments": kinds.COMMENTS,
    "pull_requests": kinds.PULL_REQUESTS,
    "reviews": kinds.REVIEWS,
    "review_comments": kinds.REVIEW_COMMENTS,
    "issue_events": kinds.EVENTS,
}


class TapGitHub(Tap):
    """The tap of Singer."""

    name = "tap-github (Singer)"
    package = "tap-github"
    requirement = "tap-github==4.0.0"
    home = "https://github.com/singer-io/tap-github"
    address = "its setting `base_url`"
    choice = chosen(STREAMS)
    goes_on = "`--state` with the last state that it wrote"
    streams = STREAMS
    catalog = "--properties"

    def settings(self, url: str) -> dict[str, Any]:
        """Return its settings for a GitHub at some address."""
        return {
            "access_token": TOKEN,
            "repository": FULL_NAME,
            "start_date": "2000-01-01T00:00:00Z",
            "base_url": url,
        }
