"""The web application of a declared platform: its operations on the fast lane, and a control API.

The control API is the web chat's, as far as it applies to a declaration. Credentials of any kind take the place of sessions,
tokens and clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import flask
import msgspec
from flask import Blueprint, Flask, Response
from msgspec import Struct

from mockserver.clock import iso
from mockserver.control import Control
from mockserver.declared.assembly import DeclaredAssembly
from mockserver.declared.credentials import By, DeclaredCredentials
from mockserver.declared.entries import Recorded
from mockserver.declared.handler import CONTEXT, REASON, DeclaredHandler
from mockserver.declared.mock import Mock
from mockserver.engine.model import Fault
from mockserver.errors import InvalidRequest
from mockserver.faults import effect_of
from mockserver.platform.model import Platform
from mockserver.settings import LONGEST, Settings
from mockserver.web import fast_lane
from mockserver.web.admin import clock, faults, requests
from mockserver.web.admin.answers import answer, handle_errors
from mockserver.web.admin.explained import explained
from mockserver.web.admin.guard import PREFIX, AccessGuard
from mockserver.web.console import CONSOLE, NAME, Console, credentials
from mockserver.web.console.extension import DECLARED_TABS
from mockserver.web.cors import Cors
from mockserver.wire import Answering

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Extension = Callable[[Flask, DeclaredAssembly], None]
"""Adds to an application and its console; see `mockserver.web.console.extension`."""

LISTED = 1000
"""The most credentials or requests in a list: the newest."""


class DeclaredApp:
    """A WSGI application on a handler. `control`, if given, answers the paths under ``/__admin``.

    `cors` decides on calls from pages of other origins.
    """

    def __init__(
        self,
        handler: Answering,
        control: Flask | None = None,
        cors: Cors | None = None,
        console: WSGIApplication | None = None,
    ) -> None:
        self.answering, self._control, self._cors, self._console = handler, control, cors, console

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI call."""
        if self._console is not None and environ["PATH_INFO"].startswith(CONSOLE):
            return self._console(environ, start_response)
        if self._control is not None and environ["PATH_INFO"].startswith(PREFIX):
            return self._control(environ, start_response)
        if self._cors is not None and "HTTP_ORIGIN" in environ:
            return self._cors.answer(partial(fast_lane.answer, self.answering), environ, start_response)
        return fast_lane.answer(self.answering, environ, start_response)

    def refuse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at once a call that would have to wait."""
        return fast_lane.refuse(self.answering, environ, start_response)


def create_declared_app(
    mock: Mock, settings: Settings = Settings(), *, base_url: str = "", extensions: Sequence[Extension] = ()
) -> DeclaredApp:
    """Return the application that serves a mock, with its control API, a console and `extensions` of that."""
    parts = DeclaredAssembly(mock, settings)
    app, blueprint = Flask("mockserver.web.declared"), Blueprint("admin", __name__, url_prefix=PREFIX)
    control = Control(parts)
    for views in (clock, faults, requests):
        views.add(blueprint, control)
    _add_server(blueprint, mock, control)
    _add_clock(blueprint, mock)
    _add_credentials(blueprint, DeclaredCredentials(mock))
    _add_faults(blueprint, mock)
    _add_requests(blueprint, mock, control)
    handle_errors(blueprint)
    app.register_blueprint(blueprint)
    app.before_request(AccessGuard(settings.admin_token))
    console = app.extensions[NAME] = Console(app, parts, DECLARED_TABS)
    credentials.views(mock.platform, DeclaredCredentials(mock), console)
    for extend in extensions:
        extend(app, parts)
    handler = DeclaredHandler(mock, base_url=base_url, opaque=settings.opaque)
    return DeclaredApp(handler, app, Cors(settings.cors, exposed(mock.platform)), console)


def exposed(platform: Platform) -> list[str]:
    """Return the headers of a platform's answers, which pages of other origins may read."""
    answers = [operation.answer for operation in platform.operations.values()]
    answers += [*platform.refused.values(), *(answer for kind in platform.kinds.values() for answer in kind.refused.values())]
    named = {name for answer in answers for name, _ in answer.headers}
    places = (place for kind in platform.kinds.values() for place in (kind.always, *kind.issued.values()) if place is not None)
    return sorted({*OWN, *named, *(place.name for place in places if place.part == "header")} - {"Set-Cookie"})


OWN = (CONTEXT, REASON, "Date", "Location", "Retry-After")
"""Headers that any answer may have."""


class _Seconds(Struct, frozen=True, forbid_unknown_fields=True):
    seconds: float


class _Registering(Struct, frozen=True, forbid_unknown_fields=True):
    id: str = ""
    bound: dict[str, str] = {}


class _Ending(Struct, frozen=True, forbid_unknown_fields=True):
    id: str | None = None
    by: By = "ended"


def _given(kind: type[Any]) -> Any:
    """Read the body of a control call. Raises InvalidRequest."""
    try:
        return msgspec.json.decode(flask.request.get_data() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("body", str(error)) from error


def _add_server(blueprint: Blueprint, mock: Mock, control: Control) -> None:
    @blueprint.get("/organizations")
    def organizations() -> Response:
        return answer({"organizations": control.organizations()})

    @blueprint.get("/health")
    def health() -> Response:
        return answer({"status": "ok"})

    @blueprint.get("/ready")
    def ready() -> Response:
        mock.store.ping()
        return answer({"status": "ready"})

    @blueprint.get("/platform")
    def platform() -> Response:
        told = mock.platform
        kinds = [{"name": one.name, "noun": one.noun, "registered": one.registered} for one in told.kinds.values()]
        return answer({"name": told.name, "title": told.title, "kinds": kinds, "operations": list(told.operations)})

    @blueprint.post("/reset")
    def reset() -> Response:
        mock.reset()
        return answer({})


def _add_clock(blueprint: Blueprint, mock: Mock) -> None:
    def told() -> Response:
        now = mock.clock.read()
        return answer({"now": now.iso, "milliseconds": round(now.now * 1000), "frozen": now.mode == "frozen"})

    @blueprint.get("/clock")
    def clock() -> Response:
        return told()

    @blueprint.post("/clock/advance")
    def advance() -> Response:
        mock.clock.advance(_given(_Seconds).seconds)
        return told()

    @blueprint.post("/clock/freeze")
    def freeze() -> Response:
        mock.clock.freeze()
        return told()

    @blueprint.post("/clock/resume")
    def resume() -> Response:
        mock.clock.resume()
        return told()


def _add_credentials(blueprint: Blueprint, credentials: DeclaredCredentials) -> None:
    @blueprint.get("/credentials/<kind>")
    def kept(kind: str) -> Response:
        return answer({"credentials": credentials.list(kind, LISTED)})

    @blueprint.post("/credentials/<kind>")
    def register(kind: str) -> Response:
        given = _given(_Registering)
        made = credentials.register(kind, given.id, **given.bound)
        return answer({"kind": kind, "id": made.id, "bound": made.bound}, 201)

    @blueprint.post("/credentials/<kind>/end")
    def end(kind: str) -> Response:
        given = _given(_Ending)
        return answer({"ended": credentials.end(kind, given.id, given.by)})


def _add_faults(blueprint: Blueprint, mock: Mock) -> None:
    @blueprint.get("/faults")
    def faults() -> Response:
        told = [
            {"operation": one.operation, "does": effect_of(one).label, "times": one.times, "skip": one.skip}
            for one in mock.planned()
        ]
        return answer({"faults": told})

    @blueprint.post("/faults")
    def add() -> Response:
        mock.plan(_checked(_given(Fault)))
        return answer({}, 201)

    @blueprint.delete("/faults")
    def clear() -> Response:
        mock.clear_faults()
        return answer({})


def _checked(fault: Fault) -> Fault:
    """Return a fault whose numbers are within bounds. Raises InvalidRequest."""
    statuses = range(300, 400) if fault.kind == "redirect" else range(400, 600)
    bounds: dict[str, tuple[float, range]] = {
        "status": (fault.status, statuses),
        "times": (fault.times or 0, range(1_000_000_001)),
        "skip": (fault.skip, range(1_000_000_001)),
        "retry_after": (fault.retry_after or 0, range(LONGEST + 1)),
        "milliseconds": (fault.milliseconds, range(LONGEST * 1000 + 1)),
    }
    for name, (value, allowed) in bounds.items():
        if value not in allowed and not (name == "status" and fault.kind not in {"status", "redirect"}):
            raise InvalidRequest(name, f"{value} must be a whole number from {allowed[0]} to {allowed[-1]}")
    if not 0 < fault.probability <= 1:
        raise InvalidRequest("probability", f"{fault.probability} must be a number greater than 0, at most 1")
    return fault


def _add_requests(blueprint: Blueprint, mock: Mock, control: Control) -> None:
    @blueprint.get("/requests")
    def requests() -> Response:
        return answer({"requests": [_request(mock, entry) for entry in mock.journal[-LISTED:]]})

    @blueprint.get("/requests/<context_id>/explain")
    def explain(context_id: str) -> Response:
        return explained(control.explain(context_id))


def _request(mock: Mock, entry: Recorded) -> dict[str, Any]:
    return {
        "number": entry.number,
        "context_id": entry.context_id,
        "at": iso(entry.arrived_at),
        "request": mock.secrets.hide(f"{entry.method} {entry.path}"),
        "operation": entry.operation or None,
        "status": entry.status,
        "refused_by": entry.refused_by or None,
        "cause": entry.cause or None,
        "fault": entry.fault or None,
        "shown": dict(entry.shown),
        "issued": dict(entry.issued),
    }
