"""Answers of the control API. All are JSON; errors are ``{"error": {"code", "message", "field"?}}``."""

from __future__ import annotations

import logging
from typing import Any

import flask
import msgspec
from flask import Blueprint, Response
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed

from mockserver.errors import (
    ConflictError,
    InvalidRequest,
    MockServerError,
    NotFound,
    NotNow,
    SettingsError,
    StoreUnavailable,
    suggestion,
)

CODES = {
    400: "invalid.request",
    401: "unauthorized",
    403: "forbidden",
    404: "not.found",
    405: "method.not.allowed",
    409: "conflict",
    413: "request.entity.too.large",
    429: "too.many.requests",
    415: "unsupported.media.type",
    500: "internal.error",
    503: "service.unavailable",
}

_STATUS: dict[type[MockServerError], int] = {
    NotNow: 409,
    InvalidRequest: 400,
    SettingsError: 400,
    NotFound: 404,
    ConflictError: 409,
    StoreUnavailable: 503,
}

_log = logging.getLogger("dayfly")


class Refused(Exception):
    """A control call that is answered with this error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def answer(value: Any, status: int = 200) -> Response:
    """Return a value as a JSON response that must not be cached."""
    return Response(msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, mimetype="application/json")


def error(status: int, message: str, field: str | None = None) -> Response:
    """Return an error as a JSON response."""
    told = {"code": CODES.get(status, "error"), "message": message}
    response = answer({"error": told if field is None else {**told, "field": field}}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="dayfly control"'
    return response


def routing_error(problem: HTTPException) -> Response:
    """Return the error for an unknown path or method, or for a request without a usable Host (RFC 9112, section 3.2)."""
    if isinstance(problem, BadRequest):
        return error(400, "the Host header is not a host name: call the server by its own address")
    if not isinstance(problem, MethodNotAllowed):
        return error(404, f"there is nothing at {flask.request.path}; {_hint(flask.request.path)}")
    allowed = ", ".join(sorted(problem.valid_methods or ()))
    response = error(405, f"the method {flask.request.method} is not allowed here: use {allowed}")
    response.headers["Allow"] = allowed
    return response


def _hint(path: str) -> str:
    """Return where the paths are documented, or the nearest one, or all of them if none is near."""
    rules = [rule.rule for rule in flask.current_app.url_map.iter_rules()]
    below = sorted({rule.removeprefix(ROOT) for rule in rules if rule.startswith(ROOT)})
    return f"see {ROOT}{DOCUMENT}" if DOCUMENT in below else suggestion(path.removeprefix(ROOT), below)


ROOT, DOCUMENT = "/__admin/", "openapi.json"


def handle_errors(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(Refused, lambda refused: error(refused.status, refused.message))
    blueprint.register_error_handler(MockServerError, _known)
    blueprint.register_error_handler(HTTPException, lambda problem: error(problem.code or 500, problem.description or ""))
    blueprint.register_error_handler(Exception, _unknown)


def _known(problem: MockServerError) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(problem, kind)), 500)
    field = problem.field if isinstance(problem, InvalidRequest | SettingsError) else None
    return error(status, str(problem), field)


def _unknown(problem: Exception) -> Response:
    _log.error("%s %s: %s", flask.request.method, flask.request.path, problem, exc_info=problem)
    return error(500, "the mock itself failed; see its log")
