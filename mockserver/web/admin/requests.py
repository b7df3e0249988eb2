"""An organisation's requests: finding, counting, following and explaining them. Also the journal as a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
from flask import Response

from mockserver import journal
from mockserver.control import Control, Tenant, checks
from mockserver.control.requests import Filter, RecordedRequest
from mockserver.web.admin.calls import Calls
from mockserver.web.admin.explained import explained
from mockserver.web.admin.follow import Followers, last_event_id
from mockserver.web.admin.reading import query

REQUESTS = "/organizations/<id>/requests"


class RequestFilter(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter, and a part of the list."""

    after: int | None = None
    before: int | None = None
    limit: int = 100


class Counted(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter of the requests to count."""


def add(calls: Calls, control: Control) -> None:
    followers = Followers()

    @calls.add("GET", REQUESTS)
    def find_requests(tenant: Tenant) -> Response | dict[str, Any]:
        wanted = query(RequestFilter, "follow")
        last_event_id()
        control.assembly.vocabulary.check(wanted.operation, wanted.reason)
        return followers.stream(tenant, wanted, wanted.after) if "follow" in flask.request.args else _found(tenant, wanted)

    @calls.add("GET", f"{REQUESTS}/count")
    def count_requests(tenant: Tenant) -> dict[str, Any]:
        return {"count": tenant.requests.tally(query(Counted))}

    @calls.add("GET", f"{REQUESTS}/<context_id>")
    def get_request(tenant: Tenant, context_id: str) -> RecordedRequest:
        return tenant.requests.get(context_id)

    @calls.add("GET", f"{REQUESTS}/<context_id>/explain")
    def explain_request(tenant: Tenant, context_id: str) -> Response:
        return explained(tenant.explain(context_id))

    @calls.add("GET", "/organizations/<id>/trace")
    def trace(tenant: Tenant, *, after: int = 0) -> Response:
        return Response(_lines(tenant, checks.place(after, "after")), mimetype="application/x-ndjson")


def _found(tenant: Tenant, wanted: RequestFilter) -> dict[str, Any]:
    """Return the matching requests. `newest` is read first, so that following from there misses nothing."""
    newest = tenant.requests.newest()
    found = tenant.requests.search(wanted, wanted.after, wanted.before, wanted.limit)
    return {"newest": newest, "requests": found, "next": found[-1].seq if len(found) == wanted.limit else None}


def _lines(tenant: Tenant, after: int) -> Iterator[bytes]:
    for entry in tenant.trace(after):
        yield journal.encode(entry) + b"\n"
