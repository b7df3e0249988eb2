"""The frame of every page of an organisation: its name, its clock, its tabs, and the newest entry of its journal."""

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


class TabLink(NamedTuple):
    """A tab with its address."""

    address: str
    title: str
    current: bool


class Frame(NamedTuple):
    """The frame's values.

    `newest` is the journal's newest entry before the page was rendered, so that following from there misses nothing. `clock` is
    None for the organisation that has only a journal.
    """

    id: str
    address: str
    name: str
    clock: ClockReading | None
    newest: int
    tabs: list[TabLink]


def address_of(id: str) -> str:
    """Return an organisation's id in addresses; the two fixed ones are `default` and `unassigned`."""
    return _NAMES.get(id, id)


def frame(console: Console, tenant: Tenant, current: str) -> Frame:
    """Return the frame of a page. Call it before reading the page's content. Raises NotFound."""
    address, journal_only = address_of(tenant.id), tenant.id == UNASSIGNED
    newest = tenant.requests.newest()
    tabs = [("requests", "Requests")] if journal_only else console.own
    links = [TabLink(flask.url_for(f"console.{name}", id=address), title, name == current) for name, title in tabs]
    if not journal_only:
        links += [
            TabLink(flask.url_for("console.extra", id=address, tab=tab.name), tab.title, tab.name == current)
            for tab in console.tabs.values()
        ]
    name = "Requests that name no organisation" if journal_only else tenant.name
    return Frame(tenant.id, address, name, None if journal_only else tenant.clock.read(), newest, links)


def organization_page(
    console: Console, tenant: Tenant, current: str, template: str, status: int = 200, **values: Any
) -> Response:
    """Return a page of an organisation. `values` may contain a `frame` that was made before the other values."""
    values.setdefault("frame", frame(console, tenant, current))
    return page(template, status, **values)
