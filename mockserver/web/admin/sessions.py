"""An organisation's sessions."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter

from mockserver.control import Control, Tenant
from mockserver.control.sessions import SessionPage, SessionView
from mockserver.web.admin.calls import Calls

SESSIONS = "/organizations/<id>/sessions"
SESSION = f"{SESSIONS}/<session:session_id>"


class SessionPart(BaseConverter):
    """A session id in a path. It is not `end`, the call for all sessions, so that a GET of that is answered with 405."""

    regex = "(?!end$)[^/]+"
    part_isolating = True


def add(calls: Calls, _: Control) -> None:
    @calls.add("GET", SESSIONS)
    def list_sessions(
        tenant: Tenant, *, state: str | None = None, guest: str | None = None, limit: int = 100, after: str = ""
    ) -> SessionPage:
        return tenant.sessions.page(state, guest, limit, after)

    @calls.add("POST", f"{SESSIONS}/end")
    def end_sessions(tenant: Tenant) -> dict[str, Any]:
        return {"count": tenant.sessions.end_all()}

    @calls.add("GET", SESSION)
    def get_session(tenant: Tenant, session_id: str) -> SessionView:
        return tenant.sessions.get(session_id)

    @calls.add("POST", f"{SESSION}/expire")
    def expire_session(tenant: Tenant, session_id: str) -> SessionView:
        return tenant.sessions.expire(session_id)

    @calls.add("POST", f"{SESSION}/revoke")
    def revoke_session(tenant: Tenant, session_id: str) -> SessionView:
        return tenant.sessions.revoke(session_id)
