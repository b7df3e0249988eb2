"""A trace, folded into what the clauses speak of: calls with their effect, intents with their calls, sessions, and moments.

The client's view is told apart from the truth. `status`, `code` and `effect` are what reached the client; `accepted` is what
the platform did. A call `left` the client when it arrived at the mock (on the way there requests take no time, but for what the
world does to them there), and its answer `returned`. Order is told by places: positions in `History.moments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mockserver.journal import Answer, Arrival, Guest, Header, Perturbed

SCOPE_CODE = "app.not.authorized.for.scope"
"""The code that tells a 403 for a missing scope from every other."""

REJECTS = frozenset({400, 404, 405, 413, 415})
"""The statuses that refuse a request for what it is."""

Identity: TypeAlias = tuple[object, ...]

Outcome = Literal["accepted", "failed", "never"]


class Effect(StrEnum):
    """What a client can know of its send: nothing happened, the id is dead, anything may have happened, or it was accepted."""

    NONE = "none"
    DEAD = "dead"
    UNKNOWN = "unknown"
    CONSUMED = "consumed"


SPENDS = frozenset({Effect.CONSUMED, Effect.UNKNOWN})
"""The effects after which an id may be used up."""


@dataclass(eq=False, slots=True)
class Call:
    """One request and what became of it.

    `number` counts from 1. `left` and `returned` are places, `left_at` and `returned_at` milliseconds; `returned` is None while
    nothing came back. `operation` is None where it called something that does not exist. `status` and `code` are None where no
    whole answer reached the client. `effect` is None but for sends that are over. `open_intents` is how many intents were open
    when it left. A call that had to wait before it could arrive `departed` before the place where it left. `beside` are
    the sends of the same id that were on their way then. `aside`: it took time, and the thread of its message may not have
    waited for it that long.
    """

    number: int
    arrival: Arrival
    left: int
    left_at: int
    operation: str | None = None
    intent: Intent | None = None
    group: Group | None = None
    open_intents: int = 0
    presented: str | None = None
    text: str | None = None
    guest: Guest | None = None
    answer: Answer | None = None
    returned: int | None = None
    returned_at: int | None = None
    status: int | None = None
    code: str | None = None
    effect: Effect | None = None
    aside: bool = False
    departed: int | None = None
    beside: tuple[Call, ...] = ()

    @property
    def seq(self) -> int:
        """The entry of its arrival: what evidence points to."""
        return self.arrival.seq

    @property
    def token(self) -> str | None:
        """The pseudonym of the bearer token it showed."""
        return self.arrival.credential.token

    def key(self, header: str | None) -> str | None:
        """The digest of a header that makes it idempotent; None if it has no such header."""
        return self.arrival.keys.get(header.lower()) if header else None

    @property
    def accepted(self) -> bool:
        """Whether the platform accepted the message, whoever knows."""
        return self.answer is not None and self.answer.accepted

    @property
    def unusable(self) -> bool:
        """Whether it brought the client a whole 200 whose body says nothing."""
        return self.status == 200 and self.answer is not None and self.answer.unusable

    @property
    def scope_refused(self) -> bool:
        """Whether a whole 403 told the client that a scope is missing."""
        return self.status == 403 and self.code == SCOPE_CODE

    @property
    def received_session(self) -> str | None:
        """The id a create brought back to the client."""
        return self.answer.issued if self.answer is not None and self.status == 200 and not self.unusable else None

    @property
    def received_token(self) -> str | None:
        """The pseudonym of the token a token call brought back to the client."""
        return self.answer.token if self.answer is not None and self.status == 200 and not self.unusable else None

    @property
    def token_refused(self) -> bool:
        """Whether a whole 401 refused the token it showed, and not the client's own credentials."""
        return self.status == 401 and self.operation != "token"

    @property
    def identity(self) -> Identity:
        """All that would make it another request within the same piece of work."""
        arrival = self.arrival
        body = arrival.text if arrival.body is UNSET else msgspec.json.encode(arrival.body)
        unit = self.intent.number if self.intent is not None else None
        return unit, arrival.method, arrival.path, arrival.media_type, arrival.size, body, arrival.credential

    def departed_before(self, other: Call) -> bool:
        """Whether it was on its way already when `other` came back."""
        return self.departed is not None and other.returned is not None and self.departed <= other.returned

    @property
    def is_late(self) -> bool:
        """Whether it left after its message had been reported."""
        return self.intent is not None and self.intent.ended is not None and self.left > self.intent.ended

    def was_over(self, place: int) -> bool:
        """Whether the client knew the outcome at `place`."""
        return self.returned is not None and self.returned < place


class Unit(Struct, frozen=True):
    """Requests that are taken for one message, by their contextIds.

    `guest` and `text` are None if the requests do not show them. Units that overlap share an `item`.
    """

    calls: tuple[str, ...]
    guest: Guest | None = None
    text: str | None = None
    item: int = 0


class Reading(Struct, frozen=True):
    """The units of work that a recording of requests alone may show, in order of their first request.

    `shared` leads from the contextId of a token call that several units may have made to their item
    and their number. `interleaved` is the place of the first request that shows an older token after a
    newer one was received: then more than one client is at work. It is None if there is no such one.
    """

    units: tuple[Unit, ...] = ()
    shared: Mapping[str, tuple[int, int]] = {}
    interleaved: int | None = None


@dataclass(eq=False, slots=True)
class Intent:
    """One message a client was asked to deliver. `calls` are those attributed to it; `began` and `ended` are places.

    `ended`, `outcome` and what goes with them are None while the client has not returned. `late` if the client went on with it
    after that: then `calls` has calls that left later. `inferred`: nothing says that the client was
    asked for it; its guest and its text are empty if the requests do not show them.
    """

    number: int
    group: Group
    guest: Guest
    text: str
    began: int
    began_at: int
    began_seq: int
    calls: list[Call] = field(default_factory=list)
    ended: int | None = None
    ended_at: int | None = None
    ended_seq: int | None = None
    outcome: Outcome | None = None
    error: str = ""
    late: bool = False
    inferred: bool = False

    def of(self, operation: str) -> list[Call]:
        """Its calls of one operation, in order."""
        return [call for call in self.calls if call.operation == operation]

    @property
    def possible(self) -> list[Call]:
        """Its calls, and those of its group that may be anybody's."""
        return [*self.calls, *self.group.unattributed]


@dataclass(eq=False, slots=True)
class Group:
    """The intents of one item of a scenario: several where they ran in parallel. `calls` are all made while one was open."""

    item: int
    intents: list[Intent] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def seqs(self) -> list[int]:
        """The entries of its calls, and those that begin and end its intents."""
        ends = [seq for intent in self.intents for seq in (intent.began_seq, intent.ended_seq) if seq is not None]
        return [*ends, *(call.seq for call in self.calls)]

    @property
    def unattributed(self) -> list[Call]:
        """Calls that belong to the client, or to an intent nobody can name: they may speak for any of them."""
        return [call for call in self.calls if call.intent is None]


@dataclass(eq=False, slots=True)
class Session:
    """A session id and the `sends` that presented it.

    `label` is `s1`, `s2` … for ids the platform knew, else the id itself in quotes, cut where it is long. `created` is the
    create that brought it into being, None where this trace does not hold one. `flying` are the sends on their way; none once
    the history is whole. `spent` are those that used it up, or may have, and `dead` those that were told it is dead, in the
    order in which the client knew.
    """

    id: str
    label: str
    created: Call | None = None
    sends: int = 0
    flying: list[Call] = field(default_factory=list)
    spent: list[Call] = field(default_factory=list)
    dead: list[Call] = field(default_factory=list)


class CallLeft(Struct, frozen=True):
    """A call left the client."""

    call: Call
    place: int


class CallReturned(Struct, frozen=True):
    """A call came back to the client, or the client knew that it never would."""

    call: Call
    place: int


class IntentBegan(Struct, frozen=True):
    """A client was given a message to deliver."""

    intent: Intent
    place: int


class IntentEnded(Struct, frozen=True):
    """A client reported the outcome of an intent, or was given up."""

    intent: Intent
    place: int


class WorldChanged(Struct, frozen=True):
    """A perturbation. `during` is the call that was on its way when it happened; None between items."""

    entry: Perturbed
    place: int
    during: Call | None = None

    @property
    def jump(self) -> int:
        """By how many milliseconds it moved the clock forward."""
        return jump_of(self.entry)

    def jumped_by(self, at: int) -> int:
        """How many of these milliseconds had passed at the time `at`: a call that was held up may have been given up before."""
        if not is_on_its_way(self.entry):
            return self.jump
        over = None if self.during is None else self.during.returned_at
        return max(0, min(self.jump, (at if over is None else min(at, over)) - self.entry.at))


Moment = CallLeft | CallReturned | IntentBegan | IntentEnded | WorldChanged


@dataclass(eq=False, slots=True)
class History:
    """All that a trace tells. `moments` are in the order in which they happened to the client.

    `logins` are the token calls, in the order in which they left. `refusals` are the 401s for a token and `scope_refusals` the
    403s for a scope it lacks, by token, and `rejects` the requests that were refused for what they are, by what they are, in
    the order in which the client knew. `doubts` says of calls, and of intents by their end, why it is uncertain which call
    belongs to which intent; they are named by the entries that evidence points to. `reading` says how the intents were
    inferred, None if the trace tells of them or nothing was inferred. `served` are then the intents by each token.
    `by_seq` are the calls by the entry of their arrival.
    """

    header: Header
    moments: list[Moment] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    changes: list[WorldChanged] = field(default_factory=list)
    logins: list[Call] = field(default_factory=list)
    refusals: dict[str | None, list[Call]] = field(default_factory=dict)
    scope_refusals: dict[str | None, list[Call]] = field(default_factory=dict)
    rejects: dict[Identity, list[Call]] = field(default_factory=dict)
    _doubted: frozenset[int] | None = None
    doubts: dict[int, str] = field(default_factory=dict)
    reading: Reading | None = None
    served: dict[str, set[int]] = field(default_factory=dict)
    by_seq: dict[int, Call] = field(default_factory=dict)
    _by_kind: dict[tuple[type[Moment], ...], list[Moment]] = field(default_factory=dict)

    @property
    def inferred(self) -> bool:
        """Whether its intents are inferred: nothing says what the client was asked, or what it reported."""
        return self.reading is not None

    @property
    def doubted(self) -> frozenset[int]:
        """The entries of messages that may not have listened any more when an answer came. For the whole history."""
        if self._doubted is None:
            groups = {id(call.group): call.group for call in self.calls if call.aside and call.group is not None}
            self._doubted = frozenset(seq for group in groups.values() for seq in group.seqs)
        return self._doubted

    def time_at(self, place: int) -> int:
        """The time at a place, in milliseconds: that of the last moment up to it which has one."""
        for moment in self.moments[place::-1] if place < len(self.moments) else reversed(self.moments):
            at = _time_of(moment)
            if at is not None:
                return at
        return 0

    def of(self, kinds: tuple[type[Moment], ...]) -> list[Moment]:
        """The moments of these kinds, in order. To be asked once the history is whole."""
        if kinds not in self._by_kind:
            self._by_kind[kinds] = [moment for moment in self.moments if type(moment) in kinds]
        return self._by_kind[kinds]

    @property
    def resolution(self) -> int:
        """How exact the stamps are, in milliseconds."""
        return 1 if isinstance(self.header.resolution, UnsetType) else self.header.resolution

    def overlap(self, seqs: Iterable[int]) -> bool:
        """Whether one of these entries is about a message that was sent at once with others."""
        places = set(seqs)
        groups = [call.group for call in self.calls if call.seq in places]
        groups += [intent.group for intent in self.intents if intent.ended_seq in places]
        return any(group is not None and len(group.intents) > 1 for group in groups)

    def token_label(self, pseudonym: str | None) -> str:
        """A token as a person reads it: `t1`, `t2` … in order of appearance."""
        return "no token" if pseudonym is None else self.tokens.get(pseudonym, pseudonym)

    def policy(self, name: str, default: int) -> int:
        """A whole number of the policy in force, `default` where the recording does not tell."""
        value = self.header.policy.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default


def _time_of(moment: Moment) -> int | None:
    match moment:
        case CallLeft(call):
            return call.left_at
        case CallReturned(call):
            return call.returned_at
        case IntentBegan(intent):
            return intent.began_at
        case IntentEnded(intent):
            return intent.ended_at
        case WorldChanged(entry):
            return entry.at


ON_ITS_WAY = "on_its_way"
"""In the detail of an advance: the clock did not jump, but the request that arrives next was held up for that long."""


def is_on_its_way(entry: Perturbed) -> bool:
    """Whether an advance held up a request that had left already, and moved no clock at once."""
    return entry.detail.get(ON_ITS_WAY) is True


def jump_of(entry: Perturbed) -> int:
    """By how many milliseconds a perturbation moved the clock forward."""
    seconds = entry.detail.get("seconds") if entry.what == "advance" else None
    return round(1000 * seconds) if isinstance(seconds, int | float) else 0


def document(arrival: Arrival) -> dict[str, Any]:
    """The JSON object a request carried; empty where it carried none."""
    return arrival.body if arrival.body is not UNSET and isinstance(arrival.body, dict) else {}


def guest_of(body: dict[str, Any]) -> Guest | None:
    """The guest in the body of a create."""
    guest = body.get("guest")
    if not isinstance(guest, dict):
        return None
    name, email = guest.get("name"), guest.get("email")
    return Guest(name, email) if isinstance(name, str) and isinstance(email, str) else None
