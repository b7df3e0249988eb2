"""An organisation's bearer tokens, named by pseudonyms: only the clients that got them know their values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from msgspec import Struct

from mockserver.control import checks
from mockserver.control.records import CLIENTS, TOKENS, Records, gone, revoke
from mockserver.engine import life
from mockserver.engine.decide import refuse_token
from mockserver.engine.model import Credential, Policy
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


Edit = Callable[[Credential, int], Credential]


class Tokens:
    """One organisation's tokens. A token is named by its pseudonym, as in lists and the journal, or by its value."""

    def __init__(self, editor: Records) -> None:
        self._editor = editor

    def list(self, limit: int = 100, after: str = "") -> list[TokenView]:
        """Return up to `limit` tokens in order of issue, those after the one with the pseudonym `after`."""
        return self.page(limit, after).tokens

    def page(self, limit: int = 100, after: str = "") -> TokenPage:
        """Return a page of tokens and where the next one begins, which stays valid if its last token is forgotten."""
        (organization, now), most = self._editor.moment(), checks.limit(limit)
        first = self._place(after) if after.startswith("t:") else self._editor.place(TOKENS, after)
        found = list(islice(self._editor.placed(TOKENS, first), most))
        following = str(found[-1][0]) if len(found) == most else None
        clients = self._clients() if found else {}
        views = [_view(token, now, organization.policy, clients) for _, token in found]
        return TokenPage(tokens=views, next=following)

    def expire(self, token: str | None = None) -> int:
        """Expire a token, or all live ones (401 `credentials.expired`), and return how many. Journalled as `expire_tokens`."""
        return self._end(token, life.expire, "expire_tokens")

    def revoke(self, token: str | None = None) -> int:
        """Revoke a token, or all live ones (401 `bad.credentials`), and return how many. Journalled as `revoke_tokens`."""
        return self._end(token, revoke, "revoke_tokens")

    def _end(self, token: str | None, over: Edit, what: str) -> int:
        policy, clients = self._editor.organization().policy, self._clients()

        def edit(record: Credential, now: int) -> Credential:
            refused = refuse_token(record, now, policy, clients.get(record.within))
            return record if refused else over(record, now)

        return self._editor.change_all(TOKENS, edit, what) if token is None else self._end_one(token, edit, what)

    def _end_one(self, token: str, edit: Edit, what: str) -> int:
        found = self._find(token)
        changed = self._editor.change(TOKENS, found.id, edit, what, {"token": pseudonym(found.id), "count": 1})
        return int(changed.version > found.version)

    def _place(self, name: str) -> int:
        for place, record in self._editor.placed(TOKENS):
            if pseudonym(record.id) == name:
                return place
        raise gone(name, "after")

    def _find(self, token: str) -> Credential:
        name = token if token.startswith("t:") else pseudonym(token)
        for record in self._editor.all(TOKENS):
            if pseudonym(record.id) == name:
                return record
        raise NotFound("token", name)

    def _clients(self) -> dict[str, Credential]:
        return {client.id: client for client in self._editor.all(CLIENTS)}


def _view(token: Credential, now: int, policy: Policy, clients: dict[str, Credential]) -> TokenView:
    refused = refuse_token(token, now, policy, clients.get(token.within))
    return TokenView(
        token=pseudonym(token.id),
        client_id=token.within,
        state="active" if refused is None else refused.removeprefix("auth."),
        issued=token.issued_at / 1000,
        expires_at=token.expires_at / 1000,
        last_used=token.last_used / 1000,
        scopes=token.scopes,
    )
