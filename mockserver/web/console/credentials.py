"""The page of a declared platform's credentials: the newest of each kind, and forms that register and end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.errors import InvalidRequest
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import frame, organization_page
from mockserver.web.console.pages import done

if TYPE_CHECKING:
    from mockserver.declared.credentials import By, DeclaredCredentials
    from mockserver.platform.model import Platform

SHOWN = 200
"""The most credentials of a kind on the page."""


def views(platform: Platform, credentials: DeclaredCredentials, console: Console) -> None:
    """Add the page to the console of a declared platform."""

    def add(blueprint: Blueprint, console: Console) -> None:
        @blueprint.get("/organizations/<id>/credentials", endpoint="credentials")
        def kept(id: str) -> Response:
            tenant = console.control.tenant(id)
            around = frame(console, tenant, "credentials")
            rows = {name: credentials.list(name, SHOWN)[::-1] for name in platform.kinds}
            kinds = platform.kinds.values()
            page = "credentials.html"
            return organization_page(console, tenant, "credentials", page, frame=around, kinds=kinds, rows=rows)

        @blueprint.post("/organizations/<id>/credentials/<kind>")
        def register(id: str, kind: str) -> Response:
            named = flask.request.form.get("named", "").strip()
            told = platform.kinds.get(kind)
            if told is not None and (told.bound or (told.duty.get("secret") and not named)):
                raise InvalidRequest("named", f"the console does not show secrets; register {told.a} by the control API")
            credentials.register(kind, named)
            return done("registered", flask.url_for("console.credentials", id=id))

        @blueprint.post("/organizations/<id>/credentials/<kind>/end")
        def end_credentials(id: str, kind: str) -> Response:
            form = flask.request.form
            by: By = form.get("by", "ended")  # type: ignore[assignment]  # the mock refuses other words
            credentials.end(kind, form.get("which") or None, by)
            return done("ended", flask.url_for("console.credentials", id=id))

    console.add_views(add)
