"""Trace entries and their JSON Lines codec: the one format that the mock, the judge and the reports share.

A trace is a sequence of entries, one JSON object a line, told apart by `type`. `seq` orders them as they were written;
`at` is in milliseconds on the organisation's clock. The order of a journal is not the order of commits: where that matters,
sort by the session's version. Credentials are redacted, their identity is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any, Literal, Protocol

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from mockserver.engine import model
from mockserver.engine.model import Operation, State
from mockserver.errors import MockServerError

TRACE_VERSION = 1

FaultKind = model.FaultKind
RetryAfterForm = model.RetryAfterForm
UnusableBody = model.UnusableBody
# Words of the engine that scenarios and traces share with it.

MAX_LINE = 4 << 20
"""Longest line, in bytes, that a trace may have."""

CredentialForm = Literal["bearer", "basic", "empty", "literal", "none", "malformed"]
Delivery = Literal["complete", "lost_request", "lost_response", "truncated"]


class TraceError(MockServerError):
    """A trace cannot be read; `line` is where (1 is the first), `problem` says why."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line, self.problem = line, problem


class Guest(Struct, frozen=True):
    """Whom a message is for."""

    name: str
    email: str


class Credential(Struct, frozen=True, omit_defaults=True):
    """What a request showed to prove itself, without the secret.

    `form` tells the shape (`literal`: a word such as `null` or `[REDACTED]` stood where a token belongs, kept in `literal`),
    `token` is a pseudonym that is the same whenever the same token is shown, `client_id` stands for Basic,
    `seen_in` lists where secrets were found: `header` is Authorization. Wrong places are `url`, `body`, `cookie` and
    `header:NAME`, the name in lower case. A reader passes over places that it does not know.
    """

    form: CredentialForm
    token: str | None = None
    client_id: str | None = None
    literal: str | None = None
    seen_in: tuple[str, ...] = ()


class SessionChange(Struct, frozen=True, omit_defaults=True):
    """What an exchange did to a session: `before` and `after` are equal where it was refused; None where there is none."""

    id: str
    version: int | None = None
    before: State | None = None
    after: State | None = None


class Header(Struct, frozen=True, tag="trace", tag_field="type"):
    """First line of a recording: the format's version, and what is known of where it was made.

    `policy` uses the names and seconds of policy files; `source` says what wrote it. `clock` is `virtual` where the client's
    waits moved the clock that stamped the entries; `wall` where that clock followed real time, or was moved ahead besides: no
    wait was longer than the stamps say; `mixed` where it may have stood still meanwhile.
    `time` says in a sentence why the client's own time did not move with that clock, if so: then its waits, its deadlines and
    what it heard in time cannot be judged.
    `door` is how the client reached the mock: on a `socket` a lost request and a lost response look alike to it.
    `resolution` is how exact the stamps are, in milliseconds, if they are coarser than one: a request left less than that later
    than its stamp says, and two stamps must be further apart for their order to be known.
    """

    version: int = TRACE_VERSION
    organization: str = ""
    source: str = "dayfly"
    clock: Literal["virtual", "wall", "mixed"] = "wall"
    door: Literal["socket", "in_process"] = "socket"
    policy: dict[str, Any] = {}
    time: str | UnsetType = UNSET
    resolution: int | UnsetType = UNSET


class Began(Struct, tag="began", tag_field="type", omit_defaults=True):
    """A client was asked to send `text` to `guest`. `intent` numbers intents from 0; `item` is its place in the scenario."""

    seq: int
    at: int
    intent: int
    guest: Guest
    text: str
    item: int = 0


class Ended(Struct, tag="ended", tag_field="type", omit_defaults=True):
    """The client returned: `outcome` is what it reported; `never` where it did not return and was given up."""

    seq: int
    at: int
    intent: int
    outcome: Literal["accepted", "failed", "never"]
    error: str = ""


class Perturbed(Struct, tag="perturbed", tag_field="type", omit_defaults=True):
    """The world did something by itself, or somebody used the control API: `what` names it, `detail` tells how."""

    seq: int
    at: int
    what: str
    detail: dict[str, Any] = {}


class Arrival(Struct, tag="arrival", tag_field="type", omit_defaults=True):
    """A request reached the mock.

    `body` is the decoded JSON (or form) with secrets redacted, absent where there was none or it could not be decoded;
    then `text` holds its beginning. `size` counts bytes. `keys` are digests of headers that make a request idempotent, by the
    header's name in lower case. `traceparent` is the header of that name if it is valid (W3C Trace Context, level 1).
    `late`: the store was away when it came, so it is journalled after others that came later; its place is by `at`.
    """

    seq: int
    at: int
    context_id: str
    method: str
    path: str
    operation: Operation | None
    credential: Credential
    media_type: str | None = None
    size: int = 0
    body: Any | UnsetType = UNSET
    text: str | None = None
    truncated: bool = False
    keys: dict[str, str] = {}
    traceparent: str | None = None
    late: bool = False


class Answer(Struct, tag="answer", tag_field="type", omit_defaults=True):
    """What became of the request with the same `context_id`.

    `status`, `body` and `retry_after` are what was put on the wire, or would have been where `delivery` is not `complete`.
    `accepted` is the truth about the message: the platform accepted it, whoever knows. `acted` is when the platform decided,
    None where a fault kept it from deciding. `token` is the pseudonym of a token issued, `issued` the id of a session created.
    `fault` names the fault that was applied. `retry_after_text` is the header if it is not whole seconds: `retry_after` is
    what it means, rounded up, and None if it means nothing. `unusable`: a fault put a body that no client can use into a 200.

    `failure` stands only in what `merged` returns: the reason of the Failure whose status and body are those of this answer.
    Then `reason`, `accepted` and `session` tell what the platform did, which the client was not told.
    """

    seq: int
    at: int
    context_id: str
    status: int | None
    reason: str
    code: str | None = None
    accepted: bool = False
    acted: int | None = None
    delivery: Delivery = "complete"
    body: Any | UnsetType = UNSET
    retry_after: int | None = None
    retry_after_text: str | None = None
    unusable: bool = False
    session: SessionChange | None = None
    issued: str | None = None
    token: str | None = None
    token_expires_in: int | None = None
    fault: str | None = None
    failure: str | None = None


class Failure(Struct, tag="failure", tag_field="type", omit_defaults=True):
    """The mock failed to serve the request with the same `context_id`, and put this on the wire, at `at`.

    The Answer of that request, if there is one, before or after this entry, tells what the platform did: it had been written
    when the store's reply was lost. Without one the platform did nothing, or its answer is not known here.
    """

    seq: int
    at: int
    context_id: str
    status: int | None
    reason: str
    code: str | None = None
    delivery: Delivery = "complete"
    body: Any | UnsetType = UNSET


class Returned(Struct, tag="returned", tag_field="type", omit_defaults=True):
    """The answer to `context_id` came back to the client, at `at`. Written by whoever can see the client's side; where it is
    missing the answer's own `at` and place stand for it. Not `answered`: the client stopped waiting, and whatever the platform
    answers, then or later, did not reach it. `overtaken_by`: how many other answers came back after this request had left the
    client, which may be long before it arrived. `aside`: it took time, and a thread or task beside that of the message waited
    for it: the message may have been past its own deadline, and not listening any more."""

    seq: int
    at: int
    context_id: str
    answered: bool = True
    overtaken_by: int = 0
    aside: bool = False


Entry = Header | Began | Ended | Perturbed | Arrival | Answer | Failure | Returned

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class Noted(Protocol):
    """An entry on its way into a journal: a store gives it its number, and its text is made only when somebody reads it."""

    @property
    def weight(self) -> int:
        """The bytes that the entry keeps in memory of a request's body, path and headers; 0 if they are few."""
        ...

    def entry(self, seq: int, at: int) -> Entry:
        """The entry as it is to be read, numbered `seq` and stamped `at` (milliseconds)."""
        ...


def encode(entry: Entry) -> bytes:
    """One line of JSON without its end of line; what it holds cannot break the line."""
    return _encoder.encode(entry)


def decode(line: bytes, number: int = 1) -> Entry:
    """The entry in `line`. Raises TraceError, naming line `number`, where it is not one."""
    if len(line) > MAX_LINE:
        raise TraceError(number, f"longer than {MAX_LINE} bytes; is this a JSON Lines trace?")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise TraceError(number, str(error)) from error


def put_on_the_wire(failure: Failure, answer: Answer | None = None) -> Answer:
    """Return what became of a request that the mock failed: the wire's side from `failure`, the platform's from `answer`."""
    if answer is None:
        answer = Answer(failure.seq, failure.at, failure.context_id, failure.status, failure.reason)
    return replace(
        answer,
        at=failure.at,
        status=failure.status,
        code=failure.code,
        delivery=failure.delivery,
        body=failure.body,
        retry_after=None,
        retry_after_text=None,
        unusable=False,
        failure=failure.reason,
    )


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries of a trace without its Failures: each is part of the answer to its request.

    Late arrivals stand where they belong by their time, and what was journalled twice stands once.
    """
    entries = list(entries)
    if not any(map(_is_of_a_failure, entries)):
        return entries
    answers = {entry.context_id: entry for entry in reversed(entries) if isinstance(entry, Answer)}
    failed = {id: answer for id, answer in answers.items() if answer.failure is not None}  # in a trace that was merged before
    for entry in reversed(entries):
        if isinstance(entry, Failure):
            failed[entry.context_id] = put_on_the_wire(entry, answers.get(entry.context_id))
    merging = _Merging(failed)
    waiting = deque(
        sorted((entry for entry in entries if isinstance(entry, Arrival) and entry.late), key=lambda entry: entry.at)
    )
    for entry in entries:
        if isinstance(entry, Arrival) and entry.late:
            continue
        while waiting and isinstance(entry, _STAMPED_IN_ORDER) and waiting[0].at < entry.at:
            merging.put(waiting.popleft())
        merging.put(entry)
    while waiting:
        merging.put(waiting.popleft())
    return merging.finish()


def _is_of_a_failure(entry: Entry) -> bool:
    return isinstance(entry, Failure) or (isinstance(entry, Answer) and entry.failure is not None)


_STAMPED_IN_ORDER = (Began, Ended, Perturbed, Arrival, Returned)
"""Entries that follow each other in time; an answer is stamped with the moment it is to leave, which may lie ahead."""


class _Merging:
    """The entries so far. The answer to a request that the mock failed follows when time has reached its stamp."""

    def __init__(self, failed: dict[str, Answer]) -> None:
        self._failed = failed
        self._due: list[tuple[int, int, Answer]] = []
        self._arrived: set[str] = set()
        self._found: list[Entry] = []

    def put(self, entry: Entry) -> None:
        if isinstance(entry, Failure) or (isinstance(entry, Answer) and entry.context_id in self._failed):
            return
        if isinstance(entry, _STAMPED_IN_ORDER):
            self._answer_until(entry.at)
        if isinstance(entry, Arrival):
            if entry.context_id in self._arrived:
                return
            self._arrived.add(entry.context_id)
            if entry.context_id in self._failed:
                answered = self._failed[entry.context_id]
                heappush(self._due, (answered.at, entry.seq, answered))
        self._found.append(entry)

    def _answer_until(self, at: int) -> None:
        while self._due and self._due[0][0] <= at:
            self._found.append(heappop(self._due)[2])

    def finish(self) -> list[Entry]:
        while self._due:
            self._found.append(heappop(self._due)[2])
        return self._found


def read(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Decode a recording line by line; empty lines are skipped. Raises TraceError at the first line that is not an entry.

    A last line without its end, as a killed process or a full disk leaves it, is skipped too.
    """
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if line.strip():
            try:
                entry = decode(line, number)
            except TraceError:
                torn = number > 1 and len(line) <= MAX_LINE and not line.endswith(b"\n")
                if torn and next(numbered, None) is None:
                    return
                raise
            if isinstance(entry, Header) and entry.version != TRACE_VERSION:
                raise TraceError(number, f"trace version {entry.version} is not known here (this is {TRACE_VERSION})")
            yield entry
