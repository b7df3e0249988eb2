"""An organisation's faults to come."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from msgspec import Struct

from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import Nothing, body


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """All faults of the organisation, and the seed of their chances."""

    faults: list[dict[str, Any]]
    seed: int = 0


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""

    @blueprint.get("/organizations/<id>/faults")
    def list_faults(id: str) -> Response:
        return answer({"faults": control.tenant(id).faults.list()})

    @blueprint.post("/organizations/<id>/faults")
    def add_fault(id: str) -> Response:
        return answer(control.tenant(id).faults.append(body(dict[str, Any], required=True)), 201)

    @blueprint.put("/organizations/<id>/faults")
    def replace_faults(id: str) -> Response:
        wanted = body(Plan)
        return answer({"faults": control.tenant(id).faults.replace(wanted.faults, wanted.seed)})

    @blueprint.delete("/organizations/<id>/faults")
    def clear_faults(id: str) -> Response:
        body(Nothing)
        return answer({"count": control.tenant(id).faults.clear()})
