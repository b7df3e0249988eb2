"""The control API: everything under ``/__admin``, documented in `openapi/admin.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask

if TYPE_CHECKING:
    from mockserver.assemble import Assembly

PREFIX = "/__admin"


def register(app: Flask, assembly: Assembly) -> None:
    """Adds the control API of `assembly` to the application."""
    blueprint = Blueprint("admin", __name__, url_prefix=PREFIX)

    @blueprint.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @blueprint.get("/ready")
    def ready() -> dict[str, str]:
        assembly.store.ping()
        return {"status": "ready"}

    app.register_blueprint(blueprint)
