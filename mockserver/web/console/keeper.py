"""Signing in to the console, and what its forms carry.

Signing in leaves a cookie that holds no token: it is signed with a key made from it, so every worker knows it, and a server
with another token does not.
"""

from __future__ import annotations

import secrets

import flask
from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from mockserver.web.admin.tries import Tries
from mockserver.web.console.extension import CONSOLE

MOST_ENDED = 10_000
"""Visits that are remembered as ended; only who has the token can end more, and then the oldest count again."""

MAX_AGE = 12 * 3600
"""Seconds that a sign-in lasts."""


class Keeper:
    """Signs people in and out, and knows who is. Where `token` is empty nobody needs to sign in."""

    def __init__(self, token: str) -> None:
        self.token, self.tries = token, Tries()
        key = token or secrets.token_hex()
        self._ended: dict[str, None] = {}
        self._visits = URLSafeTimedSerializer(key, salt="dayfly.console.visit")
        self._forms = Signer(key, salt="dayfly.console.form")

    def fits(self, shown: str) -> bool:
        """Return whether this is the control API's token. A wrong one is slowed. Raises TooManyTries."""
        return self.tries.fits(shown, self.token)

    def sign_in(self, response: Response) -> None:
        """Leaves the cookie."""
        response.set_cookie(
            cookie_name(),
            str(self._visits.dumps(secrets.token_urlsafe(16))),
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
            self._ended[visitor] = None
            if len(self._ended) > MOST_ENDED:
                self._ended.pop(next(iter(self._ended)), None)
        response.delete_cookie(cookie_name(), path=CONSOLE, httponly=True, samesite="Strict")

    def visitor(self) -> str | None:
        """Who signed in, by a name drawn then; None where nobody did, or too long ago."""
        try:
            name = self._visits.loads(flask.request.cookies.get(cookie_name(), ""), max_age=MAX_AGE)
        except BadSignature:
            return None
        return name if isinstance(name, str) and name not in self._ended else None

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
