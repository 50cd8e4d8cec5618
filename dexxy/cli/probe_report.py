"""What `dexxy probe` shows of what it measured."""

from rich.console import Console
from rich.table import Table

from dexxy.integrations.services.github.api.errors import QueryTooHeavyError
from dexxy.integrations.services.github.connecting.asking import ANSWERED
from dexxy.integrations.services.github.connecting.probed import PageTried, Probe, Shown


def print_probe(console: Console, probe: Probe) -> None:
    """Print what was measured as tables."""
    name = probe.repository or "A repository that not everybody can see"
    version = f" {probe.server_version}" if probe.server_version else ""
    console.print(f"[bold]{name}[/bold] on {probe.server}{version}: {probe.points} points spent.")
    scopes = "none named" if probe.scopes is None else ", ".join(probe.scopes) or "none"
    console.print(f"Token: {probe.token}. Scopes: {scopes}.")
    for counter, limit in probe.limits.items():
        console.print(f"Limit of {counter}: {limit['remaining']:,} of {limit['limit']:,} left.")
    console.print(_pages(probe.pages))
    console.print(_heavy(probe.pages))
    for feature in probe.features:
        if feature.is_on is False:
            console.print(f"{_spoken(feature.name)} are off: their list is {feature.shows}.")
    console.print(_shown("Field", probe.fields))
    console.print(_shown("By the REST API", probe.rest))
    if probe.stopped:
        console.print(f"Not everything was asked. {probe.stopped}", style="yellow")


def _pages(pages: list[PageTried]) -> Table:
    table = Table("List", "Asked", "Came", "Outcome", "Seconds", "kB", "Points", box=None)
    for page in pages:
        table.add_row(
            _spoken(page.list),
            str(page.asked),
            _number(page.came),
            page.outcome,
            f"{page.seconds:.2f}",
            _number(page.bytes and -(-page.bytes // 1000)),
            _number(page.cost if page.taken is None else page.taken),
            style="" if page.outcome == ANSWERED else "yellow",
        )
    return table


def _heavy(pages: list[PageTried]) -> str:
    """Say what it costs to ask for too much."""
    heavy = [page for page in pages if page.outcome == QueryTooHeavyError.code]
    if not heavy:
        return "No page was too heavy, so what that costs is still unknown."
    taken = [f"{page.taken} points" for page in heavy if page.taken is not None]
    return f"What was too heavy took: {', '.join(taken) or 'nothing that the server counts'}."


def _shown(title: str, rows: list[Shown]) -> Table:
    table = Table(title, "Given", "Permissions", "Said", box=None)
    for row in rows:
        given = {True: "yes", False: "no", None: "not tried"}[row.is_given]
        table.add_row(row.name, given, row.accepts, row.error_text)
    return table


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
