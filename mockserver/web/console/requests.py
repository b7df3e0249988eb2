"""The journal, newest first, and the page of one request."""

from __future__ import annotations

from typing import Any, NamedTuple

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver import journal
from mockserver.control import Tenant
from mockserver.control.requests import Filter, RecordedRequest
from mockserver.errors import InvalidRequest
from mockserver.explain import Explanation
from mockserver.journal_queries import Exchange
from mockserver.web.console import diff
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages
from mockserver.web.console.strays import strays_of

PAGE = 100
"""Requests on a page."""

FIELDS = ("status", "reason", "operation", "guest", "text")


class Sought(Filter, frozen=True, kw_only=True):
    """A filter with `person` instead of `guest`: a part of a guest's name or address, ignoring case."""

    person: str | None = None

    def lets(self, exchange: Exchange) -> bool:
        return super().lets(exchange) and self._is_for(exchange)

    def _is_for(self, exchange: Exchange) -> bool:
        if self.person is None:
            return True
        guest = exchange.guest
        return guest is not None and self.person.casefold() in f"{guest.name}\n{guest.email}".casefold()


class ListPart(NamedTuple):
    """A part of the list: requests that arrived before one, or after one."""

    before: int | None = None
    after: int | None = None


def add(blueprint: Blueprint, console: Console) -> None:
    pages = Pages(blueprint, console)

    @pages.page("/requests", "requests")
    def requests(tenant: Tenant) -> dict[str, Any]:
        listing = _listing(console, tenant)
        wanted = sought(listing["given"]) if listing["problem"] is None else None
        return {"strays": strays_of(console, tenant, wanted), **listing}

    @pages.page("/requests/<context_id>", "requests")
    def request(tenant: Tenant, context_id: str) -> dict[str, Any]:
        recorded, explanation = tenant.requests.get(context_id), tenant.explain(context_id)
        return {
            "recorded": recorded,
            "explanation": explanation,
            "rows": [] if console.assembly.declared else diff.rows_of(recorded, explanation),
            "accepted": diff.accepted_near(tenant.requests, recorded.exchange),
            "panels": _panels(console, tenant, recorded, explanation),
        }

    @blueprint.get("/organizations/<id>/trace")
    def trace(id: str) -> Response:
        tenant = console.control.tenant(id)
        lines = (journal.encode(entry) + b"\n" for entry in tenant.trace())
        told = {"Content-Disposition": f'attachment; filename="{tenant.id}.jsonl"'}
        return flask.Response(lines, headers=told, mimetype="application/x-ndjson")


def _listing(console: Console, tenant: Tenant) -> dict[str, Any]:
    """Return the part of the list that the query asks for, or an empty one with the reason."""
    given = {field: value for field in FIELDS if (value := flask.request.args.get(field, "").strip())}
    operations, reasons = console.assembly.vocabulary
    families = dict.fromkeys(reason.partition(".")[0] for reason in reasons)
    shown: dict[str, Any] = {"given": given, "operations": operations, "reasons": reasons, "families": families}
    place, found, problem = ListPart(), list[Exchange](), None
    try:
        place = ListPart(place_in("before"), place_in("after"))
        found = tenant.requests.search(sought(given), place.after, place.before, PAGE + 1)
    except InvalidRequest as refused:
        problem = str(refused)
    more = len(found) > PAGE
    rows = found[:PAGE] if place.after is None else found[:PAGE][::-1]
    live = place == ListPart() and problem is None
    return {**shown, "found": rows, "problem": problem, "live": live, **_neighbours(rows, place, more)}


def _neighbours(rows: list[Exchange], place: ListPart, more: bool) -> dict[str, int | None]:
    """Return where the pages of older and newer requests begin, None if there are none."""
    older = rows[-1].seq if rows and (more or place.after is not None) else None
    newer = rows[0].seq if rows and (place.before is not None or (place.after is not None and more)) else None
    return {"older": older, "newer": newer}


def place_in(name: str) -> int | None:
    """Return the journal entry's number in the query, None if there is none. Raises InvalidRequest."""
    told = flask.request.args.get(name)
    if told is not None and not (told.isascii() and told.isdigit() and len(told) < 16):
        raise InvalidRequest(name, f"{told!r} is not a journal entry's number")
    return None if told is None else int(told)


def sought(given: dict[str, str]) -> Sought:
    """Return the filter that a form's fields describe. Raises InvalidRequest."""
    status = given.get("status")
    if status is not None and not (status.isascii() and status.isdigit() and len(status) == 3):
        raise InvalidRequest("status", f"{status!r} is not a status; write three digits, such as 403")
    return Sought(
        status=None if status is None else int(status),
        reason=given.get("reason"),
        operation=given.get("operation"),
        person=given.get("guest"),
        text=given.get("text"),
    )


def _panels(console: Console, tenant: Tenant, recorded: RecordedRequest, explanation: Explanation) -> list[dict[str, Any]]:
    shown = ((panel, panel.view(tenant, recorded, explanation)) for panel in console.panels.values())
    return [{"name": panel.name, "title": panel.title, "content": content} for panel, content in shown if content is not None]
