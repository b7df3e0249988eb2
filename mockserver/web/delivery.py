"""Sending an answer over a socket: whole, late, truncated, or not at all.

WSGI has no way to do the last two, so each server has its own. Functional tests check each server's behaviour.
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
"""The environ key of a server's own wait. It takes seconds, and returns true early if the server stops."""

DELAY = "dayfly.delay"
"""The environ key of a server's delay for an answer of which nothing is sent. It takes the environ and seconds."""

_STATUS_LINES = {status: f"{status} {phrase}" for status, phrase in phrases.items()}


def deliver(response: Response, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a WSGI call with `response`, with its delay and broken delivery."""
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
    """Block this call for `seconds`, or until its server stops or knows that the client has gone."""
    delay: Callable[[WSGIEnvironment, float], object] | None = environ.get(DELAY)
    if delay is not None:
        delay(environ, seconds)
    else:
        wait: Callable[[float], object] = environ.get(PAUSE, clock.pause)
        wait(seconds)


def _status_line(response: Response) -> str:
    return _STATUS_LINES.get(response.status) or f"{response.status} Unknown"


def _broken_by_granian(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    """Break an answer off in granian.

    If the body is a stream and its length is invalid, hyper, which granian uses, drops the connection before any byte. If it is
    a list, a length that is too great is sent as it is; without `close` the client would wait for the rest.
    """
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
    """Return the exception that makes the server close the connection without another byte."""
    if "waitress.client_disconnected" in environ:
        from waitress.channel import ClientDisconnected

        return ClientDisconnected()
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:  # werkzeug swallows the exception and would read the next request
        connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError("the connection was broken off, as a fault asked")
