"""Server-sent events: an organisation's requests as they are answered, and changes made from outside.

An event's id is its place in the journal. A browser that lost the stream sends the last id in Last-Event-ID and continues after
it, so no event is missed or repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain

import flask
import msgspec
from flask import Response

from mockserver.clock import pause
from mockserver.control import Tenant, checks
from mockserver.control.requests import INTERVAL, Filter
from mockserver.errors import InvalidRequest, MockServerError, shown
from mockserver.exchanges import Exchange
from mockserver.journal import Perturbed
from mockserver.web.admin.answers import error
from mockserver.web.delivery import PAUSE

MAX_FOLLOWERS = 16
"""The most streams in this process. Each holds a thread of the server."""

QUIET = 10
"""After this many reads of the journal without an event, a comment is sent.

That is once a second. It makes proxies keep the connection, and frees the stream of a client that has gone.
"""


class Followers:
    """Limits the number of streams, to leave threads for other requests."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MAX_FOLLOWERS)

    def stream(self, tenant: Tenant, wanted: Filter, after: int | None) -> Response:
        """Return a stream of what passes the filter after Last-Event-ID, or after entry `after`, or from now on.

        The answer is 503 if there are too many streams.
        """
        last_seen = last_event_id()
        start = last_seen if last_seen is not None else after
        checks.place(start or 0, "after" if last_seen is None else "Last-Event-ID")
        if last_seen is not None and last_seen > tenant.requests.newest():
            start = 0  # the journal seen before is gone, for example after a restart in memory; all of this one is new
        if flask.request.method == "HEAD":  # without a body, no end of it would release the stream
            return Response(mimetype="text/event-stream")
        wait = flask.request.environ.get(PAUSE, pause)
        if not self._free.acquire(blocking=False):
            return error(503, f"too many streams: {MAX_FOLLOWERS} are open already; close one")
        response = Response(events(tenant, wanted, start, wait), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(self._free.release)
        return response


LONGEST_EVENT_ID = 15
"""Digits of the largest event id."""


def last_event_id() -> int | None:
    """Return the id in Last-Event-ID, None without the header. Raises InvalidRequest."""
    told = flask.request.headers.get("Last-Event-ID")
    if not told:
        return None
    if not (told.isascii() and told.isdigit() and len(told) <= LONGEST_EVENT_ID):
        raise InvalidRequest("Last-Event-ID", f"{shown(told)} is not an event of this stream")
    return int(told)


def events(tenant: Tenant, wanted: Filter, after: int | None, wait: Callable[[float], object]) -> Iterator[bytes]:
    """Yield the stream's bytes until `wait`, called with seconds, returns true, or the organisation is deleted."""
    yield b"retry: 1000\n\n"
    quiet = 0
    try:
        for came in tenant.requests.follow(after, INTERVAL, wait):
            told = b"".join(chain.from_iterable(_event(item, wanted) for item in came))
            quiet = 0 if told else quiet + 1
            if told:
                yield told
            elif quiet % QUIET == 0:
                tenant.check()
                yield b": nothing new\n\n"
    except MockServerError as problem:
        yield b"event: error\ndata: " + msgspec.json.encode({"message": str(problem)}) + b"\n\n"


def _event(item: Exchange | Perturbed, wanted: Filter) -> Iterator[bytes]:
    if isinstance(item, Perturbed):
        yield _worded("perturbed", item.seq, item)
    elif wanted.lets(item):
        yield _worded("request", item.answer_seq or item.seq, item)


def _worded(kind: str, id: int, item: Exchange | Perturbed) -> bytes:
    return f"id: {id}\nevent: {kind}\ndata: ".encode() + msgspec.json.encode(item) + b"\n\n"
