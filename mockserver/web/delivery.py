"""How an answer leaves over a socket: whole, late, cut in the body, or not at all.

WSGI has no word for the last two, so each server is asked in its own way. What each one does is held by functional tests.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from http.client import responses as phrases
from io import BytesIO
from typing import TYPE_CHECKING

from mockserver import clock
from mockserver.wire.message import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAUSE = "dayfly.pause"
"""Where a server puts its own way to wait into the environ: it takes seconds, and returns early, with true, once that stops."""

DELAY = "dayfly.delay"
"""Where a server puts its way to delay an answer of which nothing has been sent: it takes the environ and seconds."""

_STATUS_LINES = {status: f"{status} {phrase}" for status, phrase in phrases.items()}


def deliver(response: Response, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers a WSGI call with `response`, delayed and broken as it says."""
    if response.delay:
        pause(environ, response.delay)
    if response.delivery == "complete":
        start_response(_STATUS_LINES.get(response.status) or _status_line(response), response.headers)
        return response.pieces if response.split else [response.body]
    if environ.get("SERVER_SOFTWARE") == "Granian":
        return _broken_by_granian(response, start_response)
    start_response(_status_line(response), response.headers)
    return _broken_off(response.half if response.delivery == "truncated" else b"", environ)


def pause(environ: WSGIEnvironment, seconds: float) -> None:
    """Blocks this call for `seconds`, or until the server that made it stops or knows that nobody waits any longer."""
    delay: Callable[[WSGIEnvironment, float], object] | None = environ.get(DELAY)
    if delay is not None:
        delay(environ, seconds)
    else:
        wait: Callable[[float], object] = environ.get(PAUSE, clock.pause)
        wait(seconds)


def _status_line(response: Response) -> str:
    return _STATUS_LINES.get(response.status) or f"{response.status} Unknown"


def _broken_by_granian(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    """Where the body is a stream, a length that is no number makes hyper, underneath, drop the connection before any byte.
    Where it is a list, one too great goes out as it stands; without `close` the client would wait for the rest."""
    if response.delivery == "truncated":
        start_response(_status_line(response), [*response.headers, ("Connection", "close")])
        return [response.half]
    start_response(_status_line(response), [("Content-Length", "-1")])
    return BytesIO()


def _broken_off(sent: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
    if sent:
        yield sent
    raise _disconnection(environ)


def _disconnection(environ: WSGIEnvironment) -> Exception:
    """What to raise so that the server closes the connection without another byte."""
    if "waitress.client_disconnected" in environ:
        from waitress.channel import ClientDisconnected

        return ClientDisconnected()
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:  # werkzeug swallows the error, and would read the next request
        connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError("the connection was broken off, as a fault asked")
