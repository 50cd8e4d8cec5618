"""The page that shows each component in all its states; it exists while debugging."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dexxy.web.charts.heat import heat
from dexxy.web.charts.plot import Series, beside, lines
from dexxy.web.charts.shares import shares


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show all components, with people who do not exist."""
    context = {"now": timezone.now(), "charts": _charts()}
    return render(request, "web/frame/components.html", context)


def _charts() -> dict[str, object]:
    steps = ["31 Aug", "7 Sep", "14 Sep", "21 Sep"]
    opened = Series("opened", "c1", [212, 198, 241, 255])
    closed = Series("closed", "c2", [180, 201, None, 190])
    return {
        "plot": beside([opened, closed], steps, "Opened and closed.", str),
        "lines": lines([opened, closed], steps, "Opened and closed.", str),
        "heat": heat("Mondays are busiest.", ["Mon", "Tue"], {(1, 9): 8, (2, 10): 3}, "acts"),
        "shares": shares(
            "How far people go.", [("Wrote", 212, "", ""), ("Merged", 34, "", "")], 212
        ),
    }
