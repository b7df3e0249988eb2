"""An organisation's requests: finding, counting, following and explaining them. Also the journal as a recording."""

from __future__ import annotations

from collections.abc import Iterator

import flask
from flask import Blueprint, Response
from msgspec import Struct

from mockserver import journal
from mockserver.control import Control, Tenant, checks
from mockserver.control.requests import Filter
from mockserver.web.admin.answers import answer
from mockserver.web.admin.explained import explained
from mockserver.web.admin.follow import Followers, last_event_id
from mockserver.web.admin.reading import query


class RequestFilter(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter, and a part of the list."""

    after: int | None = None
    before: int | None = None
    limit: int = 100


class Counted(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter of the requests to count."""


class Since(Struct, frozen=True, forbid_unknown_fields=True):
    """The entry after which a recording begins."""

    after: int = 0


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""
    followers = Followers()

    @blueprint.get("/organizations/<id>/requests")
    def find_requests(id: str) -> Response:
        wanted, tenant = query(RequestFilter, "follow"), control.tenant(id)
        last_event_id()
        control.assembly.vocabulary.check(wanted.operation, wanted.reason)
        return followers.stream(tenant, wanted, wanted.after) if "follow" in flask.request.args else _found(tenant, wanted)

    @blueprint.get("/organizations/<id>/requests/count")
    def count_requests(id: str) -> Response:
        return answer({"count": control.tenant(id).requests.tally(query(Counted))})

    @blueprint.get("/organizations/<id>/requests/<context_id>")
    def get_request(id: str, context_id: str) -> Response:
        return answer(control.tenant(id).requests.get(context_id))

    @blueprint.get("/organizations/<id>/requests/<context_id>/explain")
    def explain_request(id: str, context_id: str) -> Response:
        return explained(control.tenant(id).explain(context_id))

    @blueprint.get("/organizations/<id>/trace")
    def trace(id: str) -> Response:
        tenant, after = control.tenant(id), checks.place(query(Since).after, "after")
        return Response(_lines(tenant, after), mimetype="application/x-ndjson")


def _found(tenant: Tenant, wanted: RequestFilter) -> Response:
    """Return the matching requests. `newest` is read first, so that following from there misses nothing."""
    newest = tenant.requests.newest()
    found = tenant.requests.search(wanted, wanted.after, wanted.before, wanted.limit)
    return answer({"newest": newest, "requests": found, "next": found[-1].seq if len(found) == wanted.limit else None})


def _lines(tenant: Tenant, after: int) -> Iterator[bytes]:
    for entry in tenant.trace(after):
        yield journal.encode(entry) + b"\n"
