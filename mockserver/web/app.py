"""The Flask application: the platform's operations, the control API, and the fast lane in front of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import flask
from flask import Flask
from werkzeug.wrappers import Response

from mockserver.assemble import Assembly, assemble
from mockserver.settings import Settings
from mockserver.web import admin, fast_lane
from mockserver.web.admin.guard import PREFIX
from mockserver.web.console import CONSOLE, NAME, Console
from mockserver.web.cors import Cors
from mockserver.wire import DOCUMENT, METHOD, ROUTES, Handler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Extension = Callable[[Flask, Assembly], None]


class MockApp(Flask):
    """A Flask application that answers the platform's paths before Flask dispatches. `fast_lane` can disable that.

    `cors` decides on calls from pages of other origins.
    """

    def __init__(self, handler: Handler, cors: Cors, *, fast_lane: bool = True) -> None:
        super().__init__("mockserver.web")
        self.handler, self._cors = handler, cors
        self._fast = frozenset(ROUTES) if fast_lane else frozenset()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_ORIGIN" in environ and not environ["PATH_INFO"].startswith(PREFIX):
            return self._cors.answer(self._answer, environ, start_response)
        if environ["PATH_INFO"] in self._fast:  # as in `_answer`, without the call
            return fast_lane.answer(self.handler, environ, start_response)
        return self._answer(environ, start_response)

    def refuse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI entry point for a call that might have to wait, while too many are waiting already."""
        refuse = partial(fast_lane.refuse, self.handler)
        if "HTTP_ORIGIN" in environ:
            return self._cors.answer(refuse, environ, start_response)
        return refuse(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] in self._fast:
            return fast_lane.answer(self.handler, environ, start_response)
        if environ["PATH_INFO"].startswith(CONSOLE):
            return self.extensions[NAME](environ, start_response)  # type: ignore[no-any-return]
        return self.wsgi_app(environ, start_response)


class HandledResponse(flask.Response):
    """Lets the handler answer when the response is sent, so that broken deliveries also work behind Flask's dispatch."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return fast_lane.answer(self._handler, environ, start_response)


def _root(platform: Callable[[], flask.Response]) -> Callable[[], Response]:
    """Redirect people to the console. A client with credentials is answered by the platform."""

    def root() -> Response:
        return platform() if "Authorization" in flask.request.headers else flask.redirect(CONSOLE, 302)

    return root


def create_app(
    assembly: Assembly | None = None,
    *,
    settings: Settings | None = None,
    extensions: Sequence[Extension] = (),
    fast_lane: bool = True,
) -> Flask:
    """Return the mock as a WSGI application, on `assembly` or on one made from `settings`, with `extensions` added."""
    parts = assembly or assemble(settings)
    app = MockApp(parts.handler, Cors(parts.settings.cors), fast_lane=fast_lane)
    app.url_map.merge_slashes = False

    def platform(*_: object) -> HandledResponse:
        return HandledResponse(parts.handler)

    for path in ROUTES:
        app.add_url_rule(path, view_func=platform, methods=[METHOD], provide_automatic_options=False)
    app.add_url_rule(DOCUMENT, view_func=platform, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule("/", view_func=_root(platform), methods=["GET"], provide_automatic_options=False)
    app.register_error_handler(400, platform)  # an invalid Host, which the platform does not check
    app.register_error_handler(404, platform)
    app.register_error_handler(405, platform)
    admin.register(app, parts)
    app.extensions[NAME] = Console(app, parts)
    for extend in extensions:
        extend(app, parts)
    return app
