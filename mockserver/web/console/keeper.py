"""Signing in to the console, and what its forms carry.

Signing in leaves a cookie that holds no token: it is signed with a key made from it, so a server with
another token does not know it. The visit it names is kept in the store until it ends. So signing out
holds for every process on the store, and if the store has lost the visit, the visitor is signed out.
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
    """Signs people in and out, and knows who is. Where `token` is empty nobody needs to sign in."""

    def __init__(self, token: str, store: Store) -> None:
        self.token, self.tries, self._store = token, Tries(), store
        key = token or secrets.token_hex()
        self._visits = URLSafeTimedSerializer(key, salt="dayfly.console.visit")
        self._forms = Signer(key, salt="dayfly.console.form")

    def fits(self, shown: str) -> bool:
        """Return whether this is the control API's token. Raises TooManyTries without a look at it."""
        return self.tries.fits(shown, self.token, flask.request.remote_addr)

    def sign_in(self, response: Response) -> None:
        """Begin a visit, and leave the cookie."""
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
        """Take the cookie away, and end the visit: a copy of the cookie is good for nothing afterwards."""
        visitor = self.visitor()
        if visitor is not None:
            self._store.end_visit(visitor)
        response.delete_cookie(cookie_name(), path=CONSOLE, httponly=True, samesite="Strict")

    def visitor(self) -> str | None:
        """Return who signed in, by a name drawn then; None if nobody did, too long ago, or if the visit has ended.

        Raises StoreUnavailable, once a request: the page that says so is for nobody.
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
        """What a form of this visitor carries; empty where nobody signed in."""
        visitor = self.visitor()
        return self._forms.get_signature(visitor).decode() if visitor is not None else ""

    def wrote(self, word: str) -> bool:
        """Whether a form that carries this word was made for this visitor."""
        visitor = self.visitor()
        return visitor is not None and self._forms.verify_signature(visitor, word)


def cookie_name() -> str:
    """Cookies know no ports: each server on a machine has one of its own."""
    port = flask.request.host.rpartition(":")[2]
    return f"dayfly-console-{port}" if port.isdecimal() and port.isascii() else "dayfly-console"
