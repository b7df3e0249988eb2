"""The control API: everything under ``/__admin``, documented in `openapi/admin.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from mockserver.control import Control
from mockserver.web.admin import access, clock, faults, organizations, requests, server, sessions
from mockserver.web.admin.answers import handle_errors
from mockserver.web.admin.guard import PREFIX, AccessGuard
from mockserver.web.admin.sessions import SessionPart

if TYPE_CHECKING:
    from mockserver.assemble import Assembly

VIEWS = (server, organizations, clock, access, sessions, faults, requests)


def register(app: Flask, assembly: Assembly) -> None:
    """Add the control API of `assembly` to the application, behind its guard."""
    blueprint, control = Blueprint("admin", __name__, url_prefix=PREFIX), Control(assembly)
    app.url_map.converters["session"] = SessionPart
    for views in VIEWS:
        views.add(blueprint, control)
    handle_errors(blueprint)
    app.register_blueprint(blueprint)
    app.before_request(AccessGuard(assembly.settings.admin_token))
