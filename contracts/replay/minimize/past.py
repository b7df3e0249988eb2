"""The past of a request, from an organisation's journal and records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mockserver.control import Tenant
from mockserver.control.sessions import SessionView
from mockserver.control.tokens import TokenView
from mockserver.engine.model import UNASSIGNED, WRITE_SCOPE, Policy
from mockserver.errors import NotFound
from mockserver.exchanges import Pair, pair_up
from mockserver.explain.case import client_of, when
from mockserver.journal import Answer, Entry, Header, Perturbed
from mockserver.settings import policy_to

MOST_DONE = 200
"""Most perturbations that are looked at, the latest ones."""

PAGE = 1000


class Past(NamedTuple):
    """One request, and everything before it. Times are in milliseconds."""

    tenant: Tenant
    pair: Pair
    answer: Answer
    policy_now: dict[str, Any]
    pairs: list[Pair]
    """Requests that were decided before it, in that order."""
    done: list[Perturbed]
    """Perturbations before it."""
    done_since: list[Perturbed]

    @property
    def at(self) -> int:
        """The time at which it was decided."""
        return when(self.pair)

    def issue(self, token: str | None) -> Pair | None:
        """Return the request that was issued a token, or None."""
        return next((pair for pair in self.pairs if token and _answer(pair).token == token), None)

    def creation(self, session: str) -> Pair | None:
        """Return the request that was issued a session, or None."""
        return next((pair for pair in self.pairs if _answer(pair).issued == session), None)

    def accepted(self, session: str) -> Iterator[Pair]:
        """Yield the messages of a session that were accepted."""
        for pair in self.pairs:
            change = _answer(pair).session
            if _answer(pair).accepted and change is not None and change.id == session:
                yield pair

    def logins(self, client: str | None, after: Pair | None) -> list[Pair]:
        """Return the requests that issued a client's tokens, after the one given."""
        issues = [pair for pair in self.pairs if _answer(pair).token is not None and self.client(pair) == client]
        return issues[issues.index(after) + 1 :] if after in issues else issues

    def client(self, pair: Pair) -> str | None:
        """Return the OAuth client of a request, or None."""
        return client_of(pair.arrival, self.pairs)

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

    def scopes_now(self, client: str) -> tuple[str, ...] | None:
        """Return the current scopes of an OAuth client; None if the organisation does not have it."""
        if self.tenant.id == UNASSIGNED:
            return None
        return next((view.scopes for view in self.tenant.clients.list() if view.client_id == client), None)


def past_of(tenant: Tenant, context_id: str) -> Past:
    """Return the request with this contextId and its past. Raises NotFound, also if it is not answered yet."""
    policy, entries = _read(tenant)
    pairs = pair_up(entries)
    pair = next((one for one in pairs if one.arrival.context_id == context_id), None)
    if pair is None:
        raise NotFound("request", context_id, "it has left the bounded journal, or was never made here")
    if pair.answer is None:
        raise NotFound("answer", context_id, "none is journalled yet")
    before = [one for one in pairs if _is_before(one, pair)]
    before.sort(key=lambda one: (when(one), one.arrival.seq))
    done, since = list[Perturbed](), list[Perturbed]()
    for entry in entries:
        if isinstance(entry, Perturbed):
            (done if entry.seq < pair.answer.seq and entry.at <= when(pair) else since).append(entry)
    return Past(tenant, pair, pair.answer, policy, before, done[-MOST_DONE:], since)


def _read(tenant: Tenant) -> tuple[dict[str, Any], list[Entry]]:
    header, *entries = tenant.trace()
    policy = header.policy if isinstance(header, Header) else {}
    return policy or policy_to(Policy()), entries


def _is_before(one: Pair, pair: Pair) -> bool:
    if one.answer is None or one.arrival.context_id == pair.arrival.context_id:
        return False
    return when(one) <= when(pair)


def _answer(pair: Pair) -> Answer:
    assert pair.answer is not None  # those without an answer are left out
    return pair.answer


# -- scopes -------------------------------------------------------------------------------------------------------------

Scopes = tuple[str, ...]

CHANGES = frozenset({"set_scopes", "grant_scope", "revoke_scope"})


def at_first(past: Past, client: str, now: Scopes) -> Scopes:
    """Return the client's scopes before all known changes; the usual scope if they are unknown."""
    changes = list(_of(client, [*past.done, *past.done_since]))
    if any(change.what == "set_scopes" for change in changes):
        return (WRITE_SCOPE,)
    for change in reversed(changes):
        scope = change.detail["scope"]
        now = tuple(one for one in now if one != scope) if change.what == "grant_scope" else (*now, scope)
    return tuple(dict.fromkeys(now))


def over_time(past: Past, client: str, first: Scopes) -> Iterator[tuple[Perturbed, Scopes]]:
    """Yield each change before the request, and the client's scopes after it."""
    for change in _of(client, past.done):
        scope = change.detail.get("scope", "")
        if change.what == "set_scopes":
            first = tuple(change.detail["scopes"])
        elif change.what == "grant_scope":
            first = tuple(dict.fromkeys((*first, scope)))
        else:
            first = tuple(one for one in first if one != scope)
        yield change, first


def _of(client: str, entries: Iterable[Perturbed]) -> Iterator[Perturbed]:
    return (entry for entry in entries if entry.what in CHANGES and entry.detail.get("client_id") == client)
