"""Reads a JSON Lines trace of the mock as a recording. It has what the platform did, to the millisecond."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from contracts.replay.recording import Effect, Problem, Recording, RecordingError, Step, WorldStep
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


class _Request:
    """A request that is being read."""

    def __init__(self, number: int, epoch: int, arrival: Arrival) -> None:
        self.number, self.epoch, self.arrival = number, epoch, arrival
        self.answer: Answer | None = None


class _Trace:
    def __init__(self) -> None:
        self.policy: dict[str, Any] = {}
        self.policy_at_end = False
        self.requests: dict[str, _Request] = {}
        self.world: list[WorldStep] = []
        self.problems: list[Problem] = []
        self._latest, self._epoch = 0, 0
        self._failures: dict[str, Failure] = {}

    def take(self, number: int, entry: Entry) -> None:
        """Add one entry."""
        match entry:
            case Header():
                if entry.version != TRACE_VERSION:
                    self._tell(number, f"trace version {entry.version} is not known here; it is read as {TRACE_VERSION}")
                self.policy, self.policy_at_end = entry.policy, bool(entry.organization)
            case Arrival():
                self._arrived(number, entry)
            case Answer():
                self._answer(number, entry)
            case Failure():
                self._failures[entry.context_id] = entry
            case Perturbed():
                self._look_at_clock(number, entry.at)
                self._happened(number, entry)

    def _arrived(self, number: int, entry: Arrival) -> None:
        if not entry.late:
            self._look_at_clock(number, entry.at)
        if entry.context_id not in self.requests:
            self.requests[entry.context_id] = _Request(number, self._epoch, entry)
        elif not entry.late:
            self._tell(number, f"request {entry.context_id!r} arrived before; it is counted once")

    def _happened(self, number: int, entry: Perturbed) -> None:
        step = WorldStep(number=number, at=entry.at, order=entry.seq, what=entry.what, detail=entry.detail, epoch=self._epoch)
        self.world.append(step)

    def _answer(self, number: int, answer: Answer) -> None:
        request = self.requests.get(answer.context_id)
        if request is None:
            self._tell(number, "an answer without a request above it; it is left out")
        elif request.answer is not None:
            self._tell(number, f"request {answer.context_id!r} was answered before; the first answer counts")
        else:
            request.answer = answer

    def fail(self) -> None:
        """Replace the answers of requests that the mock failed by what was on the wire."""
        for id, failure in self._failures.items():
            request = self.requests.get(id)
            if request is not None:
                request.answer = put_on_the_wire(failure, request.answer)

    def _look_at_clock(self, number: int, at: int) -> None:
        if at < self._latest - BACK:
            self._epoch += 1
            self._tell(number, f"the clock went back by {(self._latest - at) / 1000:g} s; no time across this is known")
            self._latest = at
        self._latest = max(self._latest, at)

    def _tell(self, number: int, text: str) -> None:
        self.problems.append(Problem(number, text))


def read(lines: Iterable[bytes], source: str) -> Recording:
    """Read the recording in the lines of a trace. Raises RecordingError if no line is a request."""
    trace = _Trace()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            trace.take(number, decode(line, number))
        except TraceError as error:
            trace.problems.append(Problem(number, error.problem))
            if not trace.requests and len(trace.problems) >= MOST_PROBLEMS:
                break
    return recording(trace, source)


def of_entries(entries: Iterable[Entry], source: str) -> Recording:
    """Make a recording of entries that have been read already, with their own numbers."""
    trace = _Trace()
    for entry in entries:
        trace.take(getattr(entry, "seq", 0), entry)
    return recording(trace, source)


def recording(trace: _Trace, source: str) -> Recording:
    """Return what was read, in the order in which the platform acted."""
    trace.fail()
    if not trace.requests:
        first = f": line {trace.problems[0].number}: {trace.problems[0].text}" if trace.problems else ""
        raise RecordingError(source, f"this is not a recording: it is a trace without requests{first}")
    return Recording(
        source=source,
        kind="trace",
        steps=sorted((step_of(request) for request in trace.requests.values()), key=_when),
        world=trace.world,
        problems=trace.problems,
        policy=trace.policy,
        policy_at_end=trace.policy_at_end,
        unit="line",
    )


def _when(step: Step) -> tuple[int, int, int]:
    return step.epoch, step.earliest, step.order


def step_of(request: _Request) -> Step:
    """Return a request of the journal with its answer as a step."""
    arrival, answer = request.arrival, request.answer
    acted = answer.acted if answer is not None else None
    body = arrival.body if isinstance(arrival.body, dict) else {}
    token = arrival.operation == "token"
    sent = arrival.operation == "send"
    session, text = body.get("webChatSessionId"), body.get("text")
    step = Step(
        number=request.number,
        order=arrival.seq if answer is None else answer.seq,
        epoch=request.epoch,
        method=arrival.method,
        path=arrival.path.partition("?")[0],
        operation=arrival.operation,
        credential=arrival.credential,
        earliest=arrival.at if acted is None else acted,
        latest=(answer.at if answer is not None else arrival.at) if acted is None else acted,
        context=arrival.context_id,
        media_type=arrival.media_type,
        body=_body(arrival),
        size=arrival.size,
        session=session if sent and isinstance(session, str) and session else None,
        text_length=len(text) if sent and isinstance(text, str) else None,
        client=arrival.credential.client_id or (body.get("client_id") if token else None),
        scopes=body.get("scope", "") if token else "",
    )
    return step if answer is None else _answered(step, answer)


def _answered(step: Step, answer: Answer) -> Step:
    return msgspec.structs.replace(
        step,
        status=None if answer.delivery in {"lost_request", "lost_response"} else answer.status,
        code=answer.code,
        reason=answer.reason or None,
        issued=answer.issued,
        token=answer.token,
        expires_in=answer.token_expires_in,
        retry_after=answer.retry_after,
        known=_effect(answer),
        fault=fault_of(answer),
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
