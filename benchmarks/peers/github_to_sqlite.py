"""github-to-sqlite: https://github.com/dogsheep/github-to-sqlite"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, Command, Peer

COMMANDS = ("issues", "pull-requests", "issue-comments")
# Each table, and what of it counts.
QUERIES = {
    kinds.ISSUES: ("issues", "SELECT count(*) FROM issues WHERE type = 'issue'"),
    kinds.PULL_REQUESTS: ("pull_requests", "SELECT count(*) FROM pull_requests"),
    kinds.COMMENTS: ("issue_comments", "SELECT count(*) FROM issue_comments"),
}


class GitHubToSqlite(Peer):
    """Three of its commands, one after the other."""

    name = "github-to-sqlite"
    package = "github-to-sqlite"
    requirement = "github-to-sqlite==2.9.1"
    home = "https://github.com/dogsheep/github-to-sqlite"
    address = "it has none; its requests to `api.github.com` are redirected"
    choice = "commands " + ", ".join(f"`{name}`" for name in COMMANDS)
    goes_on = "the same commands again: it keeps no state"
    is_redirected = True

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Write the token as its command `auth` does."""
        token = {"github_personal_token": TOKEN}
        (folder / "auth.json").write_text(json.dumps(token), encoding="utf-8")
        return []

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Save each kind of object that it has a command for."""
        program, database = self.program("github-to-sqlite"), str(folder / "github.db")
        auth = ["--auth", str(folder / "auth.json")]
        return [Command([program, name, database, FULL_NAME, *auth]) for name in COMMANDS]

    def count(self, folder: Path) -> Counter[str]:
        """Count the rows of its database."""
        found: Counter[str] = Counter()
        with closing(sqlite3.connect(folder / "github.db")) as database:
            made = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            for kind, (table, query) in QUERIES.items():
                if table in made:
                    [(found[kind],)] = database.execute(query)
        return found
