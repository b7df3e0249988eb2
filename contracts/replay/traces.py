"""Reads a JSON Lines trace of the mock as a recording. It has what the platform did, to the millisecond."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from contracts.history import message_in
from contracts.replay.recording import Effect, RecordedStep, Recording, RecordingError, RecordingProblem, WorldStep
from mockserver.engine.model import Fault, FaultKind
from mockserver.journal import (
    TRACE_VERSION,
    Answer,
    Arrival,
    Entry,
    Failure,
    Header,
    Perturbed,
    TraceError,
    decode,
    put_on_the_wire,
)

BACK = 1000
"""Milliseconds by which entries may be out of order in a file that threads share."""

MOST_PROBLEMS = 20
"""Most faulty lines that are reported; a file of another kind has only those."""


class _Trace:
    """A trace that is being read. `arrivals` have the number and the epoch of each; answers are what was on the wire."""

    def __init__(self) -> None:
        self.header = Header()
        self.arrivals: dict[str, tuple[int, int, Arrival]] = {}
        self.world: list[WorldStep] = []
        self.problems: list[RecordingProblem] = []
        self._answers: dict[str, Answer] = {}
        self._failures: dict[str, Failure] = {}
        self._latest, self._epoch = 0, 0

    def take(self, number: int, entry: Entry) -> None:
        """Add one entry."""
        match entry:
            case Header():
                if entry.version != TRACE_VERSION:
                    self._tell(number, f"trace version {entry.version} is not known here; it is read as {TRACE_VERSION}")
                self.header = entry
            case Arrival():
                self._arrived(number, entry)
            case Answer():
                self._answered(number, entry)
            case Failure():
                self._failures[entry.context_id] = entry
            case Perturbed():
                self._look_at_clock(number, entry.at)
                self.world.append(WorldStep(number, entry.at, entry.seq, entry.what, self._epoch, entry.detail, entry.former))

    def _arrived(self, number: int, entry: Arrival) -> None:
        if not entry.late:
            self._look_at_clock(number, entry.at)
        if entry.context_id not in self.arrivals:
            self.arrivals[entry.context_id] = number, self._epoch, entry
        elif not entry.late:
            self._tell(number, f"request {entry.context_id!r} arrived before; it is counted once")

    def _answered(self, number: int, entry: Answer) -> None:
        if entry.context_id not in self.arrivals:
            self._tell(number, "an answer without a request above it; it is left out")
        elif entry.context_id in self._answers:
            self._tell(number, f"request {entry.context_id!r} was answered before; the first answer counts")
        else:
            self._answers[entry.context_id] = entry

    def answer(self, id: str) -> Answer | None:
        """Return the answer to a request, or None."""
        answer, failure = self._answers.get(id), self._failures.get(id)
        return answer if failure is None else put_on_the_wire(failure, answer)

    def _look_at_clock(self, number: int, at: int) -> None:
        if at < self._latest - BACK:
            self._epoch += 1
            self._tell(number, f"the clock went back by {(self._latest - at) / 1000:g} s; no time across this is known")
            self._latest = at
        self._latest = max(self._latest, at)

    def _tell(self, number: int, text: str) -> None:
        self.problems.append(RecordingProblem(number, text))


def read(lines: Iterable[bytes], source: str) -> Recording:
    """Read the recording in the lines of a trace. Raises RecordingError if no line is a request."""
    trace = _Trace()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            trace.take(number, decode(line, number))
        except TraceError as error:
            trace.problems.append(RecordingProblem(number, error.problem))
            if not trace.arrivals and len(trace.problems) >= MOST_PROBLEMS:
                break
    return _recording(trace, source)


def of_entries(entries: Iterable[Entry], source: str) -> Recording:
    """Make a recording of entries that have been read already, with their own numbers."""
    trace = _Trace()
    for entry in entries:
        trace.take(getattr(entry, "seq", 0), entry)
    return _recording(trace, source)


def _recording(trace: _Trace, source: str) -> Recording:
    """Return what was read, in the order in which the platform acted."""
    if not trace.arrivals:
        first = f": line {trace.problems[0].number}: {trace.problems[0].text}" if trace.problems else ""
        raise RecordingError(source, f"this is not a recording: it is a trace without requests{first}")
    declared = trace.header.platform
    if declared is not UNSET:
        hint = f"add --platform {declared}, or its file"
        raise RecordingError(source, f"this is a journal of the platform {declared}; {hint}")
    steps = [_step(*arrived, trace.answer(id)) for id, arrived in trace.arrivals.items()]
    return Recording(
        source=source,
        kind="trace",
        steps=sorted(steps, key=lambda step: (step.epoch, step.earliest, step.order)),
        world=trace.world,
        problems=trace.problems,
        policy=trace.header.policy,
        policy_at_end=bool(trace.header.organization),
        unit="line",
    )


def _step(number: int, epoch: int, arrival: Arrival, answer: Answer | None) -> RecordedStep:
    """Return a request of the journal with its answer as a step."""
    body = arrival.body if isinstance(arrival.body, dict) else {}
    token = arrival.operation == "token"
    session, text = message_in(body) if arrival.operation == "send" else (None, None)
    given = answer or Answer(arrival.seq, arrival.at, arrival.context_id, None, "")
    return RecordedStep(
        number=number,
        order=given.seq,
        epoch=epoch,
        method=arrival.method,
        path=arrival.path.partition("?")[0],
        operation=arrival.operation,
        credential=arrival.credential,
        earliest=arrival.at if given.acted is None else given.acted,
        latest=given.at if given.acted is None else given.acted,
        context=arrival.context_id,
        media_type=arrival.media_type,
        body=_body(arrival),
        size=arrival.size,
        session=session or None,
        text_length=None if text is None else len(text),
        client=arrival.credential.client_id or (body.get("client_id") if token else None),
        scopes=body.get("scope", "") if token else "",
        status=None if given.delivery in {"lost_request", "lost_response"} else given.status,
        code=given.code,
        reason=given.reason or None,
        issued=given.issued,
        token=given.token,
        expires_in=given.token_expires_in,
        retry_after=given.retry_after,
        known=None if answer is None else _effect(answer),
        fault=fault_of(given),
    )


def _effect(answer: Answer) -> Effect:
    if answer.accepted:
        return "accepted"
    return "refused" if answer.reason.startswith("session.") else "none"


def _body(arrival: Arrival) -> bytes | None:
    if arrival.body is not UNSET:
        return msgspec.json.encode(arrival.body)
    if arrival.truncated or (arrival.text is None and arrival.size):
        return None
    return (arrival.text or "").encode("utf-8", "surrogatepass")


def fault_of(answer: Answer) -> Fault | None:
    """Return the fault to apply again: the one that was applied, or one that stands for a failure of the mock.

    Latency is ignored, because the time stamps include it.
    """
    if answer.delivery in _BROKEN:
        return Fault(kind=_BROKEN[answer.delivery])
    if answer.failure is not None and answer.status is not None:
        return Fault(kind="status", status=answer.status, after_acting=answer.acted is not None)
    applied = answer.applied or _shown_by(answer)
    return None if applied is None or applied.kind == "latency" else applied


def _shown_by(answer: Answer) -> Fault | None:
    """Return the fault that an answer shows, for a trace that has only its label."""
    if answer.fault is None or answer.status is None or (answer.acted is not None and answer.status < 500):
        return None
    if answer.status == 403 and answer.body is UNSET:
        return Fault(kind="opaque_403")
    kind: FaultKind = "redirect" if answer.status < 400 else "status"
    return Fault(kind=kind, status=answer.status, retry_after=answer.retry_after, after_acting=answer.acted is not None)


_BROKEN: dict[str, FaultKind] = {
    "lost_request": "lost_request",
    "lost_response": "lost_response",
    "truncated": "truncated_body",
}
