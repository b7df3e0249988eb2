"""The page of a declared platform's credentials: the newest of each kind, and forms that register and end them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask import Blueprint

from mockserver.control import Tenant
from mockserver.errors import InvalidRequest
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages

if TYPE_CHECKING:
    from mockserver.declared.credentials import By, DeclaredCredentials
    from mockserver.platform.model import Platform

SHOWN = 200
"""The most credentials of a kind on the page."""


def views(platform: Platform, all: DeclaredCredentials, console: Console) -> None:
    """Add the page to the console of a declared platform."""

    def add(blueprint: Blueprint, console: Console) -> None:
        pages = Pages(blueprint, console)
        place = "/credentials/<kind>"
        pages.form("register", place, register, "registered", "credentials")
        pages.form("end_credentials", f"{place}/end", end, "ended", "credentials")
        pages.page("/credentials", "credentials")(credentials)

    def credentials(_: Tenant) -> dict[str, Any]:
        rows = {name: all.list(name, SHOWN)[::-1] for name in platform.kinds}
        return {"kinds": platform.kinds.values(), "rows": rows}

    def register(_: Tenant, kind: str) -> None:
        named = flask.request.form.get("named", "").strip()
        told = platform.kinds.get(kind)
        if told is not None and (told.bound or (told.duty.get("secret") and not named)):
            raise InvalidRequest("named", f"the console does not show secrets; register {told.a} by the control API")
        all.register(kind, named)

    def end(_: Tenant, kind: str) -> None:
        form = flask.request.form
        by: By = form.get("by", "ended")  # type: ignore[assignment]  # the mock refuses other words
        all.end(kind, form.get("which") or None, by)

    console.add_views(add)
