"""Who may see the console: whoever may call the control API, and who has signed in with its token.

A change wants to come from a page of the same origin, and where a cookie speaks for its sender a form that carries a word made
from it, which a page of another origin cannot know.
"""

from __future__ import annotations

import flask
from werkzeug.exceptions import BadRequest, MethodNotAllowed
from werkzeug.wrappers import Response

from mockserver.web.admin.guard import SAFE, is_local, is_same_origin, shows_token, too_many_tries
from mockserver.web.admin.tries import TooManyTries
from mockserver.web.console.extension import CONSOLE
from mockserver.web.console.keeper import Keeper, cookie_name
from mockserver.web.console.pages import problem_page

FORM_WORD = "form_word"
"""The field of every form that proves where it comes from."""

MAX_FORM = 1 << 20
"""Bytes of a form at most, files that nobody asked for among them."""

LOGIN = f"{CONSOLE}/login"
ASSETS = f"{CONSOLE}/assets/"

_LOCAL = "Without a token the console is for this machine only. To open it to others, start the server with --admin-token."


class ConsoleGuard:
    """Called before every request; answers in place of the view where the console may not be used so."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def __call__(self) -> Response | None:
        """None lets the request pass."""
        flask.request.max_content_length = MAX_FORM
        if isinstance(flask.request.routing_exception, BadRequest):  # without a Host no page can be made
            return Response("The Host header is not a host name. Call the server by its own address.\n", 400)
        return self._refusal() or _routing_problem()

    def _refusal(self) -> Response | None:
        changes = flask.request.method not in SAFE
        if not self._keeper.token and not is_local():
            return problem_page(403, "Not from here", _LOCAL)
        if changes and not is_same_origin():
            return problem_page(403, "Not from there", "The console takes no changes from pages of another origin.")
        if not self._keeper.token or flask.request.path == LOGIN or flask.request.path.startswith(ASSETS):
            return None
        try:
            if shows_token(self._keeper.token, self._keeper.tries):
                return None
        except TooManyTries as problem:
            return too_many_tries(problem)
        if self._keeper.visitor() is None:
            return _to_login(changes)
        if changes and not self._keeper.wrote(flask.request.form.get(FORM_WORD, "")):
            told = "This form is from an earlier sign-in. Go back, reload the page, and send it once more."
            return problem_page(403, "An old form", told)
        return None


def _to_login(changes: bool) -> Response:
    """Where to sign in; who was and no longer is, is told so. A change is not made up for: its sender shall look first."""
    request = flask.request
    why = "expired" if cookie_name() in request.cookies else None
    back = None if changes or request.path.endswith("/events") else request.full_path.rstrip("?")
    return flask.redirect(flask.url_for("console.login", why=why, back=back), 303)


def _routing_problem() -> Response | None:
    problem = flask.request.routing_exception
    if problem is None:
        return None
    if isinstance(problem, MethodNotAllowed):
        response = problem_page(405, "Not that way", "This address takes forms only; it has no page of its own.")
        response.headers["Allow"] = ", ".join(sorted(problem.valid_methods or ()))
        return response
    return problem_page(404, "Nothing here", "The console has no page at this address.")
