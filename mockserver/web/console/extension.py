"""What others may add to the console: tabs to an organisation's pages, panels to a request's page, routes beside them.

An extension of `create_app` finds the console in ``app.extensions["dayfly.console"]``. What its views return is put into the
console's own pages, so it needs no layout: markup made by `flask.render_template` of a template of its own (a blueprint's
`template_folder`, say), which escapes what it is given. The classes and the scripts of the console are there for it: see
`static/console.css` and `static/console.mjs`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Flask
from markupsafe import Markup

from mockserver.assemble import Assembly
from mockserver.control import Control, Tenant
from mockserver.control.requests import Recorded
from mockserver.explain import Explanation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONSOLE = "/__admin/console"
"""Where the console is."""

TabView = Callable[[Tenant], Markup | str]
"""Renders a tab for an organisation. A plain string is text: it is escaped. NotFound and InvalidRequest become pages."""

PanelView = Callable[[Tenant, Recorded, Explanation], Markup | str | None]
"""Renders a panel for a request; None leaves it out."""

NAME = "dayfly.console"


class Tab(NamedTuple):
    """A page of an organisation, at ``…/organizations/ID/NAME``."""

    name: str
    title: str
    view: TabView


class Panel(NamedTuple):
    """A part of a request's page, with ``id=NAME``."""

    name: str
    title: str
    view: PanelView


class Console:
    """The console of one application: `control` is what it works on.

    It is a WSGI application of its own, made when somebody calls it first: a mock that nobody looks at starts no later for it.
    Templates of `host`, the application it belongs to, and of its blueprints, are found here too.
    """

    def __init__(self, host: Flask, assembly: Assembly) -> None:
        self.host, self.assembly = host, assembly
        self.control = Control(assembly)
        self.tabs: dict[str, Tab] = {}
        self.panels: dict[str, Panel] = {}
        self.views: list[Callable[[Blueprint, Console], None]] = []
        self._lock = threading.Lock()
        self._app: Flask | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI entry."""
        return self.app(environ, start_response)

    @property
    def app(self) -> Flask:
        """The pages as an application."""
        with self._lock:
            if self._app is None:
                from mockserver.web.console.door import make_app

                self._app = make_app(self)
            return self._app

    def add_tab(self, name: str, title: str, view: TabView) -> None:
        """Adds a tab to every organisation that has more than a journal; `name` is its place in the path."""
        self.tabs[name] = Tab(name, title, view)

    def add_panel(self, name: str, title: str, view: PanelView) -> None:
        """Adds a panel to every request's page."""
        self.panels[name] = Panel(name, title, view)

    def add_views(self, add: Callable[[Blueprint, Console], None]) -> None:
        """Lets `add` put routes of its own on the console's blueprint: files and downloads, behind the console's guard."""
        self.views.append(add)
