"""The controls of an organisation's clock."""

from __future__ import annotations

import re

import flask
from flask import Blueprint

from mockserver.control import Tenant
from mockserver.errors import InvalidRequest
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"\s*(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?P<unit>[a-z]*)\s*", re.IGNORECASE)


def add(blueprint: Blueprint, console: Console) -> None:
    pages = Pages(blueprint, console)
    pages.form("freeze_clock", "/clock/freeze", lambda tenant: tenant.clock.freeze(), "freeze", "organization")
    pages.form("resume_clock", "/clock/resume", lambda tenant: tenant.clock.resume(), "resume", "organization")
    pages.form("advance_clock", "/clock/advance", _advance, "advance", "organization")
    pages.form("set_clock", "/clock/set", _set, "set", "organization")


def _advance(tenant: Tenant) -> None:
    tenant.clock.advance(seconds_in(flask.request.form.get("by", "")))


def _set(tenant: Tenant) -> None:
    tenant.clock.set(flask.request.form.get("at", ""))


def seconds_in(text: str) -> float:
    """Return a duration in seconds: ``30``, ``1.5 s``, ``5 min``, ``2h``, ``1 d``. Raises InvalidRequest."""
    match = _SPAN.fullmatch(text)
    if match is None or match["unit"].lower() not in _UNITS:
        raise InvalidRequest("by", f"{text!r} is not a duration; write seconds, or 5 min, 2 h, 1 d")
    return float(match["number"]) * _UNITS[match["unit"].lower()]
