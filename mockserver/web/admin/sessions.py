"""An organisation's sessions."""

from __future__ import annotations

from flask import Blueprint, Response
from msgspec import Struct
from werkzeug.routing import BaseConverter

from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import Nothing, body, query


class SessionPart(BaseConverter):
    """A session id in a path. It is not `end`, the call for all sessions, so that a GET of that is answered with 405."""

    regex = "(?!end$)[^/]+"
    part_isolating = True


class SessionFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """A filter of the sessions to list."""

    state: str | None = None
    guest: str | None = None
    limit: int = 100
    after: str = ""


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""

    @blueprint.get("/organizations/<id>/sessions")
    def list_sessions(id: str) -> Response:
        wanted, tenant = query(SessionFilter), control.tenant(id)
        return answer(tenant.sessions.page(wanted.state, wanted.guest, wanted.limit, wanted.after))

    @blueprint.post("/organizations/<id>/sessions/end")
    def end_sessions(id: str) -> Response:
        body(Nothing)
        return answer({"count": control.tenant(id).sessions.end_all()})

    @blueprint.get("/organizations/<id>/sessions/<session:session_id>")
    def get_session(id: str, session_id: str) -> Response:
        return answer(control.tenant(id).sessions.get(session_id))

    @blueprint.post("/organizations/<id>/sessions/<session:session_id>/expire")
    def expire_session(id: str, session_id: str) -> Response:
        body(Nothing)
        return answer(control.tenant(id).sessions.expire(session_id))

    @blueprint.post("/organizations/<id>/sessions/<session:session_id>/revoke")
    def revoke_session(id: str, session_id: str) -> Response:
        body(Nothing)
        return answer(control.tenant(id).sessions.revoke(session_id))
