"""An organisation's overview, and the tabs of extensions."""

from __future__ import annotations

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.engine.model import UNASSIGNED
from mockserver.errors import InvalidRequest
from mockserver.web.console import charts
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import frame
from mockserver.web.console.pages import page
from mockserver.web.console.strays import strays_of


def add(blueprint: Blueprint, console: Console) -> None:
    @blueprint.get("/organizations/<id>")
    def organization(id: str) -> Response:
        tenant = console.control.tenant(id)
        if console.assembly.declared:
            return flask.redirect(flask.url_for("console.requests", id=id), 303)
        if tenant.id == UNASSIGNED:
            return flask.redirect(flask.url_for("console.requests", id="unassigned"), 303)
        around = frame(console, tenant, "organization")
        window = _window()
        chart = charts.chart_of(tenant.trace(), tenant.clock.now(), window)
        return page(
            "organization.html",
            frame=around,
            chart=chart,
            strays=strays_of(console, tenant, None),
            windows=charts.WINDOWS,
            titles=charts.TITLES,
            signs=charts.SIGNS,
            sessions=tenant.sessions.survey(limit=1),
            policy=tenant.policy(),
            client_id=tenant.client_id,
            client_secret=tenant.client_secret,
            base=flask.request.host_url.rstrip("/"),
        )

    @blueprint.get("/organizations/<id>/<tab>")
    def extra(id: str, tab: str) -> Response:
        tenant = console.control.tenant(id)
        if tab not in console.tabs or tenant.id == UNASSIGNED:
            flask.abort(404, "The console has no page at this address.")
        added = console.tabs[tab]
        around = frame(console, tenant, tab)
        return page("extra.html", frame=around, title=added.title, content=added.view(tenant))


def _window() -> str | None:
    wanted = flask.request.args.get("window")
    if wanted is not None and wanted not in charts.WINDOWS:
        raise InvalidRequest("window", f"{wanted!r} must be one of {', '.join(charts.WINDOWS)}")
    return wanted
