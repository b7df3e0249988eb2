"""How every page of the console is made and sent."""

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
"""Nothing is let in but the console's own files; what stands in a page is never run."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer` browsers send `Origin: null` along with forms
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
    """The response with what keeps others out of it."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A template as a response."""
    return Response(flask.render_template(f"console/{template}", **values), status, mimetype="text/html")


def done(word: str, fallback: str) -> AnyResponse:
    """The answer to a form that did its work: back to the page it was sent from, which says so in the words of `DONE`."""
    place = back(fallback)
    joint = "&" if "?" in place else "?"
    return flask.redirect(f"{place}{joint}done={word}", 303)


def back(fallback: str) -> str:
    """The page of this console that a form says it was sent from."""
    wanted = flask.request.form.get("back") or flask.request.args.get("back") or ""
    mine = wanted == CONSOLE or wanted.startswith((f"{CONSOLE}/", f"{CONSOLE}?"))
    return wanted if mine and wanted.isprintable() and "\\" not in wanted else fallback


def problem_page(status: int, title: str, told: str, links: tuple[tuple[str, str], ...] = ()) -> Response:
    """A page that says what is the matter and leads on: `links` are pairs of address and text."""
    return page("problem.html", status, title=title, told=told, links=links)


def handle_errors(app: Flask) -> None:
    """Turns whatever the views raise into a page."""
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(MockServerError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _not_found(problem: NotFound) -> Response:
    id = (flask.request.view_args or {}).get("id", "default")
    title, told, endpoint, link = _ABSENT.get(problem.kind, _ABSENT["organization"])
    address = flask.url_for(endpoint) if endpoint == "console.overview" else flask.url_for(endpoint, id=id)
    links = ((address, link), (flask.url_for("console.overview"), "All organisations"))
    return problem_page(404, title, f"{told} ({problem})", links if endpoint != "console.overview" else links[:1])


_ABSENT = {
    "organization": (
        "No such organisation",
        "It was deleted, or this server never had it; a server in memory forgets all when it stops.",
        "console.overview",
        "All organisations",
    ),
    "request": (
        "No such request",
        "The journal is bounded: the oldest requests leave it as new ones come, and a reset empties it.",
        "console.requests",
        "The requests that are there",
    ),
    "session": (
        "No such session",
        "It was never issued here, or it ended so long ago that it is forgotten.",
        "console.sessions",
        "The sessions that are there",
    ),
    "token": ("No such token", "It was never issued here, or it is forgotten.", "console.access", "The tokens that are there"),
    "client": ("No such OAuth client", "The organisation has no client of this id.", "console.access", "Its OAuth clients"),
}


def _known(problem: MockServerError) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(problem, kind)), 500)
    return problem_page(status, "That could not be done", f"{problem}")


def _http(problem: HTTPException) -> Response:
    return problem_page(problem.code or 500, problem.name, problem.description or "")


def _unknown(problem: Exception) -> Response:
    _log.error("%s %s: %s", flask.request.method, flask.request.path, problem, exc_info=problem)
    return problem_page(500, "The mock failed at this", "Its log says how.")
