"""Spans to an OpenTelemetry collector, if OTEL_EXPORTER_OTLP_ENDPOINT is set: docs/monitoring.md.

Not by OpenTelemetry's own instrumentation of Django, requests and psycopg: that sends addresses
with their queries, and texts of errors and statements. What leaves here is a list of words: names
of spans that stand in our code, verbs and tables, and the attributes that are noted by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from accounts import spans

try:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError as error:
    raise ImproperlyConfigured(
        "OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry is not installed: "
        "uv pip install --require-hashes -r requirements/tracing.txt"
    ) from error

_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?([A-Za-z_]\w{0,62})"?')
_VERB = re.compile(r"\s*([A-Z]{2,12})\b")
# of what the log's lines of this request carry: so that a span leads to its lines
_OF_THE_LOG = ("request_id", "person")

_provider: TracerProvider | None = None


class _Traced:
    """spans.Span over OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, attributes: Mapping[str, str | int]) -> None:
        self._span.set_attributes(dict(attributes))


def start() -> None:
    """In a process that serves, after gunicorn has forked it: the sender is a thread."""
    global _provider
    if _provider is not None:
        return
    named = {"service.name": "small-wonders", "service.version": settings.VERSION}
    # what OTEL_RESOURCE_ATTRIBUTES says of the service wins over ours
    _provider = TracerProvider(resource=Resource(named).merge(Resource.create()))
    # the address, headers and time limits are read from OpenTelemetry's own variables
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    spans.trace_with(_beginning_with(_provider.get_tracer("companion")))
    connection_created.connect(_listen, dispatch_uid="companion.tracing")


def stop() -> None:
    """Send what is left, and trace no more."""
    global _provider
    if _provider is not None:
        spans.trace_with(None)
        connection_created.disconnect(dispatch_uid="companion.tracing")
        _provider.shutdown()
        _provider = None


def _beginning_with(tracer: trace.Tracer) -> spans.Begin:
    @contextmanager
    def begin(name: str) -> Iterator[spans.Span]:
        kind = SpanKind.SERVER if name == "request" else SpanKind.INTERNAL
        if name.startswith(("call ", "sql ")):
            kind = SpanKind.CLIENT
        with tracer.start_as_current_span(
            # the text of an error may quote anything: only its kind is told
            name,
            kind=kind,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Traced(span)
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", type(error).__name__)
                raise
            finally:
                known = structlog.contextvars.get_contextvars()
                span.set_attributes({key: str(known[key]) for key in _OF_THE_LOG if key in known})

    return begin


def _listen(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_statement)


def _statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Within a span of ours; alone a statement would be a trace of its own."""
    if _provider is None or not trace.get_current_span().is_recording():
        return execute(sql, params, many, context)
    with spans.span(f"sql {named(str(sql))}"):
        return execute(sql, params, many, context)


def named(sql: str) -> str:
    """`SELECT accounts_user`: the verb and the first table, which are ours."""
    verb, table = _VERB.match(sql), _TABLE.search(sql)
    return f"{verb[1] if verb else 'OTHER'}{f' {table[1]}' if table else ''}"
