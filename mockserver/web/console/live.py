"""Live updates: an organisation's requests as they are answered, as server-sent events for the console's pages.

An event has everything since the one before. After some reads of the journal without news, the time is sent, which keeps
clocks in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import flask
from flask import Blueprint, Response

from mockserver.control import Tenant
from mockserver.control.requests import INTERVAL
from mockserver.engine.model import UNASSIGNED
from mockserver.errors import MockServerError, NotFound
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange
from mockserver.web.console.extension import CONSOLE, Console
from mockserver.web.console.layout import address_of
from mockserver.web.console.requests import FIELDS, Sought, place_in, sought
from mockserver.web.streaming import MAX_FOLLOWERS, QUIET, Streams, event, is_id, last_id, place_of, waiting, without_body

MOST = 200
"""The most rows in one event, the newest. A page keeps no more either."""

SOON = 500
"""Milliseconds until a browser that lost the stream reconnects."""

LATER = 2000
"""Milliseconds until a browser reconnects if all streams are taken."""


def add(blueprint: Blueprint, console: Console) -> None:
    streams = Streams()

    @blueprint.get("/organizations/<id>/events")
    def events(id: str) -> Response:
        given = {field: value for field in FIELDS if (value := flask.request.args.get(field, "").strip())}
        wanted = sought(given) if "rows" in flask.request.args else None
        if wanted is not None:
            console.assembly.vocabulary.check(wanted.operation, wanted.reason)
        seen, wait = last_id(), waiting()
        after = int(seen) if is_id(seen) else place_in("after") or 0  # else from the beginning of the page
        if (answer := without_body()) is not None:
            return answer
        draw = flask.current_app.jinja_env.get_template("console/row.html").render  # outlives the context
        stay = streams.take()
        stream = Stream(console, wanted, draw, place_in("strays"))
        return streams.answer(stream.events(id, after, wait if stay else None), taken=stay)


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
                yield event("anew", {})
                return
            yield f"retry: {SOON if wait else LATER}\n".encode() + event("time", _time(tenant))
            if wait is None:
                yield event("full", {"followers": MAX_FOLLOWERS})
            yield from self._news(tenant, after, wait or (lambda _: True))
        except NotFound:
            yield event("gone", {})
        except MockServerError as problem:
            yield event("trouble", {"message": str(problem)})

    def _news(self, tenant: Tenant, after: int, wait: Callable[[float], object]) -> Iterator[bytes]:
        quiet = 0
        for came in tenant.requests.follow(after, INTERVAL, wait):
            quiet = 0 if came else quiet + 1
            if self._has_strays():
                yield event("strays", {})
            if came:
                yield event("news", self._told(tenant, came), place_of(came[-1]))
            elif quiet % QUIET == 0:
                yield event("time", _time(tenant))

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


def _time(tenant: Tenant) -> dict[str, Any]:
    """Return the time on the clock. Without a clock it is empty, and only says that the organisation still exists."""
    if tenant.id == UNASSIGNED:
        return {}
    reading = tenant.clock.read()
    return {"now": reading.now, "mode": reading.mode}
