"""The page of a declared platform's credentials: the living ones of each kind, and a form that ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.clock import iso
from mockserver.engine import life
from mockserver.engine.model import NEVER
from mockserver.web.console.extension import Console
from mockserver.web.console.frame import frame, organization_page
from mockserver.web.console.pages import done

if TYPE_CHECKING:
    from mockserver.declared.mock import Mock

SHOWN = 200
"""The most credentials of a kind on the page: the newest."""


def views(mock: Mock, console: Console) -> None:
    """Add the page to the console of a declared platform."""

    def add(blueprint: Blueprint, console: Console) -> None:
        @blueprint.get("/organizations/<id>/credentials")
        def credentials(id: str) -> Response:
            tenant = console.control.tenant(id)
            around = frame(console, tenant, "credentials")
            kinds = [_kind(mock, name) for name in mock.platform.kinds]
            return organization_page(console, tenant, "credentials", "credentials.html", frame=around, kinds=kinds)

        @blueprint.post("/organizations/<id>/credentials/<kind>/end")
        def end_credentials(id: str, kind: str) -> Response:
            mock.end(kind)
            return done("end", flask.url_for("console.credentials", id=id))

    console.add_views(add)


def _kind(mock: Mock, name: str) -> dict[str, object]:
    """Return a kind with its newest credentials, as the page shows them."""
    kind, now = mock.platform.kinds[name], mock.now()
    newest = mock.credentials(name)[: -SHOWN - 1 : -1]
    rows = []
    for record in newest:
        owner = mock.owner(record)
        end = life.end_of(record, owner)
        rows.append(
            {
                "id": mock.told_as(name, record.id),
                "within": record.within and kind.within and mock.told_as(kind.within, record.within),
                "state": life.cause_at(record, owner, now) or "alive",
                "issued": record.issued_at / 1000,
                "ends": iso(end.at) if end.at < NEVER else "",
                "left": record.left,
            }
        )
    return {"name": name, "noun": kind.noun, "rows": rows, "registered": kind.registered}
