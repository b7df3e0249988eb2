"""The server as a whole: health, metrics, and the explanation of any request."""

from __future__ import annotations

from typing import Any

from flask import Response

from mockserver import openapi
from mockserver.control import Control
from mockserver.platform.library import DEFAULT
from mockserver.web.admin.calls import Calls
from mockserver.web.admin.explained import explained
from mockserver.web.admin.metrics import metrics_of


def add(calls: Calls, control: Control) -> None:
    """Add the views that only a server with many organisations has."""
    started = control.assembly.platform.system()

    @calls.add("GET", "/openapi.json")
    def document() -> dict[str, Any]:
        return openapi.admin_document()

    @calls.add("GET", "/metrics")
    def metrics() -> Response:
        return Response(metrics_of(control, started), content_type="text/plain; version=0.0.4; charset=utf-8")


def add_common(calls: Calls, control: Control) -> None:
    """Add the views that every server has."""

    @calls.add("GET", "/organizations")
    def list_organizations() -> dict[str, Any]:
        return {"organizations": control.organizations()}

    @calls.add("GET", "/health")
    def health() -> dict[str, str]:
        told, digest = {"status": "ok", "platform": control.assembly.declared or DEFAULT}, control.assembly.digest
        return told | {"digest": digest} if digest else told

    @calls.add("GET", "/ready")
    def ready() -> dict[str, str]:
        control.assembly.store.ping()
        return {"status": "ready"}

    @calls.add("GET", "/requests/<context_id>/explain")
    def explain_any(context_id: str) -> Response:
        return explained(control.explain(context_id))
