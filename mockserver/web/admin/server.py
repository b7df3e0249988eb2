"""The server as a whole: health, metrics, and the explanation of any request."""

from __future__ import annotations

from flask import Blueprint, Response

from mockserver import openapi
from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.explained import explained
from mockserver.web.admin.metrics import metrics_of


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""
    started = control.assembly.platform.system()

    @blueprint.get("/health")
    def health() -> Response:
        return answer({"status": "ok"})

    @blueprint.get("/ready")
    def ready() -> Response:
        control.assembly.store.ping()
        return answer({"status": "ready"})

    @blueprint.get("/openapi.json")
    def document() -> Response:
        return answer(openapi.admin_document())

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(metrics_of(control, started), content_type="text/plain; version=0.0.4; charset=utf-8")

    @blueprint.get("/requests/<context_id>/explain")
    def explain_any(context_id: str) -> Response:
        return explained(control.explain(context_id))
