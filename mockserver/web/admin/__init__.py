"""The control API: everything under ``/__admin``, documented in `openapi/admin.yaml`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask

from mockserver.assemble import Assembly
from mockserver.control import Control
from mockserver.web.admin import access, clock, faults, organizations, requests, server, sessions
from mockserver.web.admin.answers import handle_errors
from mockserver.web.admin.calls import Calls
from mockserver.web.admin.guard import PREFIX, AccessGuard
from mockserver.web.admin.sessions import SessionPart

Views = Callable[[Calls, Control], None]
"""Adds views."""

OF_ORGANIZATIONS: tuple[Views, ...] = (server.add, organizations.add, access.add, sessions.add)
COMMON: tuple[Views, ...] = (server.add_common, clock.add, faults.add, requests.add)


def register(app: Flask, assembly: Assembly, own: tuple[Views, ...] = OF_ORGANIZATIONS) -> None:
    """Add the control API of `assembly` to the application, behind its guard: the views of all platforms, and its `own`."""
    blueprint, control = Blueprint("admin", __name__, url_prefix=PREFIX), Control(assembly)
    app.url_map.converters["session"] = SessionPart
    calls = Calls(blueprint, control)
    for add in (*COMMON, *own):
        add(calls, control)
    handle_errors(blueprint)
    app.register_blueprint(blueprint)
    app.before_request(AccessGuard(assembly.settings.admin_token))
