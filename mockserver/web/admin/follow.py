"""An organisation's requests as they are answered, and changes made from outside, as server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from flask import Response

from mockserver.control import Tenant, checks
from mockserver.control.requests import INTERVAL, Filter
from mockserver.errors import InvalidRequest, MockServerError, shown
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange
from mockserver.web.admin.answers import error
from mockserver.web.streaming import MAX_FOLLOWERS, QUIET, Streams, event, is_id, last_id, place_of, waiting, without_body


class Followers:
    """The open streams."""

    def __init__(self) -> None:
        self._streams = Streams()

    def stream(self, tenant: Tenant, wanted: Filter, after: int | None) -> Response:
        """Return a stream of what passes the filter after Last-Event-ID, or after entry `after`, or from now on.

        The answer is 503 if there are too many streams.
        """
        last_seen = last_event_id()
        start = last_seen if last_seen is not None else after
        checks.place(start or 0, "after" if last_seen is None else "Last-Event-ID")
        if last_seen is not None and last_seen > tenant.requests.newest():
            start = 0  # the journal seen before is gone, for example after a restart in memory; all of this one is new
        if (answer := without_body()) is not None:
            return answer
        if not self._streams.take():
            return error(503, f"too many streams: {MAX_FOLLOWERS} are open already; close one")
        return self._streams.answer(events(tenant, wanted, start, waiting()))


def last_event_id() -> int | None:
    """Return the id in Last-Event-ID, None without the header. Raises InvalidRequest."""
    told = last_id()
    if told and not is_id(told):
        raise InvalidRequest("Last-Event-ID", f"{shown(told)} is not an event of this stream")
    return int(told) if told else None


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
        yield event("error", {"message": str(problem)})


def _event(item: Exchange | Perturbed, wanted: Filter) -> Iterator[bytes]:
    if isinstance(item, Perturbed):
        yield event("perturbed", item, place_of(item))
    elif wanted.lets(item):
        yield event("request", item, place_of(item))
