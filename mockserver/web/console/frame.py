"""What is around every page of an organisation: its name, its clock, its tabs, and where its journal stands."""

from __future__ import annotations

from typing import Any, NamedTuple

import flask
from werkzeug.wrappers import Response

from mockserver.control import Tenant
from mockserver.control.clock import ClockReading
from mockserver.control.server import ALIASES
from mockserver.engine.model import UNASSIGNED
from mockserver.web.console.extension import Console
from mockserver.web.console.pages import page

_NAMES = {id: name for name, id in ALIASES.items()}

TABS = (
    ("organization", "Overview"),
    ("requests", "Requests"),
    ("sessions", "Sessions"),
    ("faults", "Faults"),
    ("access", "Access"),
)
"""Endpoint and title."""


class Link(NamedTuple):
    """A tab as it is drawn."""

    address: str
    title: str
    current: bool


class Frame(NamedTuple):
    """`newest` is the journal's newest entry when the page was begun: following from there misses nothing. `clock` is None
    where there is a journal and nothing else."""

    id: str
    address: str
    name: str
    clock: ClockReading | None
    newest: int
    tabs: list[Link]


def address_of(id: str) -> str:
    """How an organisation is named in addresses: `default` and `unassigned` by these names."""
    return _NAMES.get(id, id)


def frame(console: Console, tenant: Tenant, current: str) -> Frame:
    """The frame of a page; to be made before what the page shows is read. Raises NotFound."""
    address, journal_only = address_of(tenant.id), tenant.id == UNASSIGNED
    newest = tenant.requests.newest()
    tabs = [("requests", "Requests")] if journal_only else TABS
    links = [Link(flask.url_for(f"console.{name}", id=address), title, name == current) for name, title in tabs]
    if not journal_only:
        links += [
            Link(flask.url_for("console.extra", id=address, tab=tab.name), tab.title, tab.name == current)
            for tab in console.tabs.values()
        ]
    name = "Requests that name no organisation" if journal_only else tenant.name
    return Frame(tenant.id, address, name, None if journal_only else tenant.clock.read(), newest, links)


def organization_page(
    console: Console, tenant: Tenant, current: str, template: str, status: int = 200, **values: Any
) -> Response:
    """A page of an organisation; `values` may hold a `frame` that was made before they were."""
    values.setdefault("frame", frame(console, tenant, current))
    return page(template, status, **values)
