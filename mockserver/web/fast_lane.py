"""The platform's operations before Flask's dispatch: the same handler, without the 100 µs of Flask's routing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from mockserver.web.delivery import deliver, pause
from mockserver.web.room import BEGINNING, PIECE, PLACES, ROOM, SMALL, Held
from mockserver.wire import MAX_READ, Request, Serving
from mockserver.wire.message import USUAL, bounded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


_passed_over = {f"HTTP_{name.upper().replace('-', '_')}" for name in USUAL}
"""Keys of a WSGI environment to ignore: the usual headers, and the keys that servers add, once they have been seen.

Clients cannot add to them, because their headers begin with ``HTTP_``.
"""


TOO_MUCH = 1 << 60
"""The value for a length with more digits than LONGEST_LENGTH."""

LONGEST_LENGTH = 18
"""The most digits of a Content-Length that are read as a number. No body has that many bytes."""


def read_request(environ: WSGIEnvironment) -> Request | None:
    """Return the request of a WSGI call, None if its body may be large: then `read_large` must read it."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        size = int(length) if len(length) < 6 and length.isdecimal() else _size(length)
        if size > SMALL:
            return None
        body = environ["wsgi.input"].read(size) if size else b""
    elif "HTTP_TRANSFER_ENCODING" in environ:
        return None
    else:
        size, body = 0, b""
    return _request(environ, size, body)


def read_large(environ: WSGIEnvironment, held: Held, takes: Callable[[], int]) -> Request:
    """Return a request whose body may be large, as far as there is room for it.

    Of a body longer than the policy `takes`, only the beginning is kept. It is read to its end, up to MAX_READ bytes, so that
    the client sees the answer.
    """
    length = environ.get("CONTENT_LENGTH")
    size = _size(length) if length else None
    most = MAX_READ + 1 if size is None else min(size, MAX_READ)
    beginning, rest, read, fits = list[bytes](), list[bytes](), 0, True
    for piece in _pieces(environ, min(most, BEGINNING)):
        read += len(piece)
        fits = fits and (read <= SMALL or held.take(len(piece)))
        beginning += [piece] if fits else []
    if read == BEGINNING < most:
        limit = takes()
        keeps = size is None or size <= limit
        for piece in _pieces(environ, most - read):
            read += len(piece)
            keeps = keeps and read <= limit
            fits = fits and (not keeps or held.take(len(piece)))
            if keeps and fits:
                rest.append(piece)
            elif rest:
                held.give(sum(map(len, rest)))
                rest.clear()
    return _request(environ, read if size is None else size, b"".join([*beginning, *rest]), unheld=not fits)


def _pieces(environ: WSGIEnvironment, left: int) -> Iterator[bytes]:
    """Read up to `left` bytes of the body."""
    while left and (piece := environ["wsgi.input"].read(min(PIECE, left))):
        left -= len(piece)
        yield piece


def _request(environ: WSGIEnvironment, size: int, body: bytes, unheld: bool = False) -> Request:
    path = environ["PATH_INFO"]
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace"),
        query=environ.get("QUERY_STRING", ""),
        authorization=environ.get("HTTP_AUTHORIZATION"),
        content_type=environ.get("CONTENT_TYPE") or None,
        body=body,
        size=size,
        agent=environ.get("HTTP_USER_AGENT"),
        others=() if _passed_over.issuperset(environ) else _others(environ),
        unheld=unheld,
        host=environ.get("HTTP_HOST"),
        scheme=environ["wsgi.url_scheme"],
    )


def unread(environ: WSGIEnvironment) -> Request:
    length = environ.get("CONTENT_LENGTH")
    size = _size(length) if length else int("HTTP_TRANSFER_ENCODING" in environ)
    return _request(environ, size, b"", unheld=True)


def _arrive_with_room(handler: Serving, environ: WSGIEnvironment) -> Any:
    """Read a large body within the limits of its room. The journal keeps only its beginning.

    If too many are on their way, it is not read, and the request is refused.
    """
    if not PLACES.acquire(blocking=False):
        return handler.arrive(unread(environ))
    takes = partial(handler.takes, environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION"))
    try:
        with Held(ROOM) as held:
            return handler.arrive(read_large(environ, held, takes))
    finally:
        PLACES.release()


def _size(length: str) -> int:
    """Return the length in a header. Leading zeros are allowed; a number that is too great gives TOO_MUCH."""
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


def answer(handler: Serving, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a WSGI call from the handler, after the wait of a fault. If the mock itself fails, the answer is a 500."""
    call = request = None
    try:
        request = read_request(environ)
        call = handler.arrive(request) if request is not None else _arrive_with_room(handler, environ)
        if call.effect.before:
            pause(environ, call.delay)
        response = handler.finish(call)
    except Exception as error:
        response = handler.broken(error, call, request or unread(environ))
    return deliver(response, environ, start_response)


def refuse(handler: Serving, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer at once, without reading its body, a WSGI call that might have to wait."""
    response = handler.busy(unread(environ))
    return deliver(replace(response, headers=[*response.headers, ("Connection", "close")]), environ, start_response)
