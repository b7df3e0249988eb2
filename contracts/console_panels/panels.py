"""Registers the panels and tabs: on the console's pages, beside them, and on the control API."""

from __future__ import annotations

from pathlib import Path

import flask
from flask import Blueprint, Flask, Response
from markupsafe import Markup

from contracts.console_panels.contract import ContractTab
from contracts.console_panels.reproduce import Reproductions
from contracts.report.markup import inside, prose
from mockserver.assemble import Assembly
from mockserver.control import Control
from mockserver.web.admin.answers import handle_errors
from mockserver.web.admin.guard import PREFIX
from mockserver.web.console import NAME, Console

_SHEETS = (Path(__file__).parent / "panels.css", Path(__file__).parents[1] / "report" / "lanes.css")


def add(app: Flask, assembly: Assembly, platform: str = "") -> None:
    """Add the panel, the tab, the downloads, and the same as JSON. `platform` is a declared one, and lacks the tab."""
    console: Console = app.extensions[NAME]
    app.jinja_env.filters["coded"] = lambda text: Markup(inside(prose(text)))  # names in backticks become code
    found = Reproductions(Control(assembly), platform)
    console.add_panel("reproduce", "Reproduce", found.panel)
    if not platform:
        console.add_tab("contract", "Contract", ContractTab().view)
    console.add_views(lambda blueprint, _: _add_to_console(blueprint, found))
    blueprint = Blueprint("panels", __name__, url_prefix=PREFIX, template_folder="templates")
    blueprint.add_url_rule("/organizations/<id>/requests/<context_id>/reproduce", "reproduce", found.as_json)
    handle_errors(blueprint)
    app.register_blueprint(blueprint)


def _add_to_console(blueprint: Blueprint, found: Reproductions) -> None:
    blueprint.add_url_rule("/panels.css", "panels_style", _style)
    blueprint.add_url_rule("/organizations/<id>/requests/<context_id>/reproduce.<kind>", "reproduce_file", found.download)


def _style() -> Response:
    sheet = "".join(path.read_text("utf-8") for path in _SHEETS)
    response = flask.Response(sheet, mimetype="text/css")
    response.headers["Cache-Control"] = "no-cache"
    return response
