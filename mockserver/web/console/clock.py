"""The controls of an organisation's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.errors import InvalidRequest
from mockserver.web.console.extension import Console
from mockserver.web.console.pages import done

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"\s*(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?P<unit>[a-z]*)\s*", re.IGNORECASE)


def add(blueprint: Blueprint, console: Console) -> None:
    @blueprint.post("/organizations/<id>/clock/freeze")
    def freeze_clock(id: str) -> Response:
        console.control.tenant(id).clock.freeze()
        return _back(id, "freeze")

    @blueprint.post("/organizations/<id>/clock/resume")
    def resume_clock(id: str) -> Response:
        console.control.tenant(id).clock.resume()
        return _back(id, "resume")

    @blueprint.post("/organizations/<id>/clock/advance")
    def advance_clock(id: str) -> Response:
        console.control.tenant(id).clock.advance(seconds_in(flask.request.form.get("by", "")))
        return _back(id, "advance")

    @blueprint.post("/organizations/<id>/clock/set")
    def set_clock(id: str) -> Response:
        console.control.tenant(id).clock.set(instant_in(flask.request.form.get("at", "")))
        return _back(id, "set")


def _back(id: str, word: str) -> Response:
    return done(word, flask.url_for("console.organization", id=id))


def seconds_in(text: str) -> float:
    """Return a duration in seconds: ``30``, ``1.5 s``, ``5 min``, ``2h``, ``1 d``. Raises InvalidRequest."""
    match = _SPAN.fullmatch(text)
    if match is None or match["unit"].lower() not in _UNITS:
        raise InvalidRequest("by", f"{text!r} is not a duration; write seconds, or 5 min, 2 h, 1 d")
    return float(match["number"]) * _UNITS[match["unit"].lower()]


def instant_in(text: str) -> float:
    """Return a time in ISO 8601 (UTC unless it names a zone) as seconds since the epoch. Raises InvalidRequest."""
    try:
        instant = datetime.fromisoformat(text.strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequest("at", f"{text!r} is not a time; write it like 2026-11-22T14:17:40Z") from None
