"""What others may add to the console: tabs to an organisation's pages, panels to a request's page.

An extension of `create_app` finds the console in ``app.extensions["dayfly.console"]``. What its views return is put into the
console's own pages, so it needs no layout: markup made by `flask.render_template` of a template of its own (a blueprint's
`template_folder`, say), which escapes what it is given. The classes and the scripts of the console are there for it: see
`static/console.css` and `static/console.mjs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Flask
from markupsafe import Markup

from mockserver.control import Control, Tenant
from mockserver.control.requests import Recorded
from mockserver.explain import Explanation

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
    """The console of one application: `control` is what it works on."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.tabs: dict[str, Tab] = {}
        self.panels: dict[str, Panel] = {}

    def add_tab(self, name: str, title: str, view: TabView) -> None:
        """Adds a tab to every organisation that has more than a journal; `name` is its place in the path."""
        self.tabs[name] = Tab(name, title, view)

    def add_panel(self, name: str, title: str, view: PanelView) -> None:
        """Adds a panel to every request's page."""
        self.panels[name] = Panel(name, title, view)


def console_of(app: Flask) -> Console:
    """The console of an application made by `create_app`."""
    console: Console = app.extensions[NAME]
    return console
