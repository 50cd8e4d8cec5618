"""Facts that were counted as they happened, by all processes together."""

from collections.abc import Iterator

from dexxy.common.counts import ABOVE, STEPS, Count, counted
from dexxy.watching.facts import Fact, Group, Kind, Measure

# Of a measure: what others count under names that we do not know is none of it, nor is more than
# any of our labels can be.
MOST_SERIES = 500

REQUESTS = Measure(
    "dexxy_http_requests_total",
    "Requests that were answered, by what was asked for and the class of the status.",
    ("kind", "status"),
    Kind.COUNTER,
)
REQUEST_SECONDS = Measure(
    "dexxy_http_request_seconds",
    "From a request's arrival in a thread until its answer began.",
    ("kind",),
    Kind.HISTOGRAM,
)
JOBS = Measure(
    "dexxy_jobs_total",
    "Jobs that were done, or failed, by their function.",
    ("function", "outcome"),
    Kind.COUNTER,
)
JOB_SECONDS = Measure("dexxy_job_seconds", "How long jobs took.", ("function",), Kind.HISTOGRAM)
GITHUB_REQUESTS = Measure(
    "dexxy_github_requests_total",
    "Requests to GitHub, by its API and the class of the status; `none` where no answer came.",
    ("api", "status"),
    Kind.COUNTER,
)
GITHUB_SECONDS = Measure(
    "dexxy_github_request_seconds", "How long GitHub took to answer.", ("api",), Kind.HISTOGRAM
)
ERRORS = Measure(
    "dexxy_errors_total",
    "Errors, by where they were met (api, page, job, run) and their code.",
    ("where", "code"),
    Kind.COUNTER,
)
MEASURES = (
    REQUESTS,
    REQUEST_SECONDS,
    JOBS,
    JOB_SECONDS,
    GITHUB_REQUESTS,
    GITHUB_SECONDS,
    ERRORS,
)
_KNOWN = {
    measure.name.removesuffix("_total").removeprefix("dexxy_"): measure for measure in MEASURES
}


def _counters() -> Iterator[Fact]:
    """Return the counters; of a histogram each step, as `le`, and the sum, as `sum`."""
    found: dict[Measure, int] = {}
    for one in counted():
        measure = _KNOWN.get(one.name.removesuffix("_sum"))
        if measure is None or (fact := _fact(measure, one)) is None:
            continue
        found[measure] = found.get(measure, 0) + 1
        if found[measure] <= MOST_SERIES:
            yield fact


def _fact(measure: Measure, one: Count) -> Fact | None:
    labels = dict(one.labels)
    step: tuple[str, ...] = ()
    if measure.kind is Kind.HISTOGRAM:
        step = ("sum" if one.name.endswith("_sum") else labels.pop("le", ""),)
        if step[0] not in {"sum", ABOVE, *map(str, STEPS)}:
            return None
    if set(labels) != set(measure.labels):
        return None
    values = tuple(str(labels[name]) for name in measure.labels)
    return Fact(measure, one.number, values, *step)


GROUPS = (Group("counters", MEASURES, _counters),)
