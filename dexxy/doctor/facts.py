"""The facts beside the findings: the numbers that `/metrics` has."""

from collections.abc import Mapping, Sequence

from dexxy.doctor.finding import Finding, State
from dexxy.watching.everything import facts_now
from dexxy.watching.facts import as_json


def facts_as_json(findings: Sequence[Finding]) -> list[Mapping[str, object]]:
    """Return all facts; none without a database, which FINDINGS tell of first."""
    if findings[0].state is State.FAILED:
        return []
    return as_json(facts_now().facts)
