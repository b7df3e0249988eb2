"""An organisation's clock."""

from __future__ import annotations

from flask import Blueprint, Response
from msgspec import Struct

from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import Nothing, body


class AdvanceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The seconds to jump forward."""

    seconds: float


class Set(Struct, frozen=True, forbid_unknown_fields=True):
    """The time to jump to, in seconds since the epoch."""

    at: float


class Freeze(Struct, frozen=True, forbid_unknown_fields=True):
    """The time to stop at, in seconds since the epoch, or None for now."""

    at: float | None = None


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""

    @blueprint.get("/organizations/<id>/clock")
    def read_clock(id: str) -> Response:
        return answer(control.tenant(id).clock.read())

    @blueprint.post("/organizations/<id>/clock/advance")
    def advance_clock(id: str) -> Response:
        control.tenant(id).clock.advance(body(AdvanceRequest).seconds)
        return read_clock(id)

    @blueprint.post("/organizations/<id>/clock/set")
    def set_clock(id: str) -> Response:
        control.tenant(id).clock.set(body(Set).at)
        return read_clock(id)

    @blueprint.post("/organizations/<id>/clock/freeze")
    def freeze_clock(id: str) -> Response:
        control.tenant(id).clock.freeze(body(Freeze).at)
        return read_clock(id)

    @blueprint.post("/organizations/<id>/clock/resume")
    def resume_clock(id: str) -> Response:
        body(Nothing)
        control.tenant(id).clock.resume()
        return read_clock(id)
