"""Live updates: an organisation's requests as they are answered, as server-sent events for the console's pages.

An event has everything since the one before. Its id is a place in the journal. A browser that lost the stream sends it in
Last-Event-ID and continues from there, so that nothing is missed or repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import flask
import msgspec
from flask import Blueprint, Response

from mockserver.clock import pause
from mockserver.control import Tenant
from mockserver.control.requests import INTERVAL
from mockserver.engine.model import UNASSIGNED
from mockserver.errors import MockServerError, NotFound
from mockserver.exchanges import Exchange
from mockserver.journal import Perturbed
from mockserver.web.console.extension import CONSOLE, Console
from mockserver.web.console.frame import address_of
from mockserver.web.console.requests import FIELDS, Sought, place_in, sought
from mockserver.web.delivery import PAUSE

MAX_FOLLOWERS = 16
"""The most streams in this process. Each holds a thread of the server."""

QUIET = 10
"""After this many reads of the journal without news, the time is sent.

That is once a second. It keeps clocks in step, makes proxies keep the connection, and frees the stream of a client that has
gone.
"""

MOST = 200
"""The most rows in one event, the newest. A page keeps no more either."""

SOON = 500
"""Milliseconds until a browser that lost the stream reconnects."""

LATER = 2000
"""Milliseconds until a browser reconnects if all streams are taken."""


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the views."""
    room = threading.BoundedSemaphore(MAX_FOLLOWERS)

    @blueprint.get("/organizations/<id>/events")
    def events(id: str) -> Response:
        given = {field: value for field in FIELDS if (value := flask.request.args.get(field, "").strip())}
        wanted = sought(given) if "rows" in flask.request.args else None
        if wanted is not None:
            console.assembly.vocabulary.check(wanted.operation, wanted.reason)
        after, wait = _place(), flask.request.environ.get(PAUSE, pause)
        if flask.request.method == "HEAD":  # without a body, no end of it would release the stream
            return Response(mimetype="text/event-stream")
        draw = flask.current_app.jinja_env.get_template("console/row.html").render  # outlives the context
        stay = room.acquire(blocking=False)
        stream = Stream(console, wanted, draw, place_in("strays"))
        response = Response(
            stream.events(id, after, wait if stay else None),
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        if stay:
            response.call_on_close(room.release)
        return response


def _place() -> int:
    """Return the place to continue from: the last event the browser saw, or the beginning of the page."""
    seen = flask.request.headers.get("Last-Event-ID", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else place_in("after") or 0


class Stream:
    """A stream of updates.

    `wanted` filters the rows (None: no rows), and `draw` renders them. `strays` is the place after which requests that name no
    organisation are news, None to ignore them.
    """

    def __init__(self, console: Console, wanted: Sought | None, draw: Callable[..., str], strays: int | None = None) -> None:
        self._console, self._wanted, self._draw, self._strays = console, wanted, draw, strays

    def events(self, id: str, after: int, wait: Callable[[float], object] | None) -> Iterator[bytes]:
        """Yield the stream's bytes. Without `wait` all streams are taken: yield the news so far, and when to reconnect."""
        try:
            tenant = self._console.control.tenant(id)
            if after > tenant.requests.newest():  # the numbers are from another journal: the server was restarted
                yield _event("anew", {})
                return
            yield f"retry: {SOON if wait else LATER}\n".encode() + _event("time", _time(tenant))
            if wait is None:
                yield _event("full", {"followers": MAX_FOLLOWERS})
            yield from self._news(tenant, after, wait or (lambda _: True))
        except NotFound:
            yield _event("gone", {})
        except MockServerError as problem:
            yield _event("trouble", {"message": str(problem)})

    def _news(self, tenant: Tenant, after: int, wait: Callable[[float], object]) -> Iterator[bytes]:
        quiet = 0
        for came in tenant.requests.follow(after, INTERVAL, wait):
            quiet = 0 if came else quiet + 1
            if self._has_strays():
                yield _event("strays", {})
            if came:
                yield _event("news", self._told(tenant, came), place_of(came[-1]))
            elif quiet % QUIET == 0:
                yield _event("time", _time(tenant))

    def _has_strays(self) -> bool:
        """Return whether new requests that name no organisation have come."""
        if self._strays is None or not self._console.assembly.store.entries(UNASSIGNED, self._strays, 1):
            return False
        self._strays = self._console.control.tenant(UNASSIGNED).requests.newest()
        return True

    def _told(self, tenant: Tenant, came: Sequence[Exchange | Perturbed]) -> dict[str, Any]:
        requests = [item for item in came if isinstance(item, Exchange)]
        rows = [item for item in requests if self._wanted is not None and self._wanted.lets(item)]
        return {
            **_time(tenant),
            "requests": len(requests),
            "done": sorted({item.what for item in came if isinstance(item, Perturbed)}),
            "matching": len(rows),
            "rows": [self._row(tenant, item) for item in rows[-MOST:]],
        }

    def _row(self, tenant: Tenant, item: Exchange) -> dict[str, Any]:
        html = self._draw(item=item, root=f"{CONSOLE}/organizations/{address_of(tenant.id)}")
        return {"id": item.context_id, "seq": item.seq, "html": html}


def place_of(item: Exchange | Perturbed) -> int:
    """Return the place from which following continues after this item."""
    return item.seq if isinstance(item, Perturbed) else item.answer_seq or item.seq


def _time(tenant: Tenant) -> dict[str, Any]:
    """Return the time on the clock. Without a clock it is empty, and only says that the organisation still exists."""
    if tenant.id == UNASSIGNED:
        return {}
    reading = tenant.clock.read()
    return {"now": reading.now, "mode": reading.mode}


def _event(kind: str, value: dict[str, Any], id: int | None = None) -> bytes:
    place = f"id: {id}\n" if id is not None else ""
    return f"{place}event: {kind}\ndata: ".encode() + msgspec.json.encode(value) + b"\n\n"
