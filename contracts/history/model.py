"""The history of a trace: its calls, intents, credentials and moments."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from contracts.history.calls import Call, Identity, JudgedIntent, SeenCredential, SendEffect, UnitReading
from contracts.history.moments import Moment, WorldChanged, time_of
from mockserver.journal import Header

ROUNDING = 1
"""Milliseconds that may be lost between two time stamps, because each is cut to whole milliseconds."""


class PolicyChange(NamedTuple):
    """A change of a value of the policy, in entry `seq`. `former` is the value that it replaced, if the entry has it."""

    seq: int
    value: Any
    former: Any = UNSET


@dataclass(eq=False, slots=True)
class History:
    """The complete content of a trace. `moments` are in the order in which they happened to the client.

    `credentials` are the ids by kind; `limits` say how many uses each kind is good for, without an entry any number. `renewing`
    are the kinds that a client asks for by an operation, and `renewals` the calls that did, by kind, in the order in which they
    left. By kind, `brought` are the calls whose answer brought an id, and `dead` those whose answer said that what they showed
    is dead. `scope_refusals` are the 403s for a missing scope, by token. `rejects` are the requests that were refused for their
    content, by that content. `waits` are the calls whose answer asked the client to wait. All five are in the order in which
    the client knew.

    `policy_changes` are the changes of the policy by the name of the value, in order.

    `doubts` says why it is uncertain which intent a call or the end of an intent belongs to, by the entry that evidence points
    to.

    `reading` says how the intents were inferred; None if they were not. `served` are then the numbers of intents by token.
    `by_seq` are the calls by the entry of their arrival.
    """

    header: Header
    moments: list[Moment] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    intents: list[JudgedIntent] = field(default_factory=list)
    credentials: dict[str, dict[str, SeenCredential]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    policy_changes: Mapping[str, list[PolicyChange]] = field(default_factory=dict)
    changes: list[WorldChanged] = field(default_factory=list)
    renewing: Mapping[str | None, Sequence[str]] = field(default_factory=dict)
    renewals: dict[str, list[Call]] = field(default_factory=dict)
    brought: dict[str, list[Call]] = field(default_factory=dict)
    dead: dict[str, list[Call]] = field(default_factory=dict)
    scope_refusals: dict[str | None, list[Call]] = field(default_factory=dict)
    rejects: dict[Identity, list[Call]] = field(default_factory=dict)
    waits: list[Call] = field(default_factory=list)
    _doubted: frozenset[int] | None = None
    doubts: dict[int, str] = field(default_factory=dict)
    reading: UnitReading | None = None
    served: dict[str, set[int]] = field(default_factory=dict)
    by_seq: dict[int, Call] = field(default_factory=dict)
    _by_kind: dict[tuple[type[Moment], ...], list[Moment]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True if nothing that the platform issued is missing."""
        return False

    @property
    def sessions(self) -> dict[str, SeenCredential]:
        """The credentials of the kind `session`, by id."""
        return self.credentials["session"]

    @property
    def logins(self) -> list[Call]:
        """The calls for a token."""
        return self.renewals["token"]

    def note_left(self, call: Call) -> None:
        """Note that a call has left, the next one to do so. The ids that it shows are known."""
        for kind in self.renewing.get(call.operation, ()):
            self.renewals[kind].append(call)
        shown = [self.credentials[kind][id] for kind, id in call.shown.items()]
        call.beside = tuple({other: None for credential in shown for other in credential.flying})
        for credential in shown:
            credential.uses += 1
            credential.flying.append(call)

    def note_return(self, call: Call) -> None:
        """Note that a call has come back, the next one to do so."""
        for unit in (call.intent, call.group):
            if unit is not None:
                unit.note_return(call)
        if call.retry_after is not None:
            self.waits.append(call)
        for kind in call.brought:
            self.brought.setdefault(kind, []).append(call)
        for kind, id in call.shown.items():
            self.credentials[kind][id].note_return(call, call.effects.get(kind))
        for kind in [kind for kind, effect in call.effects.items() if effect is SendEffect.DEAD]:
            self.dead.setdefault(kind, []).append(call)
            if held := call.shown.get(kind) or call.ended.get(kind):
                self.credentials[kind][held].dead.append(call)

    def shown_by(self, call: Call, kind: str) -> SeenCredential:
        """Return the credential of a kind that a call showed."""
        return self.credentials[kind][call.shown[kind]]

    def heard(self, call: Call) -> bool:  # noqa: ARG002 - for declared platforms
        """Return whether the answer to a call reached one who waited for it."""
        return True

    def may_be_something_else(self, call: Call) -> bool:  # noqa: ARG002 - for declared platforms
        """Return whether a call of the operation that does a unit's work may be about something other than that unit."""
        return False

    def is_something_else(self, call: Call) -> bool:  # noqa: ARG002 - for declared platforms
        """Return whether it surely is."""
        return False

    def may_be_for_another(self, call: Call) -> bool:  # noqa: ARG002 - for declared platforms
        """Return whether a call with a unit's values may have been made for an earlier unit with the same ones."""
        return False

    def knew(self, told: Call, later: Call) -> bool:
        """Return whether the maker of the `later` call had to know of the answer to `told`."""
        return told.was_over(later.left)

    def goes_on(self, told: Call, follows: Callable[[Call], bool]) -> bool:  # noqa: ARG002 - for declared platforms
        """Return whether the answer to `told` puts the client to the test, as a call does that `follows` it.

        A message that ends after it does so as well.
        """
        return True

    def brought_before(self, kind: str, place: float) -> Iterator[Call]:
        """Yield the calls that had brought an id of a kind before `place`, the latest first."""
        calls = self.brought.get(kind, [])
        return (calls[nth] for nth in range(bisect_left(calls, place, key=attrgetter("returned")) - 1, -1, -1))

    def good_for(self, kind: str, received: Call, margin: float) -> float | None:
        """Return the seconds for which an id is not to be renewed, from when `received` left; None for no end.

        `margin`: how many seconds before its end it may be renewed.
        """
        seconds = received.lasts.get(kind)
        return None if seconds is None else seconds - margin

    def is_over(self, kind: str, id: str, place: float) -> bool:
        """Return whether the client had a reason, at `place`, to discard an id: it is dead, or has not the scope."""
        refusals = (self.credentials[kind][id].dead, self.scope_refusals.get(id))
        return any(known and known[0].was_over(place) for known in refusals)

    def unit_of(self, call: Call) -> object | None:
        """Return what a call was made for, if that is known: a message, or several that overlap."""
        return call.intent or call.group

    @property
    def inferred(self) -> bool:
        """Return whether its intents are inferred, because the trace does not record what the client was asked or reported."""
        return self.reading is not None

    @property
    def doubted(self) -> frozenset[int]:
        """The entries of messages that may have stopped listening when an answer came; for a complete history only."""
        if self._doubted is None:
            groups = {id(call.group): call.group for call in self.calls if call.aside and call.group is not None}
            self._doubted = frozenset(seq for group in groups.values() for seq in group.seqs)
        return self._doubted

    def time_at(self, place: float) -> int:
        """Return the time at a place, in milliseconds: that of the last moment up to it which has one."""
        for moment in self.moments[round(place) :: -1] if place < len(self.moments) else reversed(self.moments):
            at = time_of(moment)
            if at is not None:
                return at
        return 0

    def of(self, kinds: tuple[type[Moment], ...]) -> list[Moment]:
        """Return the moments of these kinds, in order. Only for a complete history, because the result is cached."""
        if kinds not in self._by_kind:
            self._by_kind[kinds] = [moment for moment in self.moments if type(moment) in kinds]
        return self._by_kind[kinds]

    @property
    def slack(self) -> int:
        """The milliseconds by which a wait may have been longer than its two time stamps say."""
        return ROUNDING + 2 * (self.resolution - 1)

    @property
    def resolution(self) -> int:
        """The resolution of the time stamps, in milliseconds."""
        return 1 if isinstance(self.header.resolution, UnsetType) else self.header.resolution

    def overlap(self, seqs: Iterable[int]) -> bool:
        """Return whether one of these entries belongs to a message that was sent at once with others."""
        places = set(seqs)
        groups = [call.group for call in self.calls if call.seq in places]
        groups += [intent.group for intent in self.intents if intent.ended_seq in places]
        return any(group is not None and len(group.intents) > 1 for group in groups)

    def token_label(self, pseudonym: str | None) -> str:
        """Return the label of a token for people: `t1`, `t2` … in order of appearance."""
        token = self.credentials["token"].get(pseudonym or "")
        return token.label if token is not None else pseudonym or "no token"

    def policy_at(self, seq: int) -> Mapping[str, Any]:
        """Return the policy that held when entry `seq` came.

        The header of a mock's journal has the policy at its end. So a value that a later change replaced is missing, unless the
        change has it or an earlier one had set it.
        """
        if not self.policy_changes:
            return self.header.policy
        policy = dict(self.header.policy)
        for name, changes in self.policy_changes.items():
            earlier = bisect_left(changes, seq, key=itemgetter(0))
            if earlier:
                policy[name] = changes[earlier - 1].value
            elif changes[0].former is not UNSET:
                policy[name] = changes[0].former
            elif self.header.organization:
                policy.pop(name, None)
        return policy

    def policy(self, name: str, default: int, call: Call | None = None) -> int | None:
        """Return a whole number of the policy under which a call was decided, or one from before the recording (None).

        It is `default` if the recording has no policy, and None if a change leaves open which value held.
        """
        arrived = 0 if call is None else call.seq
        answered = arrived if call is None or call.answer is None else call.answer.seq
        policy, changes = self.policy_at(arrived), self.policy_changes.get(name, ())
        if changes and (name not in policy or any(arrived < change.seq < answered for change in changes)):
            return None
        value = policy.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def limit_of(self, kind: str, credential: SeenCredential) -> int | None:
        """Return how many uses an id is good for; None for any number. A session keeps the number of its creation.

        If that is not known, it is one use: see `has_limit`.
        """
        if "handshakes" not in self.policy_changes:
            return self.limits.get(kind)
        return self._handshakes(credential) or 1

    def has_limit(self, credential: SeenCredential) -> bool:
        """Return whether it is known how many uses an id is good for."""
        return "handshakes" not in self.policy_changes or self._handshakes(credential) is not None

    def _handshakes(self, session: SeenCredential) -> int | None:
        if session.created is None and self.header.organization:
            return None  # it may be from before the journal began
        return self.policy("handshakes", 1, session.created)
