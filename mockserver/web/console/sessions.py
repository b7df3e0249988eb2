"""An organisation's sessions, newest first, and the life of one."""

from __future__ import annotations

from typing import Any

import flask
from flask import Blueprint

from mockserver.control import Tenant
from mockserver.engine.model import State
from mockserver.errors import NotFound
from mockserver.explain.model import SessionLife
from mockserver.journal_queries import Exchange
from mockserver.web.console import timeline
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages

PAGE = 100
"""Sessions on a page."""

SHOWN = 500
"""The most requests on a session's page."""


def add(blueprint: Blueprint, console: Console) -> None:
    pages = Pages(blueprint, console)
    one = "/sessions/<session_id>"
    pages.form("end_sessions", "/sessions/end", lambda tenant: tenant.sessions.end_all(), "end", "sessions")
    pages.form("expire_session", f"{one}/expire", _expire, "expire", "session")
    pages.form("revoke_session", f"{one}/revoke", _revoke, "revoke", "session")

    @pages.page("/sessions", "sessions")
    def sessions(tenant: Tenant) -> dict[str, Any]:
        given = {field: value for field in ("state", "guest") if (value := flask.request.args.get(field, "").strip())}
        before = flask.request.args.get("before", "")
        survey = tenant.sessions.survey(**given, limit=PAGE, before=before)
        return {"survey": survey, "given": given, "before": before, "states": [*State]}

    @pages.page("/sessions/<path:session_id>", "sessions")
    def session(tenant: Tenant, session_id: str) -> dict[str, Any]:
        view = tenant.sessions.get(session_id)
        exchanges = tenant.requests.find(session=session_id, limit=SHOWN)
        life = _life(tenant, exchanges)
        drawn = timeline.strip_of(view, life, tenant.clock.now())
        return {"session": view, "life": life, "exchanges": exchanges, "drawn": drawn}


def _expire(tenant: Tenant, session_id: str) -> None:
    tenant.sessions.expire(session_id)


def _revoke(tenant: Tenant, session_id: str) -> None:
    tenant.sessions.revoke(session_id)


def _life(tenant: Tenant, exchanges: list[Exchange]) -> SessionLife | None:
    """Return the session's life from the explanation of one of its requests, None if all have left the journal."""
    for exchange in exchanges:
        try:
            return tenant.explain(exchange.context_id).session
        except NotFound:  # it has just left the journal
            continue
    return None
