"""tap-github of MeltanoLabs: https://github.com/MeltanoLabs/tap-github"""

from typing import Any

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN
from benchmarks.peers.singer import Tap, chosen

STREAMS = {
    "issues": kinds.ISSUES,
    "issue_comments": kinds.COMMENTS,
    "pull_requests": kinds.PULL_REQUESTS,
    "reviews": kinds.REVIEWS,
    "review_comments": kinds.REVIEW_COMMENTS,
    "issue_events": kinds.EVENTS,
    "discussions": kinds.DISCUSSIONS,
    "discussion_comments": kinds.DISCUSSION_COMMENTS,
    "discussion_comment_replies": kinds.DISCUSSION_COMMENTS,
}


class MeltanoTap(Tap):
    """The tap that Meltano's hub recommends."""

    name = "tap-github (Meltano)"
    package = "meltanolabs-tap-github"
    requirement = "meltanolabs-tap-github==1.30.1"
    home = "https://github.com/MeltanoLabs/tap-github"
    address = (
        "its setting `api_url_base`; its check of the token names `api.github.com`, and is "
        "redirected"
    )
    choice = chosen(STREAMS)
    goes_on = "`--state` with the last state that it wrote"
    is_redirected = True
    streams = STREAMS

    def settings(self, url: str) -> dict[str, Any]:
        """Return its settings for a GitHub at some address."""
        return {
            "auth_token": TOKEN,
            "repositories": [FULL_NAME],
            "start_date": "2000-01-01T00:00:00Z",
            "api_url_base": url,
        }
