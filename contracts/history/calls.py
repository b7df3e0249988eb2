"""The parts of a history, in the terms that clauses use: calls with their effects, intents and credentials.

The client's view is kept apart from the truth. `status`, `code` and `effect` are what reached the client; `accepted` is what
the platform did. A call `left` the client when it arrived at the mock, because requests take no time unless a perturbation
holds them up. Later its answer `returned`. Order is given by places, which are positions in `History.moments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct

from mockserver.journal import SESSION_ID, Answer, Arrival, Guest

SCOPE_CODE = "app.not.authorized.for.scope"
"""The code that distinguishes a 403 for a missing scope from all others."""

REJECTS = frozenset({400, 404, 405, 413, 415})
"""The statuses that refuse a request because of its content."""

Identity: TypeAlias = tuple[object, ...]

Outcome = Literal["accepted", "failed", "never"]


class SendEffect(StrEnum):
    """The effect of a send, as far as the client can know: none, the id is dead, unknown, or it was accepted."""

    NONE = "none"
    DEAD = "dead"
    UNKNOWN = "unknown"
    CONSUMED = "consumed"


SPENDS = frozenset({SendEffect.CONSUMED, SendEffect.UNKNOWN})
"""The effects after which an id may be used up."""


@dataclass(eq=False, slots=True)
class Call:
    """One request and its outcome.

    `number` counts from 1. `left` and `returned` are places, `left_at` and `returned_at` milliseconds. `returned` is None until
    something comes back. `operation` is None if the path or method is unknown. `status` and `code` are None unless a whole
    answer reached the client. `open_intents` is the number of open intents when it left.

    By kind, `shown` are the ids that it showed to use them, `ended` those it showed to end them, and `effects` what the answer
    says of both; `brought` are those in the answer. `does` is the unit of work that it was to do, if any, `kept` the values of
    that which it carried, by name, and `effect` what became of that. `retry_after` are the seconds that a client is asked to
    wait. For declared platforms, `lasts` are the seconds for which those brought are good.

    A call that had to wait before it could arrive `departed` before the place at which it left. `beside` are the uses of the
    same ids that were under way then. `aside` means that the answer took time, and the thread of the message may have stopped
    waiting.
    """

    number: int
    arrival: Arrival
    left: float
    left_at: int
    operation: str | None = None
    intent: JudgedIntent | None = None
    group: Group | None = None
    open_intents: int = 0
    shown: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    brought: dict[str, str] = field(default_factory=dict)
    lasts: dict[str, float] = field(default_factory=dict)
    does: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    text: str | None = None
    guest: Guest | None = None
    answer: Answer | None = None
    returned: float | None = None
    returned_at: int | None = None
    status: int | None = None
    code: str | None = None
    effect: SendEffect | None = None
    effects: dict[str, SendEffect] = field(default_factory=dict)
    retry_after: int | None = None
    aside: bool = False
    departed: float | None = None
    beside: tuple[Call, ...] = ()

    @property
    def seq(self) -> int:
        """The entry of its arrival, to which evidence points."""
        return self.arrival.seq

    @property
    def seqs(self) -> set[int]:
        """The entries of its arrival and its answer."""
        return {self.seq} if self.answer is None else {self.seq, self.answer.seq}

    @property
    def presented(self) -> str | None:
        """The session id that it presented, or None."""
        return self.shown.get("session")

    @property
    def token(self) -> str | None:
        """The pseudonym of the bearer token it showed, or None."""
        return self.arrival.credential.token

    def key(self, header: str | None) -> str | None:
        """Return the digest of the header that makes it idempotent; None without that header."""
        return self.arrival.keys.get(header.lower()) if header else None

    @property
    def accepted(self) -> bool:
        """Return whether the platform accepted the message, even if the client cannot know."""
        return self.answer is not None and self.answer.accepted

    @property
    def begun(self) -> bool:
        """Return whether a 2xx to it began to come, and was cut: who reads the status alone knows that it was accepted."""
        answer = self.answer
        if answer is None or answer.delivery != "truncated":
            return False
        return answer.accepted and (answer.status or 500) < 300 and self.returned is not None

    @property
    def back(self) -> float:
        """The place at which it returned; infinite if it never did."""
        return inf if self.returned is None else self.returned

    @property
    def altered(self) -> str | None:
        """The name of the first value that it carried otherwise than its intent was given it, or None."""
        given = {} if self.intent is None else self.intent.given
        return next((name for name, value in self.kept.items() if not same(value, given.get(name))), None)

    @property
    def unusable(self) -> bool:
        """Return whether the client got a whole 2xx without the promised content."""
        return self.answer is not None and self.answer.unusable and 200 <= (self.status or 500) < 300

    @property
    def scope_refused(self) -> bool:
        """Return whether a whole 403 with the code for a missing scope reached the client."""
        return self.status == 403 and self.code == SCOPE_CODE

    @property
    def received_session(self) -> str | None:
        """The id that a create brought to the client, or None."""
        return self.brought.get("session")

    @property
    def received_token(self) -> str | None:
        """The pseudonym of the token that a token call brought to the client, or None."""
        return self.brought.get("token")

    def said_dead(self, kind: str) -> bool:
        """Return whether its answer said that what it showed of a kind is dead."""
        return self.effects.get(kind) is SendEffect.DEAD

    @property
    def identity(self) -> Identity:
        """The content that distinguishes it from other requests within the same unit of work."""
        arrival = self.arrival
        body = arrival.text if arrival.body is UNSET else msgspec.json.encode(arrival.body)
        unit = self.intent.number if self.intent is not None else None
        return unit, arrival.method, arrival.path, arrival.media_type, arrival.size, body, arrival.credential

    def departed_before(self, other: Call) -> bool:
        """Return whether it was already under way when `other` came back."""
        return self.departed is not None and other.returned is not None and self.departed <= other.returned

    @property
    def is_late(self) -> bool:
        """Return whether it left after its message had been reported."""
        return self.intent is not None and self.intent.ended is not None and self.left > self.intent.ended

    def was_over(self, place: float) -> bool:
        """Return whether the client knew the outcome at `place`."""
        return self.returned is not None and self.returned < place


def outcome(call: Call, below: int) -> SendEffect:
    """Return what an answer says of the work that a call was to do. A status `below` this one accepts it."""
    if call.status is None or call.status >= 500 or call.unusable:
        return SendEffect.UNKNOWN
    return SendEffect.CONSUMED if 200 <= call.status < below else SendEffect.NONE


def same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, but true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


class RequestGroup(Struct, frozen=True):
    """Requests that are taken for one message, by their contextIds.

    `guest` and `text` are None if the requests do not show them. Units that overlap share an `item`.
    """

    calls: tuple[str, ...]
    guest: Guest | None = None
    text: str | None = None
    item: int = 0


class UnitReading(Struct, frozen=True):
    """The units of work in a recording without intents, in order of their first request.

    `shared` is about token calls that several units may have made: it maps their contextIds to the item and number of these
    units. `interleaved` is the place of the first request that shows an older token after a newer one was received. Then
    several clients are at work. It is None otherwise.
    """

    units: tuple[RequestGroup, ...] = ()
    shared: Mapping[str, tuple[int, int]] = {}
    interleaved: float | None = None


@dataclass(eq=False, slots=True)
class JudgedIntent:
    """One message that a client was asked to deliver. `calls` are attributed to it; `began` and `ended` are places.

    `ended`, `outcome` and the fields that go with them are None until the client returns. `late` means that the client went on
    with it afterwards, so `calls` has later calls. `inferred` means that the trace does not record the intent: its guest and
    its text are then empty if the requests do not show them. `noun` is what its work is called, and `given` are the values for
    it, by name. `alone`: no other was under way. `over` are its calls by operation, in the order in which they returned.
    `opaque` are the first two sends that got a 403 without a reason for different ids, in that order.
    """

    number: int
    group: Group
    guest: Guest
    text: str
    began: float
    began_at: int
    began_seq: int
    calls: list[Call] = field(default_factory=list)
    ended: float | None = None
    ended_at: int | None = None
    ended_seq: int | None = None
    outcome: Outcome | None = None
    error: str = ""
    late: bool = False
    inferred: bool = False
    noun: str = "message"
    given: dict[str, Any] = field(default_factory=dict)
    alone: bool = True
    over: dict[str | None, list[Call]] = field(default_factory=dict)
    opaque: list[Call] = field(default_factory=list)

    def of(self, operation: str) -> list[Call]:
        """Return its calls of one operation, in order."""
        return [call for call in self.calls if call.operation == operation]

    def note_return(self, call: Call) -> None:
        """Note that one of its calls has come back. A further 403 without a reason for the same id shows nothing new."""
        self.over.setdefault(call.operation, []).append(call)
        is_opaque = call.operation == "send" and call.status == 403 and call.code is None
        if is_opaque and len(self.opaque) < 2 and all(call.presented != other.presented for other in self.opaque):
            self.opaque.append(call)

    @property
    def possible(self) -> list[Call]:
        """Its calls, and the calls of its group that may belong to any message."""
        return [*self.calls, *self.group.unattributed]


@dataclass(eq=False, slots=True)
class Group:
    """The intents of one item of a scenario; several if they ran in parallel. `calls` were all made while one was open.

    `over` are those that returned; see JudgedIntent.
    """

    item: int
    intents: list[JudgedIntent] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    over: dict[str | None, list[Call]] = field(default_factory=dict)

    def note_return(self, call: Call) -> None:
        """Note that one of its calls has come back."""
        self.over.setdefault(call.operation, []).append(call)

    @property
    def seqs(self) -> list[int]:
        """The entries of its calls, and those that begin and end its intents."""
        ends = [seq for intent in self.intents for seq in (intent.began_seq, intent.ended_seq) if seq is not None]
        return [*ends, *(call.seq for call in self.calls)]

    @property
    def unattributed(self) -> list[Call]:
        """Calls that belong to no known intent: to the client, or to one of several intents."""
        return [call for call in self.calls if call.intent is None]


@dataclass(eq=False, slots=True)
class SeenCredential:
    """An id of one kind, such as a session, and the number of `uses`: calls that showed it to use it.

    `label` is `s1`, `s2` … for ids that the platform knew, else the quoted id, cut if it is long. `name` also says of what kind
    it is. `created` is the call that brought it, or None if the trace has none; it is `registered` if no call had to. `flying`
    are the uses under way; a complete history has none. `spent` are those that used it up or may have. `dead` are calls that
    were refused because it is dead. Both are in the order in which the client knew.
    """

    id: str
    label: str
    name: str
    noun: str = "session"
    created: Call | None = None
    registered: bool = False
    uses: int = 0
    flying: list[Call] = field(default_factory=list)
    spent: list[Call] = field(default_factory=list)
    dead: list[Call] = field(default_factory=list)

    def note_return(self, call: Call, effect: SendEffect | None) -> None:
        """Note that a use has come back, and what its answer says of the id."""
        self.flying.remove(call)
        if effect in SPENDS:
            self.spent.append(call)


def document(arrival: Arrival) -> dict[str, Any]:
    """Return the JSON object that a request carried; empty if it carried none."""
    return arrival.body if arrival.body is not UNSET and isinstance(arrival.body, dict) else {}


def message_in(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the session id and the text in the body of a send; None for one that is missing or not a text."""
    id, text = body.get(SESSION_ID), body.get("text")
    return id if isinstance(id, str) else None, text if isinstance(text, str) else None


def guest_of(body: dict[str, Any]) -> Guest | None:
    """Return the guest in the body of a create, or None."""
    guest = body.get("guest")
    if not isinstance(guest, dict):
        return None
    name, email = guest.get("name"), guest.get("email")
    return Guest(name, email) if isinstance(name, str) and isinstance(email, str) else None
