"""The facts about a request, read once, so that the explanation is a pure function of them."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec.structs import replace

from mockserver.engine import life
from mockserver.engine.decide import open_session
from mockserver.engine.model import UNASSIGNED, Credential, Organization, Policy, Reason
from mockserver.ids import was_issued
from mockserver.journal import Arrival, Entry, Guest, Perturbed
from mockserver.journal_queries import Pair, Reader, guest_asked, pair_up, session_of
from mockserver.service import PlatformService
from mockserver.stores.base import ORGANIZATION, Key

Known = Literal["remembered", "rebuilt", "forgotten", "never issued"]


class RequestCase:
    """One request among all requests of its organisation in the journal. Times are in milliseconds."""

    def __init__(
        self, pair: Pair, entries: list[Entry], organization: Organization, record: Credential | None, now: int
    ) -> None:
        self.pair, self.organization, self.now = pair, organization, now
        self.arrival, self.answer = pair
        self.session_id = session_of(pair)
        self._entries, self._record = entries, record

    @property
    def policy(self) -> Policy:
        return self.organization.policy

    @property
    def reason(self) -> Reason | None:
        """The reason of the answer, None if no answer is journalled."""
        return Reason(self.answer.reason) if self.answer is not None else None

    @property
    def acted(self) -> int:
        """When the platform decided; if it did not, when the answer left; if there is none, when the request arrived."""
        return when(self.pair)

    @cached_property
    def pairs(self) -> list[Pair]:
        return pair_up(self._entries)

    @cached_property
    def perturbed(self) -> list[Perturbed]:
        return [entry for entry in self._entries if isinstance(entry, Perturbed)]

    @cached_property
    def about(self) -> list[Pair]:
        """All requests about the session: its creation, and each request that presented its id."""
        return [pair for pair in self.pairs if session_of(pair) == self.session_id]

    @cached_property
    def creation(self) -> Pair | None:
        """The request that created the session."""
        return next((pair for pair in self.about if pair.answer is not None and pair.answer.issued), None)

    @cached_property
    def session(self) -> Credential | None:
        """The session from the store, or else rebuilt from the journal."""
        return self._record or (rebuilt(self.creation, self) if self.creation is not None else None)

    @property
    def known(self) -> Known:
        """The source of what is known about the session."""
        if self._record is not None:
            return "remembered"
        if self.session is not None:
            return "rebuilt"
        issued = self.session_id is not None and was_issued(self.session_id, self.organization.seal)
        return "forgotten" if issued else "never issued"

    @cached_property
    def granted(self) -> Policy:
        """The current policy, except for the limits that a remembered session was given when it was created and used."""
        session = self._record
        if session is None:
            return self.policy
        return replace(
            self.policy,
            idle_timeout=idle_span(session, self),
            ttl=self.policy.ttl if session.ended_by == "expired" else session.expires_at - session.issued_at,
            handshakes=(session.left or 0) + len(_accepted(self)) if self.creation is not None else self.policy.handshakes,
        )

    @cached_property
    def set_since(self) -> set[str]:
        """The names of the policy values that were set after the request arrived."""
        later = [entry for entry in self.perturbed if entry.what == "set_policy" and entry.seq > self.arrival.seq]
        return {name for entry in later for name in entry.detail}

    @cached_property
    def issue(self) -> Pair | None:
        """The request that got the token which this one shows."""
        return issue_of(self.arrival, self.pairs)

    @cached_property
    def client_id(self) -> str | None:
        """The OAuth client the request came from, if the journal shows it."""
        return client_of(self.arrival, self.pairs)


def when(pair: Pair) -> int:
    """Return when a request was decided, or else answered, or else when it arrived."""
    arrival, answer = pair
    if answer is None:
        return arrival.at
    return answer.at if answer.acted is None else answer.acted


def client_of(arrival: Arrival, pairs: list[Pair]) -> str | None:
    """Return the OAuth client of a request, from its own credentials or from the request that got its token."""
    if arrival.operation == "token":
        form = arrival.body.get("client_id") if isinstance(arrival.body, dict) else None
        return arrival.credential.client_id or (form if isinstance(form, str) else None)
    issue = issue_of(arrival, pairs)
    return client_of(issue.arrival, pairs) if issue is not None else None


def issue_of(arrival: Arrival, pairs: list[Pair]) -> Pair | None:
    """Return the request that got this one's token, None if it has left the journal or this one shows none."""
    token = arrival.credential.token
    issues = (pair for pair in pairs if token and pair.answer is not None and pair.answer.token == token)
    return next(issues, None)


def rebuilt(creation: Pair, case: RequestCase) -> Credential:
    """Return the session rebuilt from the journal, with deadlines by the current policy."""
    guest = guest_asked(creation.arrival) or Guest("", "")
    client = client_of(creation.arrival, case.pairs) or ""
    session = open_session(case.session_id or "", client, (guest.name, guest.email), when(creation), case.policy)
    for at, act in sorted([*_accepted(case), *_ended(case)], key=lambda change: change[0]):
        if act == "accept":
            session = life.use(session, at, case.policy.idle_timeout)
        else:
            session = life.expire(session, at) if act == "expire_session" else life.end(session, "ended", at)
    return session


def _accepted(case: RequestCase) -> list[tuple[int, str]]:
    return [(when(pair), "accept") for pair in case.about if pair.answer is not None and pair.answer.accepted]


def _ended(case: RequestCase) -> list[tuple[int, str]]:
    created = when(case.creation) if case.creation is not None else 0
    return [(entry.at, entry.what) for entry in case.perturbed if entry.at >= created and ends(entry, case.session_id)]


def idle_span(session: Credential, case: RequestCase) -> int:
    """Return how long the session may be without an accepted message, computed from its timestamps."""
    activity = [session.issued_at, *(at for at, _ in _accepted(case))]
    if session.ended_by == "spent" and len(activity) > 1:
        activity.pop()  # the last message consumed the session and set no new deadline
    return session.idle_at - activity[-1]


def ends(entry: Perturbed, session: str | None) -> bool:
    """Return whether this change ended the session."""
    if entry.what == "end_sessions":
        return True
    return entry.what in {"expire_session", "revoke_session"} and entry.detail.get("session") == session


def gather(platform: PlatformService, organization: str, context_id: str) -> RequestCase | None:
    """Return the request with this contextId in an organisation's journal, None if it is not there."""
    entries = list(Reader(platform.store, organization).entries())
    pair = next((pair for pair in pair_up(entries) if pair.arrival.context_id == context_id), None)
    if pair is None:
        return None
    keys = (ORGANIZATION, Key("session", session_of(pair) or ""))
    loaded = platform.load(organization, keys)
    found, session = loaded.records
    known = found if isinstance(found, Organization) else Organization(id=UNASSIGNED)
    now = known.clock.reading(loaded.system)
    return RequestCase(pair, entries, known, session if isinstance(session, Credential) else None, now)
