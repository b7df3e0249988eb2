"""The platform's operations before Flask's dispatch: the same handler, without the hundred microseconds of Flask's routing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.web.delivery import deliver, pause
from mockserver.wire import MAX_READ, Handler, Request
from mockserver.wire.message import USUAL, bounded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


_passed_over = {f"HTTP_{name.upper().replace('-', '_')}" for name in USUAL}
"""Keys of a WSGI environment that are no header to look at: the usual ones, and, once they have been met, those that a server
adds. No client can add to them, for its headers begin with ``HTTP_``."""


TOO_MUCH = 1 << 60
"""Stands for a length with more digits than LONGEST_LENGTH."""

LONGEST_LENGTH = 18
"""Digits of a Content-Length that are read as a number: more bytes than any body has."""


def read_request(environ: WSGIEnvironment) -> Request:
    """The request of a WSGI call. A body without a length is read to its end, one that is too long to MAX_READ."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        size = _size(length)
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
        agent=environ.get("HTTP_USER_AGENT"),
        others=() if environ.keys() <= _passed_over else _others(environ),
    )


def _size(length: str) -> int:
    """Return the length that a header tells. Leading zeros may be many; a number that no body has counts as too large."""
    if len(length) > LONGEST_LENGTH:
        length = length.lstrip("0") or "0"
        if len(length) > LONGEST_LENGTH and length.isascii() and length.isdigit():
            return TOO_MUCH
    return int(length) if length.isascii() and length.isdigit() else 0


def _others(environ: WSGIEnvironment) -> tuple[tuple[str, str], ...]:
    new = [key for key in environ if key not in _passed_over]
    keys = [key for key in new if key.startswith("HTTP_")]
    _passed_over.update(set(new).difference(keys))
    return bounded([(key[5:].lower().replace("_", "-"), environ[key]) for key in keys])


def answer(handler: Handler, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers a WSGI call from the handler, waiting where a fault says so. Where the mock itself fails, that is a 500."""
    call = None
    try:
        call = handler.arrive(read_request(environ))
        if call.effect.before:
            pause(environ, call.delay)
        response = handler.finish(call)
    except Exception as error:
        response = handler.broken(error, call)
    return deliver(response, environ, start_response)
