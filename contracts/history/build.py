"""Builds a History from the entries of a trace, in one pass."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from msgspec import UNSET

from contracts.history.attribution import attributed
from contracts.history.calls import (
    REJECTS,
    Call,
    Group,
    JudgedIntent,
    RequestGroup,
    SeenCredential,
    SendEffect,
    UnitReading,
    document,
    guest_of,
    message_in,
    outcome,
)
from contracts.history.model import History, PolicyChange
from contracts.history.moments import CallLeft, CallReturned, IntentBegan, IntentEnded, WorldChanged, is_on_its_way, jump_of
from contracts.history.validate import Numbered, Trace
from mockserver.journal import Answer, Arrival, Began, Ended, Guest, Perturbed, Returned

LONGEST_ID = 80
"""Characters of an unknown session id that are shown in its label."""


def build_history(trace: Trace, reading: UnitReading | None = None) -> History:
    """Return the history of a well-formed trace. Without intents of its own, it gets those of `reading`."""
    folding = _Folding(trace, reading)
    for entry in trace.entries:
        folding.take(entry)
    return folding.finish()


class _Folding:
    """The history so far. An answer without a Returned entry counts as received at its own time stamp."""

    def __init__(self, trace: Trace, reading: UnitReading | None) -> None:
        self.history = History(trace.header, reading=reading, credentials={"session": {}, "token": {}})
        self.history.renewing, self.history.renewals = {"token": ("token",)}, {"token": []}
        self.history.policy_changes = _policy_changes(trace.entries)
        self.history.limits = {"session": self.history.policy("handshakes", 1) or 1}
        self._units = (
            {} if reading is None else {id: (number, unit) for number, unit in enumerate(reading.units) for id in unit.calls}
        )
        self._in_process = trace.header.door == "in_process"
        self._watched = {entry.context_id for entry in trace.entries if isinstance(entry, Returned)}
        self._calls: dict[str, Call] = {}
        self._known: set[str] = set()
        self._returned: list[Call] = []
        self._attribution = attributed(trace.entries)
        self._open: list[JudgedIntent] = []
        self._intents: dict[int, JudgedIntent] = {}
        self._doubted: dict[int, str] = {}
        self._groups: dict[int, Group] = {}
        self._due: list[tuple[int, int, Call]] = []
        self._held: list[Perturbed] = []

    def take(self, entry: Numbered) -> None:
        if isinstance(entry, Answer):
            self._answer(entry)
            return
        self._come_back(entry.at)
        if isinstance(entry, Arrival):
            self._arrive(entry)
        elif isinstance(entry, Perturbed):
            if self._open:
                self._held.append(entry)
            else:
                self._change(entry)
        else:
            self._change(*self._held)
            self._take_clients_side(entry)

    def _take_clients_side(self, entry: Began | Ended | Returned) -> None:
        if isinstance(entry, Returned):
            self._watch(entry)
        elif isinstance(entry, Began):
            self._begin(entry)
        else:
            self._end(entry)

    def finish(self) -> History:
        """Return the history, after all answers that are still due."""
        self._change(*self._held)
        while self._due:
            self._come_back(self._due[0][0])
        return self.history

    def _change(self, *entries: Perturbed, during: Call | None = None) -> None:
        self._held.clear()
        for entry in entries:
            change = WorldChanged(entry, self._place, during)
            self.history.changes.append(change)
            self.history.moments.append(change)

    @property
    def _place(self) -> int:
        return len(self.history.moments)

    # -- intents -----------------------------------------------------------------------------------------------------

    def _begin(self, entry: Began) -> None:
        if not self._open:
            self._groups.clear()  # a recording may hold several runs, each of which numbers its items from 0
        group = self._groups.setdefault(entry.item, Group(entry.item))
        intent = JudgedIntent(entry.intent, group, entry.guest, entry.text, self._place, entry.at, entry.seq)
        intent.given = {"text": entry.text}
        intent.late = intent.number in self._attribution.late
        self._open.append(intent)
        self._add(intent)

    def _infer(self, entry: Arrival, number: int, unit: RequestGroup) -> None:
        """Begin an intent at the first request of a unit. Its end is unknown."""
        if number in self._intents:
            return
        group = self._groups.setdefault(unit.item, Group(unit.item))
        guest = unit.guest or Guest("", "")
        intent = JudgedIntent(number, group, guest, unit.text or "", self._place, entry.at, entry.seq, inferred=True)
        self._add(intent)

    def _add(self, intent: JudgedIntent) -> None:
        intent.group.intents.append(intent)
        self._intents[intent.number] = intent
        self.history.intents.append(intent)
        self.history.moments.append(IntentBegan(intent, self._place))

    def _attribute_inferred(self, call: Call, reading: UnitReading) -> None:
        id = call.arrival.context_id
        if id in self._units:
            call.intent = self._intents[self._units[id][0]]
            call.intent.calls.append(call)
            call.group, call.open_intents = call.intent.group, 1
            if call.token is not None:
                self.history.served.setdefault(call.token, set()).add(call.intent.number)
        elif id in reading.shared:
            item, call.open_intents = reading.shared[id]
            call.group = self._groups.setdefault(item, Group(item))
        if call.group is not None:
            call.group.calls.append(call)

    def _end(self, entry: Ended) -> None:
        intent = next(intent for intent in self._open if intent.number == entry.intent)
        self._open.remove(intent)
        intent.ended, intent.ended_at, intent.ended_seq = self._place, entry.at, entry.seq
        intent.outcome, intent.error = entry.outcome, entry.error
        if intent.number in self._doubted:
            self.history.doubts[entry.seq] = self._doubted[intent.number]
        self.history.moments.append(IntentEnded(intent, self._place))

    # -- calls -------------------------------------------------------------------------------------------------------

    def _arrive(self, entry: Arrival) -> None:
        """Add a request. Perturbations just before it, while an intent is open, hit it under way: it had left before them.

        If they moved the clock, the request left before the jump. If they held the request up, its arrival says when it left.
        """
        if entry.context_id in self._units:
            self._infer(entry, *self._units[entry.context_id])
        left_at = entry.at - sum(jump_of(held) for held in self._held if not is_on_its_way(held))
        operation = entry.operation if entry.method == "POST" else None
        call = Call(len(self._calls) + 1, entry, self._place, left_at, operation, open_intents=len(self._open))
        self._calls[entry.context_id] = call
        self.history.calls.append(call)
        self.history.by_seq[call.seq] = call
        self._read(call)
        self._attribute(call)
        self.history.moments.append(CallLeft(call, self._place))
        self._change(*self._held, during=call)

    def _read(self, call: Call) -> None:
        body = document(call.arrival)
        if call.operation == "send":
            id, call.text = message_in(body)
            call.does = "message"
            call.kept = {} if call.text is None or call.arrival.truncated else {"text": call.text}
            if id is not None:
                call.shown["session"] = id
                self._session(id)
        elif call.operation == "create":
            call.guest = guest_of(body)
        if call.token is not None:
            self._name_token(call.token)
            if call.operation != "token":
                call.shown["token"] = call.token
        self.history.note_left(call)

    def _attribute(self, call: Call) -> None:
        if self.history.reading is not None:
            self._attribute_inferred(call, self.history.reading)
            return
        claim = self._attribution.claims.get(call.arrival.context_id)
        if claim is not None and claim.message is not None:
            call.intent = self._intents[claim.message.number]
            call.intent.calls.append(call)
        if self._open or call.intent is not None:
            call.group = call.intent.group if call.intent is not None else self._open[0].group
            call.group.calls.append(call)
        if claim is not None and claim.doubt:
            self.history.doubts[call.seq] = claim.doubt
            if call.operation in {"create", "send"}:  # then it may belong to any of the open messages
                self._doubted.update(dict.fromkeys((intent.number for intent in self._open), claim.doubt))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, entry: Answer) -> None:
        call = self._calls.get(entry.context_id)
        if call is None:  # its arrival is no longer in the journal
            return
        call.answer = entry
        if entry.issued is not None:
            self._session(entry.issued, known=True).created = call
        elif call.presented is not None:
            self._session(call.presented, known=entry.session is not None)
        if entry.token is not None:
            self._name_token(entry.token)
        if entry.context_id not in self._watched:
            # A late answer that the client did not hear comes a millisecond after its time stamp.
            is_watched = bool(self._watched) and self.history.header.clock == "virtual"
            heapq.heappush(self._due, (entry.at + int(is_watched and entry.at > call.arrival.at), entry.seq, call))

    def _come_back(self, now: int) -> None:
        while self._due and self._due[0][0] <= now:
            at, _, call = heapq.heappop(self._due)
            self._return(call, at, answered=True)

    def _watch(self, entry: Returned) -> None:
        call = self._calls.get(entry.context_id)
        if call is None:
            return
        if entry.overtaken_by:
            overtakers = self._returned[-entry.overtaken_by :]
            call.departed = overtakers[0].returned if overtakers else None
        self._returned.append(call)
        call.aside = entry.aside
        self._return(call, entry.at, answered=entry.answered)

    def _return(self, call: Call, at: int, *, answered: bool) -> None:
        answer = call.answer
        call.returned, call.returned_at = self._place, at
        if answer is not None and answered and answer.delivery == "complete":
            call.status, call.code = answer.status, answer.code
            if call.status == 429 and answer.retry_after_text is None:
                call.retry_after = answer.retry_after
            if call.status == 200 and not answer.unusable:
                _note_content(call, answer)
        if call.operation == "send":
            known_lost = self._in_process and answer is not None and answer.delivery == "lost_request"
            call.effect = call.effects["session"] = SendEffect.NONE if known_lost else _effect(call)
        if call.operation != "token":
            call.effects["token"] = SendEffect.DEAD if call.status == 401 else outcome(call, below=300)
        self._note(call)
        self.history.moments.append(CallReturned(call, self._place))

    def _note(self, call: Call) -> None:
        """File a call under its ids or its own content, by what its answer says."""
        history = self.history
        history.note_return(call)
        if call.scope_refused:
            history.scope_refusals.setdefault(call.token, []).append(call)
        if call.status in REJECTS:
            history.rejects.setdefault(call.identity, []).append(call)

    # -- names -------------------------------------------------------------------------------------------------------

    def _session(self, id: str, *, known: bool = False) -> SeenCredential:
        session = self.history.sessions.setdefault(id, SeenCredential(id, _quoted(id), f"session {_quoted(id)}"))
        if known and id not in self._known:
            self._known.add(id)
            session.label = f"s{len(self._known)}"
            session.name = f"session {session.label}"
        return session

    def _name_token(self, pseudonym: str) -> None:
        tokens = self.history.credentials["token"]
        if pseudonym not in tokens:
            label = f"t{len(tokens) + 1}"
            tokens[pseudonym] = SeenCredential(pseudonym, label, f"token {label}", "token")


def _policy_changes(entries: Iterable[Numbered]) -> dict[str, list[PolicyChange]]:
    """Return the changes of the policy by the name of the value, in order."""
    found: dict[str, list[PolicyChange]] = {}
    for entry in entries:
        if isinstance(entry, Perturbed) and entry.what == "set_policy":
            for name, value in entry.detail.items():
                found.setdefault(name, []).append(PolicyChange(entry.seq, value, entry.former.get(name, UNSET)))
    return found


def _quoted(id: str) -> str:
    return repr(id) if len(id) <= LONGEST_ID else f"{id[:LONGEST_ID]!r}… ({len(id)} characters)"


def _note_content(call: Call, answer: Answer) -> None:
    """Note what a usable 200 brought."""
    for kind, id in (("session", answer.issued), ("token", answer.token)):
        if id is not None:
            call.brought[kind] = id
    if answer.token_expires_in is not None:
        call.lasts["token"] = answer.token_expires_in


def _effect(call: Call) -> SendEffect:
    """Return what the client can know of its send from the answer that reached it."""
    return SendEffect.DEAD if call.status == 403 and not call.scope_refused else outcome(call, below=300)
