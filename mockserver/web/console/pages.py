"""Rendering and sending of the console's pages."""

from __future__ import annotations

import logging
from typing import Any

import flask
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from mockserver.errors import ConflictError, InvalidRequest, MockServerError, NotFound, SettingsError, StoreUnavailable
from mockserver.web.console.extension import CONSOLE

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
"""Only the console's own files are loaded; scripts inside a page never run."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer`, browsers send `Origin: null` with forms
    "Cross-Origin-Resource-Policy": "same-origin",
}

_STATUS: dict[type[MockServerError], int] = {
    InvalidRequest: 400,
    SettingsError: 400,
    ConflictError: 409,
    StoreUnavailable: 503,
}

_log = logging.getLogger("dayfly")


def secured(response: AnyResponse) -> AnyResponse:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def page(template: str, status: int = 200, **values: Any) -> Response:
    return Response(flask.render_template(f"console/{template}", **values), status, mimetype="text/html")


def done(word: str, fallback: str) -> AnyResponse:
    """Return the answer to a form that succeeded: back to its page, which shows the message of `DONE`."""
    place = back(fallback)
    joint = "&" if "?" in place else "?"
    return flask.redirect(f"{place}{joint}done={word}", 303)


def back(fallback: str) -> str:
    """Return the console's page that a form was sent from, else `fallback`."""
    wanted = flask.request.form.get("back") or flask.request.args.get("back") or ""
    mine = wanted == CONSOLE or wanted.startswith((f"{CONSOLE}/", f"{CONSOLE}?"))
    return wanted if mine and wanted.isprintable() and "\\" not in wanted else fallback


def problem_page(status: int, title: str, told: str, links: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return a page that states a problem and links to other pages; `links` are pairs of address and text."""
    return page("problem.html", status, title=title, told=told, links=links)


def handle_errors(app: Flask) -> None:
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(MockServerError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _not_found(problem: NotFound) -> Response:
    id = (flask.request.view_args or {}).get("id", "default")
    title, told, endpoint, link = _ABSENT.get(problem.kind, _ABSENT["other"])
    address = flask.url_for(endpoint) if endpoint == "console.overview" else flask.url_for(endpoint, id=id)
    links = ((address, link), (flask.url_for("console.overview"), "All organisations"))
    return problem_page(404, title, f"{told} ({problem})", links if endpoint != "console.overview" else links[:1])


_ABSENT = {
    "organization": (
        "No such organisation",
        "It was deleted or never existed. A store in memory forgets everything when the server stops.",
        "console.overview",
        "All organisations",
    ),
    "other": (
        "That is not there",
        "It was never issued by this mock, or is forgotten.",
        "console.requests",
        "All requests",
    ),
    "request": (
        "No such request",
        "The journal is bounded: the oldest requests leave it as new ones come, and a reset empties it.",
        "console.requests",
        "All requests",
    ),
    "session": (
        "No such session",
        "It was never issued by this mock, or ended so long ago that it is forgotten.",
        "console.sessions",
        "All sessions",
    ),
    "token": ("No such token", "It was never issued by this mock, or is forgotten.", "console.access", "All tokens"),
    "client": ("No such OAuth client", "The organisation has no client with this id.", "console.access", "Its OAuth clients"),
}


def _known(problem: MockServerError) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(problem, kind)), 500)
    return problem_page(status, "That could not be done", f"{problem}")


def _http(problem: HTTPException) -> Response:
    return problem_page(problem.code or 500, problem.name, problem.description or "")


def _unknown(problem: Exception) -> Response:
    _log.error("%s %s: %s", flask.request.method, flask.request.path, problem, exc_info=problem)
    return problem_page(500, "The mock itself failed", "See its log.")
