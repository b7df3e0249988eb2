"""The web application of a declared platform: its operations on the fast lane, and a control API.

The control API is that of `admin`, as far as it applies to a declaration. Credentials of any kind take the place of sessions,
tokens and clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask

from mockserver.clock import iso
from mockserver.control import Control
from mockserver.control.clock import Clock
from mockserver.control.faults import CHECKS, whole
from mockserver.declared.assembly import DeclaredAssembly
from mockserver.declared.credentials import By, DeclaredCredentials
from mockserver.declared.entries import Recorded
from mockserver.declared.handler import CONTEXT, REASON, DeclaredHandler
from mockserver.declared.mock import Mock
from mockserver.engine.model import Fault
from mockserver.faults import effect_of
from mockserver.platform.model import Platform
from mockserver.settings import LONGEST, Settings
from mockserver.web import admin, fast_lane
from mockserver.web.admin.calls import EMPTY, Calls
from mockserver.web.admin.guard import PREFIX
from mockserver.web.admin.reading import convert
from mockserver.web.console import CONSOLE, NAME, Console, credentials
from mockserver.web.console.extension import DECLARED_TABS
from mockserver.web.cors import Cors
from mockserver.wire import Serving

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
        handler: Serving,
        control: Flask | None = None,
        cors: Cors | None = None,
        console: WSGIApplication | None = None,
    ) -> None:
        self.answering, self._control, self._cors, self._console = handler, control, cors, console

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
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


def create_declared_app(mock: Mock, settings: Settings = Settings(), *, extensions: Sequence[Extension] = ()) -> DeclaredApp:
    """Return the application that serves a mock, with its control API, a console and `extensions` of that."""
    parts = DeclaredAssembly(mock, settings)
    app = Flask("mockserver.web.declared")
    admin.register(app, parts, (partial(_add_views, mock),))
    console = app.extensions[NAME] = Console(app, parts, DECLARED_TABS)
    credentials.views(mock.platform, DeclaredCredentials(mock), console)
    for extend in extensions:
        extend(app, parts)
    handler = DeclaredHandler(mock, opaque=settings.opaque)
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


def _add_views(mock: Mock, calls: Calls, control: Control) -> None:
    """Add the control API's views of a declared platform. They take a body of any media type."""
    calls = Calls(calls.blueprint, control, typed=False)
    _add_server(calls, mock)
    _add_clock(calls, mock.clock)
    _add_credentials(calls, DeclaredCredentials(mock))
    _add_faults(calls, mock)


def _add_server(calls: Calls, mock: Mock) -> None:
    @calls.add("GET", "/platform")
    def platform() -> dict[str, Any]:
        told = mock.platform
        kinds = [{"name": one.name, "noun": one.noun, "registered": one.registered} for one in told.kinds.values()]
        return {"name": told.name, "title": told.title, "kinds": kinds, "operations": list(told.operations)}

    @calls.add("POST", "/reset")
    def reset() -> dict[str, Any]:
        mock.reset()
        return {}

    @calls.add("GET", "/requests")
    def requests() -> dict[str, Any]:
        return {"requests": [_request(mock, entry) for entry in mock.journal[-LISTED:]]}


def _add_clock(calls: Calls, own: Clock) -> None:
    @calls.add("GET", "/clock")
    def clock() -> dict[str, Any]:
        now = own.read()
        return {"now": now.iso, "milliseconds": round(now.now * 1000), "frozen": now.mode == "frozen"}

    @calls.add("POST", "/clock/advance")
    def advance(*, seconds: float) -> dict[str, Any]:
        own.advance(seconds)
        return clock()

    @calls.add("POST", "/clock/set")
    def set_to(*, at: float | str) -> dict[str, Any]:
        own.set(at)
        return clock()

    @calls.add("POST", "/clock/freeze")
    def freeze(*, at: float | str | None = None) -> dict[str, Any]:
        own.freeze(at)
        return clock()

    @calls.add("POST", "/clock/resume")
    def resume() -> dict[str, Any]:
        own.resume()
        return clock()


def _add_credentials(calls: Calls, credentials: DeclaredCredentials) -> None:
    @calls.add("GET", "/credentials/<kind>")
    def kept(kind: str) -> dict[str, Any]:
        return {"credentials": credentials.list(kind, LISTED)}

    @calls.add("POST", "/credentials/<kind>", 201)
    def register(kind: str, *, id: str = "", bound: dict[str, str] = EMPTY) -> dict[str, Any]:
        made = credentials.register(kind, id, **bound)
        return {"kind": kind, "id": made.id, "bound": made.bound}

    @calls.add("POST", "/credentials/<kind>/end")
    def end(kind: str, *, id: str | None = None, by: By = "ended") -> dict[str, Any]:
        return {"ended": credentials.end(kind, id, by)}


def _add_faults(calls: Calls, mock: Mock) -> None:
    @calls.add("GET", "/faults")
    def faults() -> dict[str, Any]:
        told = [
            {"operation": one.operation, "does": effect_of(one).label, "times": one.times, "skip": one.skip}
            for one in mock.planned()
        ]
        return {"faults": told}

    @calls.add("POST", "/faults", 201)
    def add(**fault: Any) -> dict[str, Any]:
        mock.plan(_checked(convert(fault, Fault)))
        return {}

    @calls.add("DELETE", "/faults")
    def clear() -> dict[str, Any]:
        mock.faults.clear()
        return {}


def _checked(fault: Fault) -> Fault:
    """Return a fault whose numbers are within bounds. Raises InvalidRequest."""
    checks = {name: CHECKS[name] for name in ("times", "retry_after", "probability")}
    checks |= {"skip": whole(0, 1_000_000_000), "milliseconds": whole(0, LONGEST * 1000)}
    if fault.kind in {"status", "redirect"}:
        checks["status"] = whole(300, 399) if fault.kind == "redirect" else CHECKS["status"]
    for name, check in checks.items():
        check(name, getattr(fault, name))
    return fault


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
