"""The frame of every page of an organisation: its name, its clock, its tabs, and the newest entry of its journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.control import Tenant
from mockserver.control.clock import ClockReading
from mockserver.control.server import ALIASES
from mockserver.engine.model import UNASSIGNED
from mockserver.web.console.extension import Console
from mockserver.web.console.pages import done, page

PLACE = "/organizations/<id>"
"""An organisation's place in the console."""

View = TypeVar("View", bound=Callable[..., dict[str, Any]])

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


class Pages:
    """Adds an organisation's pages and forms to the console. A rule is what follows the organisation's address."""

    def __init__(self, blueprint: Blueprint, console: Console) -> None:
        self._blueprint, self._console = blueprint, console

    def page(self, rule: str, tab: str, template: str = "") -> Callable[[View], View]:
        """Return a decorator that adds a page: the view gets the organisation and returns the template's values."""

        def add(view: View) -> View:
            def show(id: str, **path: str) -> Response:
                tenant = self._console.control.tenant(id)
                around = frame(self._console, tenant, tab)
                return page(template or f"{view.__name__}.html", frame=around, **view(tenant, **path))

            self._blueprint.add_url_rule(f"{PLACE}{rule}", view.__name__, show)
            return view

        return add

    def form(self, name: str, rule: str, act: Callable[..., object], word: str, shows: str) -> None:
        """Add a form. `act` gets the organisation; then the page `shows` is shown again, with the message for `word`."""

        def take(id: str, **path: str) -> Response:
            act(self._console.control.tenant(id), **path)
            place: dict[str, Any] = path if shows == "session" else {}
            return done(word.format(**path), flask.url_for(f"console.{shows}", id=id, **place))

        self._blueprint.add_url_rule(f"{PLACE}{rule}", name, take, methods=["POST"])
