"""Access to the console: for callers of the control API, and for people who signed in with its token.

Changes must come from a page of the same origin. With a cookie, their form must also carry a CSRF token.
"""

from __future__ import annotations

import flask
from werkzeug.exceptions import BadRequest, MethodNotAllowed
from werkzeug.wrappers import Response

from mockserver.web.admin.guard import SAFE, is_local, is_same_origin, shows_token, too_many_tries
from mockserver.web.admin.tries import TooManyTries
from mockserver.web.console.auth import Keeper, cookie_name
from mockserver.web.console.extension import CONSOLE
from mockserver.web.console.pages import problem_page

FORM_WORD = "form_word"
"""The field with the CSRF token in every form."""

MAX_FORM = 1 << 20
"""The most bytes of a form, including unexpected files."""

LOGIN = f"{CONSOLE}/login"
ASSETS = f"{CONSOLE}/assets/"

_LOCAL = "Without a token the console is for this machine only. To open it to others, start the server with --admin-token."


class ConsoleGuard:
    """Runs before every request, and answers instead of the view if access is not allowed."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def __call__(self) -> Response | None:
        """Return the refusal, or None to let the request pass."""
        flask.request.max_content_length = MAX_FORM
        if isinstance(flask.request.routing_exception, BadRequest):  # without a Host no URL can be built
            return Response("The Host header is not a host name. Call the server by its own address.\n", 400)
        return self._refusal() or _routing_problem()

    def _refusal(self) -> Response | None:
        changes = flask.request.method not in SAFE
        if not self._keeper.token and not is_local():
            return problem_page(403, "Not allowed from this address", _LOCAL)
        if changes and not is_same_origin():
            return problem_page(
                403, "Not allowed from another origin", "The console rejects changes from pages of other origins."
            )
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
            told = "This form is from an earlier sign-in. Go back, reload the page, and send it again."
            return problem_page(403, "An old form", told)
        return None


def _to_login(changes: bool) -> Response:
    """Return a redirect to the sign-in page, which says so if a visit has expired.

    After a change it does not lead back: the change is not repeated, and the person should look at the page first.
    """
    request = flask.request
    why = "expired" if cookie_name() in request.cookies else None
    back = None if changes or request.path.endswith("/events") else request.full_path.rstrip("?")
    return flask.redirect(flask.url_for("console.login", why=why, back=back), 303)


def _routing_problem() -> Response | None:
    problem = flask.request.routing_exception
    if problem is None:
        return None
    if isinstance(problem, MethodNotAllowed):
        response = problem_page(405, "Method not allowed", "This address accepts only forms; it has no page.")
        response.headers["Allow"] = ", ".join(sorted(problem.valid_methods or ()))
        return response
    return problem_page(404, "Nothing here", "The console has no page at this address.")
