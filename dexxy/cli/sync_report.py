"""What `dexxy sync` shows while it reads, and at the end."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from dexxy.integrations.models import GitHubRepository, SyncRun
from dexxy.integrations.selectors import lists_of_threads, marks_left

LABELS = {
    "issue": "Issues",
    "pull_request": "Pull requests",
    "discussion": "Discussions",
    "issues": "Issues",
    "pull_requests": "Pull requests",
    "discussions": "Discussions",
    "comment": "Comments",
    "review": "Reviews",
    "review_comment": "Comments on code",
    "reply": "Replies",
    "sweep_issues": "Sweep: issues",
    "sweep_pull_requests": "Sweep: pulls",
    "sweep_discussions": "Sweep: discuss.",
}


class SyncProgress:
    """A bar per stream, with the time that is left."""

    def __init__(self, console: Console, repository: GitHubRepository) -> None:
        self._repository = repository
        self._last_line = ""
        self._bars: dict[str, Any] = {}
        self._progress = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def page_read(self, run: SyncRun) -> None:
        """Move the bars to where the streams are."""
        for stream in lists_of_threads(self._repository):
            if (
                stream.is_done
                and stream.name.startswith("sweep")
                and not run.counts.get("sweep_pages")
            ):
                continue
            if stream.name not in self._bars:
                self._bars[stream.name] = self._progress.add_task(LABELS[stream.name], total=None)
            total = stream.read if stream.is_done else stream.expected
            self._progress.update(self._bars[stream.name], completed=stream.read, total=total)

    def say(self, line: str) -> None:
        """Print LINE above the bars, once."""
        if line != self._last_line:
            self._progress.console.print(line)
            self._last_line = line


def report(run: SyncRun) -> dict[str, Any]:
    """Return a run as it is printed with --json."""
    repository = run.repository
    left = marks_left(repository)
    return {
        "repository": repository.full_name,
        "workspace": repository.source.workspace.slug,
        "state": run.state,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "counts": run.counts,
        "requests": run.requests,
        "points": run.points,
        "receipt": run.receipt,
        "to_read_again": {"threads": left.threads, "until": left.until.isoformat()}
        if left
        else None,
    }


def print_receipt(console: Console, run: SyncRun) -> None:
    """Print the counts of a run beside GitHub's."""
    threads, messages = run.counts.get("threads", 0), run.counts.get("messages", 0)
    console.print(
        f"[bold]{run.repository.full_name}[/bold]: read {threads} threads and {messages} messages"
        f" with {run.requests} requests ({run.points} points)."
    )
    table = Table("", "Here", "On GitHub", "Counted at", box=None, header_style="bold")
    for kind, line in run.receipt.items():
        at = _shown(datetime.fromisoformat(line["taken_at"]))
        style = "green" if line["here"] == line["github"] else "yellow"
        table.add_row(LABELS[kind], str(line["here"]), str(line["github"]), at, style=style)
    console.print(table)
    if left := marks_left(run.repository):
        # A webhook may tell more than GitHub's answers show yet; or few points are left.
        console.print(
            f"{left.threads} of the threads here wait to be read again, until {_shown(left.until)}"
            " at most. Run this again then, or leave it to `dexxy up`."
        )
    for kind, line in run.receipt.items():
        if line.get("refusal"):
            console.print(f"{LABELS[kind]} are not read. {line['refusal']}")
        elif not line["is_enabled"]:
            console.print(
                f"{LABELS[kind]} are switched off in {run.repository.full_name}. To see them here,"
                " switch them on under its Settings > General > Features."
            )


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
