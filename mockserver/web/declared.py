"""The web application of a declared platform: its operations, answered by the same lane as the web chat's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.web import fast_lane
from mockserver.wire import Answering

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class DeclaredApp:
    """A WSGI application on a handler."""

    def __init__(self, handler: Answering) -> None:
        self.handler = handler

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI entry."""
        return fast_lane.answer(self.handler, environ, start_response)
