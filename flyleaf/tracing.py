"""Traces of requests and of their statements, where OpenTelemetry is installed and told where to send them.

OpenTelemetry reads its other settings, OTEL_…, itself. What its instrumentations collect would say who read
what: addresses, paths, queries, and values in the messages of errors. So only what is listed here is sent.
"""

from collections.abc import Callable, Sequence

from flask import Flask
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

METHOD, ROUTE = "http.method", "http.route"
# A statement is sent with placeholders, such as %(isbn)s, where its values are.
SENT = (METHOD, ROUTE, "http.status_code", "http.flavor", "http.scheme", "db.system", "db.statement")
NOT_TRACED = "healthz,readyz,metrics"  # they would fill the traces with nothing


class Anonymous(SpanExporter):
    """Passes spans on to another exporter, without what could tell who did something, or to what."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_anonymous(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _anonymous(span: ReadableSpan) -> ReadableSpan:
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in SENT}
    name = span.name
    if span.kind == SpanKind.SERVER:  # by default it has the path if there is no such page
        name = f"{attributes.get(METHOD, 'other')} {attributes.get(ROUTE, 'none')}"
    return ReadableSpan(
        name=name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def trace(app: Flask, watch_statements: Callable[[Callable[[str], Callable[[bool], object]]], object]) -> None:
    """Trace the requests of the application, and the statements that `watch_statements` tells of: see Database. Call it
    once a process. (OpenTelemetry's own instrumentation of SQLAlchemy does not know its version 2.1 yet.)"""
    provider = TracerProvider()  # it sends what is left when the process ends, too
    provider.add_span_processor(BatchSpanProcessor(Anonymous(OTLPSpanExporter())))
    instrument_app: Callable[..., None] = FlaskInstrumentor().instrument_app  # it has no types
    instrument_app(app, tracer_provider=provider, excluded_urls=NOT_TRACED)
    tracer = provider.get_tracer("flyleaf")

    def begin(statement: str) -> Callable[[bool], None]:
        attributes = {"db.system": "postgresql", "db.statement": statement}
        span = tracer.start_span(statement.split(maxsplit=1)[0], kind=SpanKind.CLIENT, attributes=attributes)

        def end(succeeded: bool) -> None:
            span.set_status(StatusCode.UNSET if succeeded else StatusCode.ERROR)
            span.end()

        return end

    watch_statements(begin)
