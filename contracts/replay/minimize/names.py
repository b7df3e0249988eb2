"""The OAuth clients, tokens and sessions of a journal that a story saves, each under a name from its first use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from contracts.replay.minimize.past import Past
from contracts.replay.recording import RecordedStep
from contracts.stories.model import CLIENT, Create, CreateClient, Send, SetScopes, Token
from contracts.stories.model import Step as StoryStep
from mockserver.engine.model import WRITE_SCOPE
from mockserver.journal import Guest

SESSION = "session"


class Moment(NamedTuple):
    """A step and its time: milliseconds, and its place among those of the same millisecond."""

    at: int
    place: int
    step: StoryStep


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
        first = self._past.first_scopes(id)
        if first is None:
            return None
        if id == self._past.tenant.client_id:
            name = self.clients[id] = CLIENT
            if first != (WRITE_SCOPE,):
                self.moments.append(Moment(0, 0, SetScopes(scopes=first)))
        else:
            name = self.clients[id] = fresh("other", self.clients.values())
            self.moments.append(Moment(0, 0, CreateClient(save=name, scopes=None if first == (WRITE_SCOPE,) else first)))
        changes = self._past.later_scopes(id, first)
        self.moments.extend(Moment(one.at, one.order, SetScopes(client=f"${name}", scopes=scopes)) for one, scopes in changes)
        return name

    def token(self, token: str | None) -> str | None:
        """Return the name of a token, by its pseudonym; None if it is not known to be issued here."""
        if token is None or token in self._tokens:
            return self._tokens.get(token or "")
        issue = self._past.issue(token)
        if issue is not None:
            name = self._tokens[token] = fresh("token", self._tokens.values())
            self.moments.append(_moment(issue, self.login(issue, name)))
            return name
        record = self._past.token_record(token)
        if record is None:
            return None
        return self._token_at(token, round(record.issued * 1000), record.client_id, record.scopes)

    def login(self, issue: RecordedStep, save: str | None) -> Token:
        """Return a request that was issued a token, as a step of the story."""
        client = self.client(issue.client) or CLIENT
        return Token(client=f"${client}", form=_narrowed(issue.scopes), save=save)

    def session(self, session: str) -> str | None:
        """Return the name of a session, and collect its accepted messages; None if nothing is known of it."""
        creation = self._past.creation(session)
        if creation is not None:
            guest, token = _guest(creation), self.token(creation.credential.token)
            at, place = creation.earliest, creation.order
        else:
            record = self._past.session_record(session)
            if record is None:
                return None
            guest = record.guest if record.guest.name or record.guest.email else None
            at, place = round(record.created * 1000), 1
            token = self._token_at(f"of {record.client_id}", at, record.client_id, None)
        self.moments.append(Moment(at, place, Create(token=f"${token}", guest=guest, save=SESSION)))
        self.moments.extend(_moment(step, self._message(step)) for step in list(self._past.accepted(session)))
        return SESSION

    def _token_at(self, key: str, at: int, client: str, scopes: tuple[str, ...] | None) -> str:
        """Name a token whose issue has left the journal."""
        name = self._tokens[key] = fresh("token", self._tokens.values())
        form = None if scopes is None else _narrowed(" ".join(scopes))
        self.moments.append(Moment(at, 0, Token(client=f"${self.client(client) or CLIENT}", form=form, save=name)))
        return name

    def _message(self, step: RecordedStep) -> Send:
        text = step.document.get("text")
        return Send(session=f"${SESSION}", text=text or "Hello", token=f"${self.token(step.credential.token)}")


def _moment(step: RecordedStep, made: StoryStep) -> Moment:
    return Moment(step.earliest, step.order, made)


def _guest(step: RecordedStep) -> Guest | None:
    try:
        return msgspec.convert(step.document.get("guest"), Guest)
    except msgspec.ValidationError:
        return None


def fresh(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken: `token`, `token_2` …"""
    used, number = set(taken), 2
    found = name
    while found in used:
        found, number = f"{name}_{number}", number + 1
    return found


def _narrowed(scope: str | None) -> dict[str, str] | None:
    return {"grant_type": "client_credentials", "scope": scope} if scope else None
