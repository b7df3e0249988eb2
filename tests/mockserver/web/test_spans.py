"""Spans of requests: the guard that refused and the cause that ended the session are attributes."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from werkzeug.test import Client

from mockserver.assemble import assemble
from mockserver.settings import Settings
from mockserver.web.app import create_app
from mockserver.web.spans import traced
from tests.functional.serving import Serving
from tests.functional.talking import Talker

API = "/api/v2/conversations"
SEND = f"{API}/messaging/external/guests/sendmessage"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traced:
    """A mock in process, and the spans of its requests."""

    def __init__(self) -> None:
        parts = assemble(Settings(client_id="demo", client_secret="demo-secret"))
        self.exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.http = Client(traced(create_app(parts), parts.handler.platform, provider))
        grant = {"grant_type": "client_credentials"}
        answer: Any = self.http.post("/oauth/token", data=grant, auth=("demo", "demo-secret"))
        self.token = answer.json["access_token"]

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.token}", **headers}).json

    @property
    def last(self) -> ReadableSpan:
        """The span of the last request."""
        return self.exporter.get_finished_spans()[-1]


@pytest.fixture
def mock() -> Traced:
    return Traced()


def test_a_refusal_names_its_guard_and_the_cause(mock: Traced) -> None:
    guest = {"name": "Ann", "email": "ann@example.com"}
    session = mock.post(f"{API}/webchat/sessions", {"guest": guest})["webChatSessionId"]
    message = {"webChatSessionId": session, "text": "Welcome back"}
    mock.post(SEND, message)
    accepted = mock.last
    answer = mock.post(SEND, message, traceparent=PARENT)

    assert accepted.name == f"POST {SEND}"
    assert accepted.attributes is not None
    assert (accepted.attributes["dayfly.reason"], accepted.parent) == ("message.accepted", None)
    assert "dayfly.guard" not in accepted.attributes
    assert mock.last.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 403,
        "dayfly.context_id": answer["contextId"],
        "dayfly.operation": "send",
        "dayfly.reason": "session.consumed",
        "dayfly.guard": "session",
        "dayfly.cause": "consumed",
    }
    assert mock.last.parent is not None
    assert f"{mock.last.parent.trace_id:032x}" == PARENT.split("-")[1]


def test_a_guard_before_the_session_names_no_cause(mock: Traced) -> None:
    mock.token = "wrong"
    mock.post(SEND, {"webChatSessionId": "x", "text": "0"})
    assert mock.last.attributes is not None
    assert mock.last.attributes["dayfly.guard"] == "authentication"
    assert "dayfly.cause" not in mock.last.attributes


def test_a_path_that_does_not_exist_names_no_span(mock: Traced) -> None:
    """So that whoever calls cannot make names without end."""
    mock.http.get("/no/such/path")
    assert mock.last.name == "GET"


def test_the_control_api_has_no_spans(mock: Traced) -> None:
    before = len(mock.exporter.get_finished_spans())
    assert mock.http.get("/__admin/health").status_code == 200
    assert len(mock.exporter.get_finished_spans()) == before


def test_without_an_endpoint_nothing_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    app = create_app()
    assert traced(app, None) is app


def test_without_the_extra_a_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    app = create_app()
    assert traced(app, None) is app
    assert "install the extra otel, as in pip install '.[otel]'" in caplog.text


@pytest.fixture
def collector() -> Iterator[tuple[str, Queue[bytes]]]:
    """The URL of a collector, and the bodies that it got."""
    bodies: Queue[bytes] = Queue()

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()


def test_a_server_sends_its_spans_to_a_collector(collector: tuple[str, Queue[bytes]]) -> None:
    url, bodies = collector
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    with Serving(variables=variables) as server, Talker(server.told) as talker:
        talker.login()
        sent = ExportTraceServiceRequest.FromString(bodies.get(timeout=30))
        assert server.complaints() == ""
    (resource,) = sent.resource_spans
    assert "dayfly" in {pair.value.string_value for pair in resource.resource.attributes if pair.key == "service.name"}
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["POST /oauth/token"]
