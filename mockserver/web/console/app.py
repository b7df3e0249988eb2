"""The console as a WSGI application: its pages, its files and its guard."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlencode

import flask
from flask import Blueprint, Flask
from jinja2 import BaseLoader, ChoiceLoader, StrictUndefined
from werkzeug.wrappers import Response

from mockserver.web.console import access, clock, faults, filters, live, login, organization, overview, requests, sessions
from mockserver.web.console.auth import Keeper
from mockserver.web.console.extension import CONSOLE, Console
from mockserver.web.console.guard import ConsoleGuard
from mockserver.web.console.pages import handle_errors, secured

VIEWS = (overview, organization, clock, requests, sessions, faults, access, live)

TYPES = {".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
"""Media types by file ending, independent of the system's."""

_FILES = Path(__file__).parent / "static"

_FILTERS = (
    filters.shown,
    filters.coded,
    filters.cut,
    filters.body,
    filters.moment,
    filters.hour,
    filters.day,
    filters.span,
    filters.proof,
    quote,
)


def make_app(console: Console) -> Flask:
    """Return the console as an application of its own."""
    app, keeper = Flask(__name__, static_folder=None), Keeper(console.assembly.settings.admin_token, console.assembly.store)
    app.url_map.merge_slashes = False
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    loaders: list[BaseLoader | None] = [app.jinja_loader, console.host.jinja_env.loader]
    app.jinja_env.loader = ChoiceLoader([loader for loader in loaders if loader is not None])
    app.jinja_env.filters.update({filter.__name__: filter for filter in _FILTERS})
    app.context_processor(lambda: _common(keeper))
    app.jinja_env.globals["declared"] = console.assembly.declared
    blueprint = Blueprint("console", __name__, url_prefix=CONSOLE)
    named = dict(console.own)
    shown = [views for views in VIEWS if views not in {access, sessions} or views.__name__.rpartition(".")[2] in named]
    for add in (*(views.add for views in shown), *console.views):
        add(blueprint, console)
    login.add(blueprint, keeper)
    blueprint.add_url_rule("/assets/<name>", "asset", _asset)
    app.register_blueprint(blueprint)
    handle_errors(app)
    app.before_request(ConsoleGuard(keeper))
    app.after_request(secured)
    return app


def _asset(name: str) -> Response:
    path = next((path for path in _FILES.iterdir() if path.name == name and path.suffix in TYPES), None) or flask.abort(404)
    response = Response(path.read_bytes(), mimetype=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})
    response.add_etag()
    return response.make_conditional(flask.request)


def _common(keeper: Keeper) -> dict[str, Any]:
    """Return the values that every template may use."""
    return {
        "signed_in": bool(keeper.token) and keeper.visitor() is not None,
        "form_word": keeper.form_word() if keeper.token else "",
        "here": _here(),
        "done": filters.DONE.get(flask.request.args.get("done", "")),
    }


def _here() -> str:
    """Return this page's address for forms to return to, without the message of a form."""
    arguments = [(name, value) for name, value in flask.request.args.items(multi=True) if name != "done"]
    return f"{flask.request.path}?{urlencode(arguments, errors='replace')}" if arguments else flask.request.path
