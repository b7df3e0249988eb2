"""Trace entries and their JSON Lines codec, the one format of the mock, the judge and the reports.

A trace is a sequence of entries, one JSON object per line, distinguished by `type`. `seq` is the order in which they were
written; `at` is in milliseconds on the organisation's clock. The journal's order is not the order of commits; if that matters,
sort by the session's version. Credentials are redacted, but equal ones remain recognisable.
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

SESSION_ID = model.SESSION_ID
FaultKind = model.FaultKind
RetryAfterForm = model.RetryAfterForm
UnusableBody = model.UnusableBody
# Shared with scenarios and traces.

MAX_LINE = 4 << 20
"""The longest line of a trace, in bytes."""

CredentialForm = Literal["bearer", "basic", "empty", "literal", "none", "malformed"]
Delivery = Literal["complete", "lost_request", "lost_response", "truncated"]


class TraceError(MockServerError):
    """A trace cannot be read. `line` is the faulty line (from 1), `problem` the reason."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line, self.problem = line, problem


class Guest(Struct, frozen=True, gc=False):
    """The recipient of a message."""

    name: str
    email: str


class ShownCredential(Struct, frozen=True, gc=False, omit_defaults=True):
    """The credential of a request, without the secret.

    `form` is its shape; `literal` means a word such as `null` or `[REDACTED]` in place of a token, kept in `literal`. `token`
    is a pseudonym that is the same for the same token. `client_id` is set for Basic. `seen_in` lists the places with secrets:
    `header` is Authorization. Wrong places are `url`, `body`, `cookie` and `header:NAME`, with the name in lower case. Readers
    ignore places that they do not know.
    """

    form: CredentialForm
    token: str | None = None
    client_id: str | None = None
    literal: str | None = None
    seen_in: tuple[str, ...] = ()


class SessionChange(Struct, frozen=True, gc=False, omit_defaults=True):
    """The effect of an exchange on a session. `before` and `after` are equal if it was refused, None without a session."""

    id: str
    version: int | None = None
    before: State | None = None
    after: State | None = None


class Header(Struct, frozen=True, tag="trace", tag_field="type"):
    """First line of a recording: the format's version and the circumstances of the recording.

    `policy` uses the names and seconds of policy files. `source` is the program that wrote it.
    `clock` is `virtual` if the client's waits moved the clock of the timestamps. It is `wall` if that clock followed real time,
    or was also moved ahead: then no wait was longer than the timestamps say. It is `mixed` if the clock may have stood still.
    `time` is set if the client's own time did not move with that clock, and says in a sentence why. Then the client's waits and
    deadlines, and which answers reached it in time, cannot be judged.
    `door` is how the client reached the mock. On a `socket`, a client cannot tell a lost request from a lost response.
    `resolution` is the precision of the timestamps in milliseconds, if coarser than one. A request left less than that later
    than its timestamp. Two timestamps must differ by more for their order to be known.
    `platform` is the name of a declared platform, if it is of one.
    """

    version: int = TRACE_VERSION
    organization: str = ""
    source: str = "dayfly"
    clock: Literal["virtual", "wall", "mixed"] = "wall"
    door: Literal["socket", "in_process"] = "socket"
    policy: dict[str, Any] = {}
    time: str | UnsetType = UNSET
    resolution: int | UnsetType = UNSET
    platform: str | UnsetType = UNSET


class Began(Struct, gc=False, tag="began", tag_field="type", omit_defaults=True):
    """A client was asked to send `text` to `guest`. `intent` counts from 0; `item` is its place in the scenario."""

    seq: int
    at: int
    intent: int
    guest: Guest
    text: str
    item: int = 0


class Ended(Struct, gc=False, tag="ended", tag_field="type", omit_defaults=True):
    """The client returned. `outcome` is what it reported, or `never` if it did not return and was abandoned."""

    seq: int
    at: int
    intent: int
    outcome: Literal["accepted", "failed", "never"]
    error: str = ""


class Perturbed(Struct, gc=False, tag="perturbed", tag_field="type", omit_defaults=True):
    """A change from outside: by the scenario itself or through the control API. `what` names it, `detail` has its
    parameters. `former` are the values that a change of the policy replaced, by name."""

    seq: int
    at: int
    what: str
    detail: dict[str, Any] = {}
    former: dict[str, Any] = {}


class Arrival(Struct, gc=False, tag="arrival", tag_field="type", omit_defaults=True):
    """A request reached the mock.

    `body` is the decoded JSON (or form) with secrets redacted. It is absent if there was none or it could not be decoded; in
    the latter case `text` has its beginning. `size` is in bytes. `keys` are digests of headers that make a request idempotent,
    by header name in lower case. `traceparent` is the header of that name if it is valid (W3C Trace Context, level 1). `late`:
    the store was unavailable when the request came, so it is journalled after later ones; its place is by `at`. `shown` has the
    credentials of a declared platform that the request shows, by kind; secret ones are pseudonyms.
    """

    seq: int
    at: int
    context_id: str
    method: str
    path: str
    operation: Operation | None
    credential: ShownCredential
    media_type: str | None = None
    size: int = 0
    body: Any | UnsetType = UNSET
    text: str | None = None
    truncated: bool = False
    keys: dict[str, str] = {}
    traceparent: str | None = None
    late: bool = False
    shown: dict[str, str] = {}


class Answer(Struct, gc=False, tag="answer", tag_field="type", omit_defaults=True):
    """The answer to the request with the same `context_id`.

    `status`, `body` and `retry_after` are what was sent, or would have been sent if `delivery` is not `complete`. `accepted`
    says whether the platform accepted the message, even if the client does not know. `acted` is when the platform decided, None
    if a fault kept it from deciding. `token` is the pseudonym of an issued token, `issued` the id of a created session.
    `retry_after_text` is the header if it is not in whole seconds; `retry_after` is then its value rounded up, or None if it
    has none. `applied` is the fault that was applied, and `fault` says it in words; traces of old have only the words.
    `unusable`: a fault gave a 200 a body that the client cannot use. `brought` has the credentials of a declared platform that
    the answer brings, by kind, and `detail` the value in the text of its refusal.

    `failure` is set only in what `merged` returns. It is the reason of the Failure whose status and body this answer has.
    `reason`, `accepted` and `session` then say what the platform did, which the client does not know.
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
    applied: model.Fault | None = None
    failure: str | None = None
    brought: dict[str, str] = {}
    detail: str = ""


class Failure(Struct, gc=False, tag="failure", tag_field="type", omit_defaults=True):
    """The mock failed to serve the request with the same `context_id`, and sent this answer at `at`.

    The request's Answer may come before or after this entry. If there is one, it says what the platform did: it was written,
    but the store's reply was lost. Without one the platform did nothing, or its answer is unknown here.
    """

    seq: int
    at: int
    context_id: str
    status: int | None
    reason: str
    code: str | None = None
    delivery: Delivery = "complete"
    body: Any | UnsetType = UNSET


class Returned(Struct, gc=False, tag="returned", tag_field="type", omit_defaults=True):
    """The answer to `context_id` came back to the client at `at`, as seen from the client's side.

    If this entry is missing, the answer's own `at` and place are used. Not `answered`: the client stopped waiting, so no answer
    of the platform reached it. `overtaken_by`: how many other answers came back after this request had left the client, which
    may be long before it arrived. `aside`: it took time, and another thread or task than the message's waited for it. The
    message may then have been past its own deadline and no longer listening.
    """

    seq: int
    at: int
    context_id: str
    answered: bool = True
    overtaken_by: int = 0
    aside: bool = False


Entry = Header | Began | Ended | Perturbed | Arrival | Answer | Failure | Returned

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class PendingEntry(Protocol):
    """An entry on its way into a journal. The store numbers it; its text is made only when it is read."""

    @property
    def weight(self) -> int:
        """The bytes of a request's body, path and headers that the entry keeps in memory; 0 if they are few."""
        ...

    def entry(self, seq: int, at: int) -> Entry:
        """Return the entry with the number `seq` and the timestamp `at` (milliseconds)."""
        ...


def encode(entry: Entry) -> bytes:
    """Return one line of JSON without its end of line. No content can break the line."""
    return _encoder.encode(entry)


def decode(line: bytes, number: int = 1) -> Entry:
    """Return the entry in `line`. Raises TraceError, which names line `number`, if it is not an entry."""
    if len(line) > MAX_LINE:
        raise TraceError(number, f"longer than {MAX_LINE} bytes; is this a JSON Lines trace?")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise TraceError(number, str(error)) from error


def put_on_the_wire(failure: Failure, answer: Answer | None = None) -> Answer:
    """Return the answer to a request that the mock failed. What was sent is from `failure`, the platform's part from
    `answer`."""
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
    """Return the entries of a trace with each Failure merged into the answer to its request.

    Late arrivals are moved to their place in time, and duplicates are dropped.
    """
    entries = list(entries)
    if not any(map(_is_of_a_failure, entries)):
        return entries
    answers = {entry.context_id: entry for entry in reversed(entries) if isinstance(entry, Answer)}
    failed = {id: answer for id, answer in answers.items() if answer.failure is not None}  # from a trace that was merged before
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
"""Entries in order of time. An Answer is not one: it has the time when it is to leave, which may be later."""


class _Merging:
    """The entries so far. The answer to a request that the mock failed is held back until its timestamp."""

    def __init__(self, failed: dict[str, Answer]) -> None:
        self._failed = failed
        self._due: list[tuple[int, int, Answer]] = []
        self._arrived: set[str] = set()
        self._found: list[Entry] = []

    def put(self, entry: Entry) -> None:
        if isinstance(entry, Failure) or (isinstance(entry, Answer) and entry.context_id in self._failed):
            return
        if isinstance(entry, _STAMPED_IN_ORDER):
            while self._due and self._due[0][0] <= entry.at:
                self._found.append(heappop(self._due)[2])
        if isinstance(entry, Arrival):
            if entry.context_id in self._arrived:
                return
            self._arrived.add(entry.context_id)
            if entry.context_id in self._failed:
                answered = self._failed[entry.context_id]
                heappush(self._due, (answered.at, entry.seq, answered))
        self._found.append(entry)

    def finish(self) -> list[Entry]:
        while self._due:
            self._found.append(heappop(self._due)[2])
        return self._found


def read(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Decode a recording line by line, skipping empty lines. Raises TraceError at the first line that is not an entry.

    An incomplete last line is skipped too: a killed process or a full disk may leave one.
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
                raise TraceError(number, f"trace version {entry.version} is not supported; this dayfly reads {TRACE_VERSION}")
            yield entry
