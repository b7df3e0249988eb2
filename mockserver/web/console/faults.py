"""The page of an organisation's faults to come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import flask
from flask import Blueprint

from mockserver.control import Tenant
from mockserver.control.faults import COMMON, KINDS, OWN, REDIRECTS
from mockserver.engine.model import RetryAfterForm, UnusableBody
from mockserver.errors import InvalidRequest
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages

TOLD = {
    "status": "an error in place of the platform's answer",
    "opaque_403": "a 403 with an empty body",
    "lost_request": "the connection closes before the platform sees the request",
    "lost_response": "the platform acts, then the connection closes",
    "latency": "the answer is delayed",
    "truncated_body": "the platform acts, but its answer is truncated",
    "unusable_body": "the platform acts, but the body of its 200 is unusable",
    "redirect": "a gateway redirects the client; the platform does not see the request",
    "split_body": "the platform acts, and its answer comes in two pieces",
}


def add(blueprint: Blueprint, console: Console) -> None:
    pages = Pages(blueprint, console)
    pages.form("add_fault", "/faults", _add_fault, "fault", "faults")
    pages.form("clear_faults", "/faults/clear", lambda tenant: tenant.faults.clear(), "clear", "faults")

    @pages.page("/faults", "faults")
    def faults(tenant: Tenant) -> dict[str, Any]:
        choices: dict[str, Any] = {"operations": console.assembly.vocabulary.operations, "redirects": REDIRECTS}
        choices |= {"forms": get_args(RetryAfterForm), "bodies": get_args(UnusableBody)}
        return {"faults": tenant.faults.list(), "kinds": TOLD, **choices}


def _add_fault(tenant: Tenant) -> None:
    tenant.faults.append(fault_in(flask.request.form.to_dict()))


def fault_in(form: dict[str, str]) -> dict[str, Any]:
    """Return the fields of a fault from the form, without those that its kind does not take: the form has all of them."""
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise InvalidRequest("kind", f"{kind!r} must be one of {', '.join(KINDS)}")
    takes = (*COMMON, *OWN.get(kind, ()))
    shown = {**form, "status": form.get("redirect_status", "")} if kind == "redirect" else form
    given = {name: value for name in takes if (value := shown.get(name, "").strip())}
    fields = {name: READ[name](name, value) if name in READ else value for name, value in given.items()}
    if form.get("always"):
        fields["times"] = None
    return {"kind": kind, **fields}


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise InvalidRequest(name, f"{value!r} must be a whole number")
    return int(value)


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InvalidRequest(name, f"{value!r} must be a number") from None


READ: dict[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("times", "status", "retry_after"), _whole),
    **dict.fromkeys(("probability", "seconds"), _number),
    "after_acting": lambda _, value: value == "yes",
}
"""How fields are read that are not texts."""
