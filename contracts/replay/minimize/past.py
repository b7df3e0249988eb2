"""The past of a request, from an organisation's journal and records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from contracts.replay.recording import USUAL, RecordedStep, Recording, WorldStep
from contracts.replay.traces import of_entries
from mockserver.control import Tenant
from mockserver.control.sessions import SessionView
from mockserver.control.tokens import TokenView
from mockserver.engine.model import UNASSIGNED, WRITE_SCOPE
from mockserver.errors import NotFound
from mockserver.journal import Answer, Arrival
from mockserver.journal_queries import pair_up

MOST_DONE = 200
"""Most control events that are looked at, the latest ones."""

PAGE = 1000

SCOPE_CHANGES = frozenset({"set_scopes", "grant_scope", "revoke_scope"})

Scopes = tuple[str, ...]


class Past(NamedTuple):
    """One request, and everything before it. Times are in milliseconds.

    `steps` are the requests that were decided before it, in that order, and `done` the control events.
    """

    tenant: Tenant
    recording: Recording
    arrival: Arrival
    answer: Answer
    step: RecordedStep
    steps: list[RecordedStep]
    done: list[WorldStep]

    @property
    def at(self) -> int:
        """The time at which it was decided."""
        return self.step.earliest

    @property
    def policy_now(self) -> dict[str, Any]:
        """The policy, whenever it was set."""
        return self.recording.policy or USUAL

    def issue(self, token: str | None) -> RecordedStep | None:
        """Return the request that was issued a token, or None."""
        return next((step for step in self.steps if token and step.token == token), None)

    def creation(self, session: str) -> RecordedStep | None:
        """Return the request that was issued a session, or None."""
        return next((step for step in self.steps if step.issued == session), None)

    def accepted(self, session: str) -> Iterator[RecordedStep]:
        """Yield the messages of a session that were accepted."""
        return (step for step in self.steps if step.known == "accepted" and step.session == session)

    def logins(self, client: str | None, after: RecordedStep | None) -> list[RecordedStep]:
        """Return the requests that issued a client's tokens, after the one given."""
        issues = [step for step in self.steps if step.token is not None and self.client(step) == client]
        return issues[issues.index(after) + 1 :] if after in issues else issues

    def client(self, step: RecordedStep) -> str | None:
        """Return the OAuth client of a request, or None."""
        if step.operation == "token":
            return step.client
        issue = self.issue(step.credential.token)
        return issue.client if issue is not None else None

    # -- what the records have ---------------------------------------------------------------------------------------

    def token_record(self, token: str) -> TokenView | None:
        """Return a token from the store, for one whose issue has left the journal; None if it is not there."""
        if self.tenant.id == UNASSIGNED:
            return None
        after = ""
        while page := self.tenant.tokens.list(PAGE, after):
            found = next((view for view in page if view.token == token), None)
            if found is not None or len(page) < PAGE:
                return found
            after = page[-1].token
        return None

    def session_record(self, session: str) -> SessionView | None:
        """Return a session from the store, for one whose creation has left the journal; None if it is not there."""
        try:
            return self.tenant.sessions.get(session)
        except NotFound:
            return None

    # -- scopes of OAuth clients -------------------------------------------------------------------------------------

    def first_scopes(self, client: str) -> Scopes | None:
        """Return a client's scopes before all known changes, or the usual one; None if the organisation does not have it."""
        views = self.tenant.clients.list() if self.tenant.id != UNASSIGNED else []
        now = next((view.scopes for view in views if view.client_id == client), None)
        changes = _of(client, self.recording.world)
        if now is None or any(change.what == "set_scopes" for change in changes):
            return None if now is None else (WRITE_SCOPE,)
        for change in reversed(changes):
            scope = change.detail["scope"]
            now = tuple(one for one in now if one != scope) if change.what == "grant_scope" else (*now, scope)
        return tuple(dict.fromkeys(now))

    def later_scopes(self, client: str, scopes: Scopes) -> Iterator[tuple[WorldStep, Scopes]]:
        """Yield each change before the request, and the scopes after it of the client, which had `scopes` at first."""
        for change in _of(client, self.done):
            scope = change.detail.get("scope", "")
            if change.what == "set_scopes":
                scopes = tuple(change.detail["scopes"])
            elif change.what == "grant_scope":
                scopes = tuple(dict.fromkeys((*scopes, scope)))
            else:
                scopes = tuple(one for one in scopes if one != scope)
            yield change, scopes


def _of(client: str, events: Iterable[WorldStep]) -> list[WorldStep]:
    return [event for event in events if event.what in SCOPE_CHANGES and event.detail.get("client_id") == client]


def past_of(tenant: Tenant, context_id: str) -> Past:
    """Return the request with this contextId and its past. Raises NotFound, also if it is not answered yet."""
    entries = list(tenant.trace())
    pair = next(iter(pair_up(entry for entry in entries if getattr(entry, "context_id", "") == context_id)), None)
    if pair is None:
        raise NotFound("request", context_id, "it has left the bounded journal, or was never made here")
    arrival, answer = pair
    if answer is None:
        raise NotFound("answer", context_id, "none is journalled yet")
    recording = of_entries(entries, context_id)
    step = next(one for one in recording.steps if one.context == context_id)
    before = [one for one in recording.steps if one is not step and one.known and one.earliest <= step.earliest]
    done = [event for event in recording.world if event.order < step.order and event.at <= step.earliest]
    return Past(tenant, recording, arrival, answer, step, before, done[-MOST_DONE:])
