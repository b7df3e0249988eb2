"""Server-sent events, as the control API and the console send them.

An event's id is its place in the journal. A browser that lost the stream sends the last id in Last-Event-ID and continues after
it, so no event is missed or repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import msgspec
from flask import Response

from mockserver.clock import pause
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange
from mockserver.web.delivery import PAUSE

MAX_FOLLOWERS = 16
"""The most streams of a kind in this process. Each holds a thread of the server."""

QUIET = 10
"""After this many reads of the journal without an event, something is sent all the same.

That is once a second. It makes proxies keep the connection, and frees the stream of a client that has gone.
"""

LONGEST_ID = 15
"""Digits of the largest event id."""

MEDIA_TYPE = "text/event-stream"


class Streams:
    """Streams of a kind. Their number is limited, to leave threads for other requests."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MAX_FOLLOWERS)

    def take(self) -> bool:
        """Take one of them, and return whether there was one. `answer` gives it back at its end."""
        return self._free.acquire(blocking=False)

    def answer(self, stream: Iterator[bytes], *, taken: bool = True) -> Response:
        response = Response(stream, mimetype=MEDIA_TYPE, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        if taken:
            response.call_on_close(self._free.release)
        return response


def without_body() -> Response | None:
    """Return the answer to HEAD; None for another method. Without a body, no end of it would release the stream."""
    return Response(mimetype=MEDIA_TYPE) if flask.request.method == "HEAD" else None


def waiting() -> Callable[[float], object]:
    """Return the function that waits some seconds between two reads of the journal."""
    wait: Callable[[float], object] = flask.request.environ.get(PAUSE, pause)
    return wait


def last_id() -> str:
    """Return the header Last-Event-ID; "" without it."""
    return flask.request.headers.get("Last-Event-ID", "")


def is_id(text: str) -> bool:
    """Return whether a text may be an event's id."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def place_of(item: Exchange | Perturbed) -> int:
    """Return the id of an item's event, after which following continues."""
    return item.seq if isinstance(item, Perturbed) else item.answer_seq or item.seq


def event(kind: str, value: Any, id: int | None = None) -> bytes:
    """Return the bytes of an event."""
    place = f"id: {id}\n" if id is not None else ""
    return f"{place}event: {kind}\ndata: ".encode() + msgspec.json.encode(value) + b"\n\n"
