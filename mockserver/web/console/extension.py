"""Extensions of the console: tabs on an organisation's pages, panels on a request's page, and routes beside them.

An extension of `create_app` finds the console in ``app.extensions["dayfly.console"]``. The console puts the result of its views
into its own layout. That is markup made by `flask.render_template`, which escapes values, from a template of its own (for
example in a blueprint's `template_folder`). It may use the console's classes and scripts: see `static/console.css` and
`static/console.mjs`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from flask import Blueprint, Flask
from markupsafe import Markup

from mockserver.assemble import Assembly
from mockserver.control import Control, Tenant
from mockserver.control.requests import RecordedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from mockserver.explain import Explanation

CONSOLE = "/__admin/console"
"""The console's path."""

TabView = Callable[[Tenant], Markup | str]
"""Renders a tab for an organisation. A plain string is escaped. NotFound and InvalidRequest become error pages."""

PanelView: TypeAlias = "Callable[[Tenant, RecordedRequest, Explanation], Markup | str | None]"
"""Renders a panel for a request; None omits it."""

NAME = "dayfly.console"

TABS = (
    ("organization", "Overview"),
    ("requests", "Requests"),
    ("sessions", "Sessions"),
    ("faults", "Faults"),
    ("access", "Access"),
)
"""The console's own tabs: endpoints and titles."""

DECLARED_TABS = (("requests", "Requests"), ("credentials", "Credentials"), ("faults", "Faults"))
"""The console's own tabs for a declared platform."""


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
    """The console of one application, working through `control`.

    It is a WSGI application that is created at the first call, so it does not slow down the start of a mock. It also finds the
    templates of `host`, the application it belongs to, and of that application's blueprints.
    """

    def __init__(self, host: Flask, assembly: Assembly, own: Sequence[tuple[str, str]] = TABS) -> None:
        """`own` are the console's own tabs: endpoints and titles."""
        self.host, self.assembly, self.own = host, assembly, tuple(own)
        self.control = Control(assembly)
        self.tabs: dict[str, Tab] = {}
        self.panels: dict[str, Panel] = {}
        self.views: list[Callable[[Blueprint, Console], None]] = []
        self._lock = threading.Lock()
        self._app: Flask | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)

    @property
    def app(self) -> Flask:
        with self._lock:
            if self._app is None:
                from mockserver.web.console.app import make_app

                self._app = make_app(self)
            return self._app

    def add_tab(self, name: str, title: str, view: TabView) -> None:
        """Add a tab to every organisation except the one with only a journal. `name` is its place in the path."""
        self.tabs[name] = Tab(name, title, view)

    def add_panel(self, name: str, title: str, view: PanelView) -> None:
        self.panels[name] = Panel(name, title, view)

    def add_views(self, add: Callable[[Blueprint, Console], None]) -> None:
        """Let `add` put its own routes on the console's blueprint, for files and downloads behind the console's guard."""
        self.views.append(add)
