"""An organisation's sessions, newest first, and the life of one."""

from __future__ import annotations

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.control import Tenant
from mockserver.engine.model import State
from mockserver.errors import NotFound
from mockserver.exchanges import Exchange
from mockserver.explain.model import SessionLife
from mockserver.web.console import timeline
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import frame, organization_page
from mockserver.web.console.pages import done

PAGE = 100
"""Sessions on a page."""

SHOWN = 500
"""The most requests on a session's page."""


def add(blueprint: Blueprint, console: Console) -> None:
    @blueprint.get("/organizations/<id>/sessions")
    def sessions(id: str) -> Response:
        tenant = console.control.tenant(id)
        around = frame(console, tenant, "sessions")
        given = {field: value for field in ("state", "guest") if (value := flask.request.args.get(field, "").strip())}
        before = flask.request.args.get("before", "")
        survey = tenant.sessions.survey(**given, limit=PAGE, before=before)
        return organization_page(
            console,
            tenant,
            "sessions",
            "sessions.html",
            frame=around,
            survey=survey,
            given=given,
            before=before,
            states=[*State],
        )

    @blueprint.get("/organizations/<id>/sessions/<path:session_id>")
    def session(id: str, session_id: str) -> Response:
        tenant = console.control.tenant(id)
        around = frame(console, tenant, "sessions")
        view = tenant.sessions.get(session_id)
        exchanges = tenant.requests.find(session=session_id, limit=SHOWN)
        life = _life(tenant, exchanges)
        drawn = timeline.strip_of(view, life, tenant.clock.now())
        return organization_page(
            console, tenant, "sessions", "session.html", frame=around, session=view, life=life, exchanges=exchanges, drawn=drawn
        )

    @blueprint.post("/organizations/<id>/sessions/end")
    def end_sessions(id: str) -> Response:
        console.control.tenant(id).sessions.end_all()
        return done("end", flask.url_for("console.sessions", id=id))

    @blueprint.post("/organizations/<id>/sessions/<session_id>/expire")
    def expire_session(id: str, session_id: str) -> Response:
        console.control.tenant(id).sessions.expire(session_id)
        return done("expire", flask.url_for("console.session", id=id, session_id=session_id))

    @blueprint.post("/organizations/<id>/sessions/<session_id>/revoke")
    def revoke_session(id: str, session_id: str) -> Response:
        console.control.tenant(id).sessions.revoke(session_id)
        return done("revoke", flask.url_for("console.session", id=id, session_id=session_id))


def _life(tenant: Tenant, exchanges: list[Exchange]) -> SessionLife | None:
    """Return the session's life from the explanation of one of its requests, None if all have left the journal."""
    for exchange in exchanges:
        try:
            return tenant.explain(exchange.context_id).session
        except NotFound:  # it has just left the journal
            continue
    return None
