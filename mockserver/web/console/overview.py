"""The server's overview: its organisations, and creating and deleting them."""

from __future__ import annotations

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.control.server import ALIASES
from mockserver.engine.model import UNASSIGNED
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages, address_of
from mockserver.web.console.pages import page


def has_many(console: Console) -> bool:
    """Return whether the server may have several organisations. A declared platform has one."""
    return not console.assembly.declared


def add(blueprint: Blueprint, console: Console) -> None:
    @blueprint.get("/", strict_slashes=False)
    def overview() -> Response:
        if not has_many(console):
            return flask.redirect(flask.url_for("console.organization", id="default"), 303)
        control = console.control
        listed = [
            {
                **organization,
                "address": address_of(organization["id"]),
                "fixed": organization["id"] in ALIASES.values(),
                "requests": control.tenant(organization["id"]).requests.newest(),
            }
            for organization in control.organizations()
        ]
        strays = control.tenant(UNASSIGNED).requests.newest()
        return page("overview.html", organizations=listed, strays=strays)

    @blueprint.post("/organizations")
    def create_organization() -> Response:
        if not has_many(console):
            flask.abort(404, "A declared platform has one organisation.")
        made = console.control.create_organization(flask.request.form.get("name", "").strip())
        return flask.redirect(flask.url_for("console.organization", id=made.id, done="created"), 303)

    @blueprint.post("/organizations/<id>/delete")
    def delete_organization(id: str) -> Response:
        console.control.delete(id)
        return flask.redirect(flask.url_for("console.overview", done="deleted"), 303)

    Pages(blueprint, console).form("reset_organization", "/reset", lambda tenant: tenant.reset(), "reset", "organization")
