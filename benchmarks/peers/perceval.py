"""Perceval of GrimoireLab: https://github.com/chaoss/grimoirelab-perceval"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, Command, Peer, distinct, rows_of

CATEGORIES = ("issue", "pull_request")


class Perceval(Peer):
    """Its backend for GitHub, for each of the two categories with messages."""

    name = "Perceval (GrimoireLab)"
    package = "perceval"
    requirement = "perceval==1.6.1"
    home = "https://github.com/chaoss/grimoirelab-perceval"
    address = "its option `--enterprise-url`"
    choice = "categories " + ", ".join(f"`{name}`" for name in CATEGORIES)
    goes_on = "`--from-date` with the last change that it wrote"

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Fetch one category after the other."""
        owner, name = FULL_NAME.split("/")
        found = []
        for category in CATEGORIES:
            arguments = [self.program("perceval"), "github", owner, name, "--json-line"]
            arguments += ["--enterprise-url", url, "-t", TOKEN, "--category", category]
            since = _last_change(folder / category) if again else None
            if since is not None:
                arguments += ["--from-date", since.isoformat()]
            found.append(Command(arguments, category))
        return found

    def count(self, folder: Path) -> Counter[str]:
        """Count its items, and what is inside them."""
        return distinct(_items(folder))


def _last_change(output: Path) -> datetime | None:
    """Return the change up to which a category was written; items come in this order."""
    changes = [row["updated_on"] for row in rows_of(output)]
    return datetime.fromtimestamp(max(changes), UTC) if changes else None


def _items(folder: Path) -> Iterator[tuple[str, Any]]:
    for row in rows_of(folder / "issue"):
        data = row["data"]
        if "pull_request" not in data:
            yield kinds.ISSUES, data["number"]
        for comment in data["comments_data"]:
            yield kinds.COMMENTS, comment["id"]
    for row in rows_of(folder / "pull_request"):
        data = row["data"]
        yield kinds.PULL_REQUESTS, data["number"]
        for review in data["reviews_data"]:
            yield kinds.REVIEWS, review["id"]
        for comment in data["review_comments_data"]:
            yield kinds.REVIEW_COMMENTS, comment["id"]
