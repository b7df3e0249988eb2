"""The console's door: its pages, its files and its guard, added to the application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import flask
from flask import Blueprint, Flask
from jinja2 import StrictUndefined
from werkzeug.wrappers import Response

from mockserver.control import Control
from mockserver.web.admin.guard import CONSOLE
from mockserver.web.console import access, clock, faults, live, login, organization, overview, requests, sessions, words
from mockserver.web.console.extension import NAME, Console
from mockserver.web.console.guard import ConsoleGuard
from mockserver.web.console.keeper import Keeper
from mockserver.web.console.pages import handle_errors, secured

if TYPE_CHECKING:
    from mockserver.assemble import Assembly

VIEWS = (overview, organization, clock, requests, sessions, faults, access, live)

TYPES = {".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
"""Media types by ending, the same whatever the system thinks of them."""

_FILES = Path(__file__).parent / "static"

_FILTERS = (words.shown, words.cut, words.body, words.moment, words.hour, words.day, words.span, words.proof)


def register(app: Flask, assembly: Assembly) -> None:
    """Adds the console of `assembly` to the application, behind its guard."""
    console, keeper = Console(Control(assembly)), Keeper(assembly.settings.admin_token)
    app.extensions[NAME] = console
    app.jinja_options = {**app.jinja_options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    blueprint = Blueprint("console", __name__, url_prefix=CONSOLE, template_folder="templates")
    for views in VIEWS:
        views.add(blueprint, console)
    login.add(blueprint, keeper)
    blueprint.add_url_rule("/assets/<name>", "asset", _asset)
    blueprint.app_context_processor(lambda: _common(keeper))
    for filter in _FILTERS:
        blueprint.add_app_template_filter(filter)
    handle_errors(blueprint)
    blueprint.after_request(secured)
    app.register_blueprint(blueprint)
    app.before_request(ConsoleGuard(keeper))


def _asset(name: str) -> Response:
    path = _FILES / name
    if path.suffix not in TYPES or path.parent != _FILES or not path.is_file():
        flask.abort(404)
    response = flask.send_file(path, mimetype=TYPES[path.suffix])
    response.headers["Cache-Control"] = "no-cache"
    return response


def _common(keeper: Keeper) -> dict[str, Any]:
    """What every template may use."""
    return {
        "signed_in": bool(keeper.token) and keeper.visitor() is not None,
        "form_word": keeper.form_word() if keeper.token else "",
        "here": _here(),
        "done": words.DONE.get(flask.request.args.get("done", "")),
    }


def _here() -> str:
    """This page's address, for forms to come back to; without what it says once."""
    arguments = [(name, value) for name, value in flask.request.args.items(multi=True) if name != "done"]
    return f"{flask.request.path}?{urlencode(arguments, errors='replace')}" if arguments else flask.request.path
