"""Spans of the platform's requests for OpenTelemetry, if the extra `otel` is installed and an endpoint for them is set."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from mockserver.errors import MockServerError
from mockserver.service import PlatformService
from mockserver.web.admin.guard import PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""The standard's variables for the place that spans are sent to."""

_log = logging.getLogger("dayfly")


def traced(app: WSGIApplication, platform: PlatformService | None, provider: TracerProvider | None = None) -> WSGIApplication:
    """Return `app` with a span for each request of the platform; `app` itself if spans are not wanted.

    `platform` explains refusals; None for a declared one.
    """
    provider = provider or _configured()
    if provider is None:
        return app
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    tracer, propagator = provider.get_tracer("dayfly"), TraceContextTextMapPropagator()

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path.startswith(PREFIX):
            return app(environ, start_response)
        parent = propagator.extract({"traceparent": environ.get("HTTP_TRACEPARENT", "")})
        with tracer.start_as_current_span(method, parent, SpanKind.SERVER) as span:

            def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                told = dict(_facts(int(status[:3]), dict(headers), platform))
                if "dayfly.operation" in told:
                    span.update_name(f"{method} {path}")
                span.set_attributes({"http.request.method": method, **told})
                return start_response(status, headers, exc_info)

            return app(environ, start)

    return serve


def _facts(status: int, headers: dict[str, str], platform: PlatformService | None) -> Iterator[tuple[str, str | int]]:
    """Yield the attributes of an answer: for a refusal also the guard that refused, and the cause that ended the session."""
    yield "http.response.status_code", status
    context_id = headers.get("ININ-Correlation-Id", "")
    if context_id:
        yield "dayfly.context_id", context_id
    if platform is None:
        yield from (("dayfly.reason", headers[name]) for name in ("Dayfly-Reason",) if name in headers)
        return
    from mockserver.explain import explain

    with suppress(MockServerError):  # the store is away, or the journal has forgotten the request
        found = explain(platform, context_id)
        yield from ((f"dayfly.{name}", value) for name, value in _explained(found) if value)


def _explained(found: Any) -> Iterator[tuple[str, str | None]]:
    yield "operation", found.asked.operation
    yield "reason", found.answer and found.answer.reason
    yield "guard", next((guard.name for guard in found.guards if guard.verdict == "refused"), None)
    if found.session is not None and found.asked.operation == "send":
        yield "cause", found.session.first_cause and str(found.session.first_cause.state)


def _configured() -> TracerProvider | None:
    """Return a provider that sends spans as the standard's variables say, and the last ones when this worker ends."""
    if not any(map(os.environ.get, ENDPOINTS)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("%s is set, but no spans are sent: install the extra otel, as in pip install '.[otel]'", ENDPOINTS[0])
        return None
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "dayfly"}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    Finalize(None, provider.shutdown, exitpriority=1)
    return provider
