"""Spans for OpenTelemetry: of requests, statements, what GitHub is asked, and jobs.

Where they go, and how many of them, is set as for any program: `OTEL_EXPORTER_OTLP_ENDPOINT`,
`OTEL_TRACES_SAMPLER` and the others of OpenTelemetry's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dexxy import __version__
from dexxy.common.redaction import redacted
from dexxy.config import env

_LAST_MILLISECONDS = 2000
# Of people, or of what they sent. Attributes have an older and a newer name.
_PERSONAL = {
    *("client.address", "client.port", "net.peer.ip", "net.peer.port", "http.client_ip"),
    *("network.peer.address", "network.peer.port", "enduser.id"),
    *("user_agent.original", "http.user_agent", "url.query", "http.target", "http.url"),
    *("db.user", "exception.message", "exception.stacktrace"),
}

_is_on = False


def begin(is_wanted: bool) -> None:
    """Make spans from now on.

    Raises:
        SettingError: what makes and sends them is not installed.
    """
    global _is_on
    if not is_wanted or _is_on:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.django import DjangoInstrumentor
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise env.SettingError(
            "DEXXY_OTEL is set, and what makes spans is not installed: pip install 'dexxy[otel]'."
        ) from error
    named = Resource.create({"service.name": "dexxy", "service.version": __version__})
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(_cleaning(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    PsycopgInstrumentor().instrument()
    HTTPXClientInstrumentor().instrument()
    _is_on = True


@contextmanager
def span(name: str, attributes: Mapping[str, str | int]) -> Iterator[None]:
    """Make a span of what is done inside, if spans are made at all."""
    if not _is_on:
        yield
        return
    from opentelemetry import trace

    with trace.get_tracer("dexxy").start_as_current_span(name, attributes=attributes):
        yield


def finish() -> None:
    """Send what waits; a process that ends at once would take it along."""
    if _is_on:
        from opentelemetry import trace

        provider: Any = trace.get_tracer_provider()
        provider.force_flush(_LAST_MILLISECONDS)


def cleaned(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ATTRIBUTES of a span without secrets and without what tells of people."""
    return {
        name: redacted(value) if isinstance(value, str) else value
        for name, value in attributes.items()
        if name not in _PERSONAL
    }


def _cleaning(exporter: Any) -> Any:
    """Return what exports as EXPORTER does, but cleaned."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Cleaning(SpanExporter):
        def export(self, spans: Sequence[Any]) -> SpanExportResult:
            done: SpanExportResult = exporter.export([_clean(one) for one in spans])
            return done

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

    def _clean(one: Any) -> ReadableSpan:
        events = [
            Event(event.name, cleaned(event.attributes or {}), event.timestamp)
            for event in one.events
        ]
        return ReadableSpan(
            name=redacted(one.name),
            context=one.context,
            parent=one.parent,
            resource=one.resource,
            attributes=cleaned(one.attributes or {}),
            events=events,
            kind=one.kind,
            status=type(one.status)(one.status.status_code),
            start_time=one.start_time,
            end_time=one.end_time,
            instrumentation_scope=one.instrumentation_scope,
        )

    return Cleaning()
