"""The OAuth clients, tokens and sessions of a journal that a story saves, each under a name from its first use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from contracts.replay.minimize.past import Past, at_first, over_time
from contracts.stories.model import CLIENT, Create, CreateClient, Send, SetScopes, Step, Token
from mockserver.engine.model import WRITE_SCOPE
from mockserver.exchanges import Pair, guest_asked
from mockserver.explain.case import when

SESSION = "session"


class Moment(NamedTuple):
    """A step and its time: milliseconds, and its place among those of the same millisecond."""

    at: int
    place: int
    step: Step


class Names:
    """Collects the steps that save something which the request, or another step, needs."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self.moments: list[Moment] = []
        self.clients: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def client(self, id: str | None) -> str | None:
        """Return the name of an OAuth client; None if the organisation does not have it."""
        if id is None or id in self.clients:
            return self.clients.get(id or "")
        now = self._past.scopes_now(id)
        if now is None:
            return None
        first = at_first(self._past, id, now)
        if id == self._past.tenant.client_id:
            name = self.clients[id] = CLIENT
            if first != (WRITE_SCOPE,):
                self.moments.append(Moment(0, 0, SetScopes(scopes=first)))
        else:
            name = self.clients[id] = fresh("other", self.clients.values())
            self.moments.append(Moment(0, 0, CreateClient(save=name, scopes=None if first == (WRITE_SCOPE,) else first)))
        changes = over_time(self._past, id, first)
        self.moments.extend(Moment(one.at, one.seq, SetScopes(client=f"${name}", scopes=scopes)) for one, scopes in changes)
        return name

    def token(self, token: str | None) -> str | None:
        """Return the name of a token, by its pseudonym; None if it is not known to be issued here."""
        if token is None or token in self._tokens:
            return self._tokens.get(token or "")
        issue = self._past.issue(token)
        if issue is not None:
            name = self._tokens[token] = fresh("token", self._tokens.values())
            self.moments.append(Moment(when(issue), issue.arrival.seq, self.login(issue, name)))
            return name
        record = self._past.token_record(token)
        if record is None:
            return None
        return self._token_at(token, round(record.issued * 1000), record.client_id, record.scopes)

    def login(self, issue: Pair, save: str | None) -> Token:
        """Return a request that was issued a token, as a step."""
        client = self.client(self._past.client(issue)) or CLIENT
        body = issue.arrival.body
        scope = body.get("scope") if isinstance(body, dict) else None
        return Token(client=f"${client}", form=_narrowed(scope), save=save)

    def session(self, session: str) -> str | None:
        """Return the name of a session, and collect its accepted messages; None if nothing is known of it."""
        creation = self._past.creation(session)
        if creation is not None:
            guest, token = guest_asked(creation.arrival), self.token(creation.arrival.credential.token)
            at, place = when(creation), creation.arrival.seq
        else:
            record = self._past.session_record(session)
            if record is None:
                return None
            guest = record.guest if record.guest.name or record.guest.email else None
            at, place = round(record.created * 1000), 1
            token = self._token_at(f"of {record.client_id}", at, record.client_id, None)
        self.moments.append(Moment(at, place, Create(token=f"${token}", guest=guest, save=SESSION)))
        accepted = [Moment(when(pair), pair.arrival.seq, self._message(pair)) for pair in self._past.accepted(session)]
        self.moments.extend(accepted)
        return SESSION

    def _token_at(self, key: str, at: int, client: str, scopes: tuple[str, ...] | None) -> str:
        """Name a token whose issue has left the journal."""
        name = self._tokens[key] = fresh("token", self._tokens.values())
        form = None if scopes is None else _narrowed(" ".join(scopes))
        self.moments.append(Moment(at, 0, Token(client=f"${self.client(client) or CLIENT}", form=form, save=name)))
        return name

    def _message(self, pair: Pair) -> Send:
        body: Any = pair.arrival.body
        text = body.get("text") if isinstance(body, dict) else None
        return Send(session=f"${SESSION}", text=text or "Hello", token=f"${self.token(pair.arrival.credential.token)}")


def fresh(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken: `token`, `token_2` …"""
    used, number = set(taken), 2
    found = name
    while found in used:
        found, number = f"{name}_{number}", number + 1
    return found


def _narrowed(scope: str | None) -> dict[str, str] | None:
    return {"grant_type": "client_credentials", "scope": scope} if scope else None
