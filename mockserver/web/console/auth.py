"""Sign-in to the console, and the CSRF tokens of its forms.

The sign-in cookie does not contain the control API's token. It is signed with a key derived from it, so a server with another
token rejects it. The visit it names is kept in the store until it ends. Signing out therefore holds for every process on the
store, and losing the store signs visitors out.
"""

from __future__ import annotations

import secrets

import flask
from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from mockserver.stores.base import Store
from mockserver.web.admin.tries import Tries
from mockserver.web.console.extension import CONSOLE

MAX_AGE = 12 * 3600
"""Seconds that a sign-in lasts."""


class Keeper:
    """Signs people in and out, and recognises them. If `token` is empty, no sign-in is needed."""

    def __init__(self, token: str, store: Store) -> None:
        self.token, self.tries, self._store = token, Tries(), store
        key = token or secrets.token_hex()
        self._visits = URLSafeTimedSerializer(key, salt="dayfly.console.visit")
        self._forms = Signer(key, salt="dayfly.console.form")

    def fits(self, shown: str) -> bool:
        """Return whether this is the control API's token. Raises TooManyTries before comparing it."""
        return self.tries.fits(shown, self.token, flask.request.remote_addr)

    def sign_in(self, response: Response) -> None:
        """Begin a visit and set the cookie."""
        name = secrets.token_urlsafe(16)
        self._store.begin_visit(name, MAX_AGE)
        response.set_cookie(
            cookie_name(),
            str(self._visits.dumps(name)),
            max_age=MAX_AGE,
            path=CONSOLE,
            secure=flask.request.is_secure,
            httponly=True,
            samesite="Strict",
        )

    def sign_out(self, response: Response) -> None:
        """Delete the cookie and end the visit, so that a copy of the cookie is useless afterwards."""
        visitor = self.visitor()
        if visitor is not None:
            self._store.end_visit(visitor)
        response.delete_cookie(cookie_name(), path=CONSOLE, httponly=True, samesite="Strict")

    def visitor(self) -> str | None:
        """Return the random id of the signed-in visitor, None if there is none or the visit has ended.

        Raises StoreUnavailable, but only once per request, so that the error page can be rendered for no visitor.
        """
        if "visitor" not in flask.g:
            flask.g.visitor = None
            flask.g.visitor = self._visitor()
        found: str | None = flask.g.visitor
        return found

    def _visitor(self) -> str | None:
        try:
            name = self._visits.loads(flask.request.cookies.get(cookie_name(), ""), max_age=MAX_AGE)
        except BadSignature:
            return None
        return name if isinstance(name, str) and self._store.has_visit(name) else None

    def form_word(self) -> str:
        """Return the CSRF token for this visitor's forms, empty without a visitor."""
        visitor = self.visitor()
        return self._forms.get_signature(visitor).decode() if visitor is not None else ""

    def wrote(self, word: str) -> bool:
        """Return whether a form with this CSRF token was made for this visitor."""
        visitor = self.visitor()
        return visitor is not None and self._forms.verify_signature(visitor, word)


def cookie_name() -> str:
    """Return the cookie's name, which contains the port, because browsers share cookies among the ports of a host."""
    port = flask.request.host.rpartition(":")[2]
    return f"dayfly-console-{port}" if port.isdecimal() and port.isascii() else "dayfly-console"
