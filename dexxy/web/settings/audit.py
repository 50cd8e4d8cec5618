"""Who did what in a workspace, and when."""

from datetime import date, datetime, time, timedelta

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import AuditFilters, audit_actors, audit_log
from dexxy.common.ids import parse_id
from dexxy.web.pages import PageRequest, workspace_page
from dexxy.web.settings.audit_words import DEEDS, deed_of, details_of

_FILTERS = ("actor", "action", "since", "until")


@workspace_page
def audit(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """List what was done: by everybody or one, of one kind, in some days."""
    given = {name: request.GET.get(name, "") for name in _FILTERS}
    page = audit_log(
        request.user, workspace, audit_asked(request.GET), after=request.GET.get("after")
    )
    context = {
        "workspace": workspace,
        "section": "settings",
        "rows": [(one, deed_of(one), details_of(one)) for one in page.items],
        "page": page,
        "given": given,
        "is_filtered": any(given.values()),
        "actors": audit_actors(request.user, workspace),
        "deeds": sorted(DEEDS.items(), key=lambda deed: str(deed[1])),
    }
    return render(request, "web/settings/audit.html", context)


def audit_asked(query: QueryDict) -> AuditFilters:
    """Return the filters that the query of an address asks for; what cannot be one is none."""
    since, until = _day(query.get("since", "")), _day(query.get("until", ""))
    action = query.get("action", "")
    return AuditFilters(
        actor_id=parse_id(query.get("actor", "")),
        action=action if action in DEEDS else "",
        since=_begin(since) if since else None,
        until=_begin(until + timedelta(days=1)) if until else None,
    )


def _day(text: str) -> date | None:
    """Return the day that TEXT names; none where it is no day, or has no day after it."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return None if found is None or found == date.max else found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
