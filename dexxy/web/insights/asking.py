"""Read what the page of figures is asked for from its address."""

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.common.ids import parse_id
from dexxy.integrations.figure_window import figure_window
from dexxy.messages.feed.filters import FilterError
from dexxy.messages.figures.periods import CUSTOM, USUAL, Period, period_between, period_of
from dexxy.messages.figures.scope import FigureFilters
from dexxy.messages.insights import Comparison
from dexxy.messages.models import ThreadKind
from dexxy.web.insights.cards import Asked

ZONE = "UTC"
# Characters of what is counted alone, as it stands in an address: each number of a card leads on
# with all of it.
LONGEST_QUERY = 2_000


def read_asked(
    viewer: User, workspace: Workspace, query: QueryDict, now: datetime, *, usual: str = USUAL
) -> Asked:
    """Return what QUERY asks for.

    Args:
        usual: the period, where it names none.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        WindowError, FilterError: there is no such period, or no such filter.
    """
    period = read_period(query, zone_of(workspace), now, usual)
    filters = read_filters(query)
    window = figure_window(
        viewer, workspace, since=period.since, until=period.until, zone=period.zone
    )
    return Asked(
        viewer,
        workspace,
        period,
        window,
        filters,
        kept(query),
        read_comparison(query),
        with_team=read_with_team(query),
    )


def zone_of(workspace: Workspace) -> str:
    """Return the name of the time zone whose days and weeks are counted."""
    return getattr(workspace, "time_zone", "") or ZONE


def read_period(query: QueryDict, zone: str, now: datetime, usual: str = USUAL) -> Period:
    """Return the period that is asked for.

    Raises:
        WindowError: there is no such period.
    """
    name = query.get("period", "")
    first, last = query.get("from", ""), query.get("to", "")
    if name == CUSTOM or (not name and (first or last)):
        return period_between(first, last, zone)
    return period_of(name or usual, today=now.astimezone(ZoneInfo(zone)).date(), zone=zone)


def read_filters(query: QueryDict) -> FigureFilters:
    """Return what is counted alone.

    Raises:
        FilterError: it names something that does not exist, or too much.
    """
    if len(urlencode(kept(query), doseq=True)) > LONGEST_QUERY:
        raise FilterError(_("The filter is too long."))
    sources = [parse_id(text) for text in query.getlist("source") if text]
    if None in sources:
        raise FilterError(_("source is not an id."))
    try:
        kinds = [ThreadKind(text) for text in query.getlist("kind") if text]
    except ValueError as error:
        known = ", ".join(ThreadKind.values)
        raise FilterError(_("kind is not one of: {known}.").format(known=known)) from error
    organizations = [name.strip() for name in query.getlist("organization") if name.strip()]
    if any("\0" in name for name in organizations):
        raise FilterError(_("organization holds a null byte."))
    return FigureFilters(
        source_ids=[pk for pk in sources if pk is not None],
        kinds=kinds,
        organizations=organizations,
    )


def read_comparison(query: QueryDict) -> Comparison:
    """Return what is compared with; the period before, unless something else is asked for.

    Raises:
        FilterError: there is no such comparison.
    """
    try:
        return Comparison(query.get("compare") or Comparison.BEFORE)
    except ValueError as error:
        known = ", ".join(one.value for one in Comparison)
        raise FilterError(_("compare is one of: {known}.").format(known=known)) from error


def read_with_team(query: QueryDict) -> bool:
    """Tell whether threads that the team opened count where only those of others do otherwise.

    Raises:
        FilterError: it names other people.
    """
    openers = query.get("openers") or "others"
    if openers not in ("others", "everyone"):
        raise FilterError(_("openers is one of: others, everyone."))
    return openers == "everyone"


def kept(query: QueryDict) -> dict[str, list[str]]:
    """Return the parameters that say what is asked for, without those that are empty."""
    names = ("period", "from", "to", "source", "kind", "organization", "compare", "openers")
    found = {name: [value for value in query.getlist(name) if value] for name in names}
    return {name: values for name, values in found.items() if values}
