"""All facts as Prometheus reads them.

Whoever imports this loads its library: only what answers `/metrics` does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.core.cache import cache
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from dexxy.common.counts import ABOVE, STEPS
from dexxy.watching.everything import facts_now
from dexxy.watching.facts import Fact, Kind, Measure

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# Seconds for which the same is told again, by whichever process is asked: however often somebody
# asks, the database is asked once in that time.
KEPT_SECONDS = 5
_KEY = "metrics"


def metrics_text() -> bytes:
    """Return all facts, of at most KEPT_SECONDS ago."""
    kept = cache.get(_KEY)
    if kept is None:
        kept = as_text(facts_now().facts)
        cache.set(_KEY, kept, KEPT_SECONDS)
    return bytes(kept)


def as_text(facts: Iterable[Fact]) -> bytes:
    """Return FACTS in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Facts(facts))
    return generate_latest(registry)


class _Facts(Collector):
    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_measure: dict[Measure, list[Fact]] = defaultdict(list)
        for fact in facts:
            self._by_measure[fact.measure].append(fact)

    def collect(self) -> Iterator[Metric]:
        """Return each measure with its facts."""
        for measure, facts in self._by_measure.items():
            if measure.kind is Kind.HISTOGRAM:
                yield _histogram(measure, facts)
                continue
            kinds = {Kind.GAUGE: GaugeMetricFamily, Kind.COUNTER: CounterMetricFamily}
            family = kinds[measure.kind](measure.name, measure.help, labels=measure.labels)
            for fact in facts:
                family.add_metric(fact.labels, fact.value)
            yield family


def _histogram(measure: Measure, facts: Iterable[Fact]) -> HistogramMetricFamily:
    """Return the steps of each of its labels, each with all that is below."""
    by_labels: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for fact in facts:
        by_labels[fact.labels][fact.step] = fact.value
    family = HistogramMetricFamily(measure.name, measure.help, labels=measure.labels)
    for labels, steps in by_labels.items():
        below, buckets = 0.0, []
        for end in (*map(str, STEPS), ABOVE):
            below += steps.get(end, 0.0)
            buckets.append((end, below))
        family.add_metric(labels, buckets, steps.get("sum", 0.0))
    return family
