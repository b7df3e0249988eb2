"""An organisation's bearer tokens, named by pseudonyms: only the clients that got them know their values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from msgspec import Struct

from mockserver.control import checks
from mockserver.control.editor import Editor, gone
from mockserver.engine import access
from mockserver.engine.model import OAuthClient, Policy, Reason, Token
from mockserver.errors import NotFound
from mockserver.ids import pseudonym


class TokenView(Struct, frozen=True, kw_only=True):
    """A token at the moment it was read.

    `state` is `active`, `expired`, `idle`, `revoked` or `evicted`. Times are seconds since the epoch. `scopes` is what the
    token was narrowed to, or None for all scopes of its OAuth client.
    """

    token: str
    client_id: str
    state: str
    issued: float
    expires_at: float
    last_used: float
    scopes: tuple[str, ...] | None


class TokenPage(Struct, frozen=True, kw_only=True):
    """Some of the tokens. `next` is where the next page begins, None if this is the last."""

    tokens: list[TokenView]
    next: str | None


class Tokens:
    """One organisation's tokens. A token is named by its pseudonym, as in lists and the journal, or by its value."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def list(self, limit: int = 100, after: str = "") -> list[TokenView]:
        """Return up to `limit` tokens in order of issue, those after the one with the pseudonym `after`."""
        return self.page(limit, after).tokens

    def page(self, limit: int = 100, after: str = "") -> TokenPage:
        """Return a page of tokens and where the next one begins, which stays valid if its last token is forgotten."""
        (organization, now), most = self._editor.moment(), checks.limit(limit)
        first = self._place(after) if after.startswith("t:") else self._editor.place(Token, after)
        found = list(islice(self._editor.placed(Token, first), most))
        following = str(found[-1][0]) if len(found) == most else None
        clients = self._clients() if found else {}
        views = [_view(token, now, organization.policy, clients) for _, token in found]
        return TokenPage(tokens=views, next=following)

    def expire(self, token: str | None = None) -> int:
        """Expire a token, or all live ones (401 `credentials.expired`), and return how many. Journalled as `expire_tokens`."""
        return self._end(token, Reason.AUTH_EXPIRED, "expire_tokens")

    def revoke(self, token: str | None = None) -> int:
        """Revoke a token, or all live ones (401 `bad.credentials`), and return how many. Journalled as `revoke_tokens`."""
        return self._end(token, Reason.AUTH_REVOKED, "revoke_tokens")

    def _end(self, token: str | None, reason: Reason, what: str) -> int:
        policy, clients = self._editor.organization().policy, self._clients()

        def edit(record: Token, now: int) -> Token:
            refused = access.check_token(record, now, policy, clients.get(record.client_id))
            return record if refused else access.end(record, reason)

        return self._editor.change_all(Token, edit, what) if token is None else self._end_one(token, edit, what)

    def _end_one(self, token: str, edit: Callable[[Token, int], Token], what: str) -> int:
        found = self._find(token)
        changed = self._editor.change(Token, found.value, edit, what, {"token": pseudonym(found.value), "count": 1})
        return int(changed.version > found.version)

    def _place(self, name: str) -> int:
        for place, record in self._editor.placed(Token):
            if pseudonym(record.value) == name:
                return place
        raise gone(name, "after")

    def _find(self, token: str) -> Token:
        name = token if token.startswith("t:") else pseudonym(token)
        for record in self._editor.all(Token):
            if pseudonym(record.value) == name:
                return record
        raise NotFound("token", name)

    def _clients(self) -> dict[str, OAuthClient]:
        return {client.id: client for client in self._editor.all(OAuthClient)}


def _view(token: Token, now: int, policy: Policy, clients: dict[str, OAuthClient]) -> TokenView:
    refused = access.check_token(token, now, policy, clients.get(token.client_id))
    return TokenView(
        token=pseudonym(token.value),
        client_id=token.client_id,
        state="active" if refused is None else refused.removeprefix("auth."),
        issued=token.issued / 1000,
        expires_at=token.expires_at / 1000,
        last_used=token.last_used / 1000,
        scopes=token.scopes,
    )
