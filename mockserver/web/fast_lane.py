"""The platform's operations before Flask's dispatch: the same handler, without the hundred microseconds of Flask's routing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.web.delivery import deliver, pause
from mockserver.wire import MAX_READ, Handler, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def read_request(environ: WSGIEnvironment) -> Request:
    """The request of a WSGI call. A body without a length is read to its end, one that is too long to MAX_READ."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        size = int(length) if length.isascii() and length.isdigit() else 0
        body = environ["wsgi.input"].read(size if size <= MAX_READ else MAX_READ) if size else b""
    elif "HTTP_TRANSFER_ENCODING" in environ:
        body = environ["wsgi.input"].read(MAX_READ + 1)
        size = len(body)
    else:
        size, body = 0, b""
    path = environ["PATH_INFO"]
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace"),
        query=environ.get("QUERY_STRING", ""),
        authorization=environ.get("HTTP_AUTHORIZATION"),
        content_type=environ.get("CONTENT_TYPE") or None,
        body=body if size <= MAX_READ else body[:MAX_READ],
        size=size,
    )


def answer(handler: Handler, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers a WSGI call from the handler, waiting where a fault says so. Where the mock itself fails, that is a 500."""
    try:
        call = handler.arrive(read_request(environ))
        if call.effect.before:
            pause(environ, call.delay)
        response = handler.finish(call)
    except Exception as error:
        response = handler.broken(error)
    return deliver(response, environ, start_response)
