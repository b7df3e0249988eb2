"""Scenarios as data: what a user wants of the client, and the perturbations meanwhile.

A scenario names guests and texts, never ids, so it does not depend on what the client did. It is complete before anything runs,
is a JSON file, and can be replayed in any language. Times are in seconds, as in policy files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from contracts.errors import ScenarioError
from contracts.formats import Format
from mockserver.journal import FaultKind, Guest, RetryAfterForm, UnusableBody

SCENARIO_VERSION = 1

Operation = Literal["token", "create", "send"]

LONGEST = 10 * 365 * 86_400.0
"""Longest step, in seconds."""

Seconds = Annotated[float, Meta(ge=0, le=LONGEST)]
Count = Annotated[int, Meta(ge=1, le=1000)]
FaultStatus = Literal[301, 302, 303, 307, 308, 400, 413, 429, 500, 502, 503, 504]

PolicyValue = float | int | str | list[str] | None


class _Step(Struct, frozen=True, tag_field="op", forbid_unknown_fields=True, omit_defaults=True):
    """The base of all steps of a scenario, which `op` names."""


class Advance(_Step, frozen=True, tag="advance"):
    """The organisation's clock, and with it the client's, jumps forward."""

    seconds: Seconds


class EndSessions(_Step, frozen=True, tag="end_sessions"):
    """Every live session is revoked."""


class ExpireTokens(_Step, frozen=True, tag="expire_tokens"):
    """Every live token expires: 401 `credentials.expired`."""


class RevokeTokens(_Step, frozen=True, tag="revoke_tokens"):
    """Every live token is revoked: 401 `bad.credentials`."""


class RejectTokens(_Step, frozen=True, tag="reject_tokens"):
    """Every token, also one issued later, is answered 401 until `accept_tokens`."""


class AcceptTokens(_Step, frozen=True, tag="accept_tokens"):
    """`reject_tokens` ends."""


class RevokeScope(_Step, frozen=True, tag="revoke_scope"):
    """The OAuth client loses the scope: 403 until `grant_scope`."""


class GrantScope(_Step, frozen=True, tag="grant_scope"):
    """The OAuth client gets the scope back."""


class RestartClient(_Step, frozen=True, tag="restart_client"):
    """The client is closed and a new one takes its place, which finds the files of the first."""


class Fault(_Step, frozen=True, tag="fault"):
    """The next `times` requests of `operation` are hit by a fault, which is decided before the first guard.

    - `status`: answered with the status. `retry_after` is in whole seconds (429 and 503), written as `retry_after_form`. With
      `after_acting` (500, 502 and 504) the platform acts first.
    - `latency`: `seconds` pass before or after the platform acts, as `where` says.
    - `unusable_body`: `body` replaces the body of a 200.
    - `redirect`: answered with the status, from 301 to 308.
    - `opaque_403`: for sends only.
    - `truncated_body`: for a 200 only.
    """

    operation: Operation
    kind: FaultKind
    times: Count = 1
    status: FaultStatus | None = None
    retry_after: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    retry_after_form: RetryAfterForm = "seconds"
    after_acting: bool = False
    seconds: Seconds = 0
    where: Literal["before", "after"] = "before"
    body: UnusableBody | None = None


PlatformChange = Advance | EndSessions | ExpireTokens | RevokeTokens | RejectTokens | AcceptTokens | RevokeScope | GrantScope
"""A change of the platform that has no more than seconds to it."""

Perturbation = PlatformChange | RestartClient | Fault


class Trigger(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A perturbation inside an intent: `do` it when the `nth` request of the operation `before` arrives, before its guards."""

    before: Operation
    do: Perturbation
    nth: Count = 1


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """One message of a parallel item."""

    guest: Guest
    text: Annotated[str, Meta(min_length=1)]


class Send(_Step, frozen=True, tag="send"):
    """An intent: the client is asked to deliver `text` to `guest`."""

    guest: Guest
    text: Annotated[str, Meta(min_length=1)]
    during: tuple[Trigger, ...] = ()


class SendParallel(_Step, frozen=True, tag="send_parallel"):
    """Several intents at once, of distinct guests and texts.

    `schedule` makes a race repeatable. If several requests or answers wait, its next number, modulo how many wait, picks one,
    counted from the oldest. After its end, the oldest is picked.
    """

    sends: Annotated[tuple[Message, ...], Meta(min_length=1, max_length=100)]
    during: tuple[Trigger, ...] = ()
    schedule: tuple[Annotated[int, Meta(ge=0, le=1_000_000)], ...] = ()


Item = Send | SendParallel | Perturbation


class Played(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A scenario of any platform. Its parts are played in order, under `policy` (names and seconds as in policy files).

    `title` is for people. `client` names the client in which a counterexample was found. `chance` is the seed of the random
    numbers of a client in Python.
    """

    version: int = SCENARIO_VERSION
    title: str = ""
    client: str = ""
    policy: dict[str, PolicyValue] = {}
    chance: Annotated[int, Meta(ge=0, lt=1 << 32)] = 0

    @property
    def parts(self) -> tuple[Any, ...]:
        """Its items or steps."""
        raise NotImplementedError

    @property
    def intents(self) -> int:
        """The number of messages, or of other units of work, that the client is asked for."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """Return the scenario as plain values."""
        return dict(msgspec.to_builtins(self))

    def weight(self) -> tuple[int, ...]:
        """Return numbers by which it is simpler than others, the most important first."""
        return self.intents, sum(1 + len(getattr(part, "during", ())) for part in self.parts)


P = TypeVar("P", bound=Played)


class Scenario(Played, frozen=True):
    """A history to put a client that sends messages through."""

    items: Annotated[tuple[Item, ...], Meta(max_length=1000)]

    @property
    def parts(self) -> tuple[Item, ...]:
        """See Played."""
        return self.items

    @property
    def intents(self) -> int:
        """The number of messages that the client is asked to deliver."""
        return sum(len(messages(item)) for item in self.items)

    def document(self) -> dict[str, Any]:
        """Return the scenario as plain values, in an order that suits readers."""
        noted = {"version": self.version, "title": self.title, "client": self.client}
        whole = {**noted, "policy": dict(sorted(self.policy.items())), "chance": self.chance, "items": self.items}
        return {name: msgspec.to_builtins(value) for name, value in whole.items() if name in {"version", "items"} or value}


SAVED = "`dayfly verify --corpus DIR` saves one for each finding"

_format = Format(Scenario, "scenario", SCENARIO_VERSION, Item, ScenarioError, SAVED)


def messages(item: Item) -> tuple[Message, ...]:
    """Return the messages that `item` asks the client to deliver; none for a perturbation."""
    match item:
        case Send(guest, text):
            return (Message(guest, text),)
        case SendParallel(sends):
            return sends
        case _:
            return ()


def noted(perturbation: Perturbation) -> tuple[str, dict[str, Any]]:
    """Return a perturbation as a trace records it: `what` and `detail` of journal.Perturbed."""
    detail = msgspec.to_builtins(perturbation)
    return detail.pop("op"), detail


def decode(raw: bytes, source: str = "scenario") -> Scenario:
    """Decode a scenario. Raises ScenarioError, naming `source` and the place, if it is not valid."""
    scenario = _format.decode(raw, source)
    check(scenario, source)
    return scenario


def encode(scenario: Played) -> bytes:
    """Return the scenario as the content of a file: indented JSON with a newline at the end."""
    return msgspec.json.format(_canonical(scenario), indent=2) + b"\n"


def _canonical(scenario: Played) -> bytes:
    return msgspec.json.encode(scenario.document())


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises ScenarioError if it cannot be read or is not valid. A file too long is not read whole."""
    return decode(_format.read(path), str(path))


def save(scenario: Played, directory: Path, code: str) -> Path:
    """Write a counterexample to clause `code` into a corpus. The same scenario gets the same name; an existing file stays.

    Readers of the corpus see the whole file or none. Raises ScenarioError if it cannot be written.
    """
    path = directory / name_in_corpus(scenario, code)
    if path.exists():
        return path
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(encode(scenario))
        unfinished.replace(path)
    except OSError as error:
        raise ScenarioError(str(path), "$", f"cannot be written: {error.strerror}") from error
    return path


def name_in_corpus(scenario: Played, code: str) -> str:
    """Return the name of the file of a counterexample."""
    return f"{code.replace('/', '.')}-{digest(scenario)}.json"


def corpus(directory: Path, load: Callable[[Path], P]) -> Iterator[tuple[Path, P]]:
    """Yield the scenarios in `directory`, by file name. Raises ScenarioError at the first file that is not one."""
    for path in sorted(directory.glob("*.json")):
        try:
            yield path, load(path)
        except ScenarioError:
            if path.exists():  # otherwise another process has just removed it
                raise


def bare(scenario: P) -> P:
    """Return the scenario without its title and its client."""
    return changed(scenario, title="", client="")


def changed(scenario: P, **fields: Any) -> P:
    """Return the scenario with other values of these fields."""
    return msgspec.structs.replace(scenario, **fields)


def digest(scenario: Played) -> str:
    """Return eight hexadecimal digits that identify a scenario, whatever its title and its client."""
    return hashlib.sha256(_canonical(bare(scenario))).hexdigest()[:8]


def complexity(scenario: Played) -> tuple[tuple[int, ...], int, bytes]:
    """Return a sort key, simplest first: intents, then steps of all kinds, then length. It is unique."""
    canonical = _canonical(scenario)
    return scenario.weight(), len(canonical), canonical


def triggers(item: Item) -> tuple[Trigger, ...]:
    """Return the perturbations inside `item`."""
    return item.during if isinstance(item, Send | SendParallel) else ()


def check(scenario: Scenario, source: str = "scenario") -> None:
    """Raise ScenarioError if a scenario of the right shape makes no sense."""
    _format.check_version(scenario.version, source)
    for number, item in enumerate(scenario.items):
        place = f"$.items[{number}]"
        if isinstance(item, SendParallel):
            _check_distinct(item, source, place)
        if isinstance(item, Fault):
            _check_fault(item, source, place)
        for nth, trigger in enumerate(triggers(item)):
            _check_trigger(trigger, source, f"{place}.during[{nth}].do")


def _check_distinct(item: SendParallel, source: str, place: str) -> None:
    guests = {message.guest for message in item.sends}
    texts = {message.text for message in item.sends}
    if min(len(guests), len(texts)) < len(item.sends):
        raise ScenarioError(source, f"{place}.sends", "guests and texts must be distinct, or requests cannot be told apart")


def _check_trigger(trigger: Trigger, source: str, place: str) -> None:
    if isinstance(trigger.do, RestartClient):
        raise ScenarioError(source, place, "a client cannot be restarted while it is at work; put it between items")
    if isinstance(trigger.do, Fault):
        _check_fault(trigger.do, source, place)


def _check_fault(fault: Fault, source: str, place: str) -> None:
    problem = _fault_problem(fault)
    if problem:
        raise ScenarioError(source, place, problem)


def _fault_problem(fault: Fault) -> str:
    if (fault.kind in {"status", "redirect"}) != (fault.status is not None):
        return "`status` goes with the kinds `status` and `redirect`, and with no other"
    if fault.status is not None and (fault.status < 400) != (fault.kind == "redirect"):
        return "the kind `redirect` takes a status from 301 to 308, the kind `status` one from 400"
    if (fault.kind == "unusable_body") != (fault.body is not None):
        return "`body` goes with the kind `unusable_body`, and with no other"
    return _status_problem(fault) or _placement_problem(fault)


def _status_problem(fault: Fault) -> str:
    waits = fault.retry_after is not None or fault.retry_after_form != "seconds"
    if waits and fault.status not in {429, 503}:
        return "`retry_after` and `retry_after_form` go with status 429 or 503"
    if fault.retry_after_form in {"fraction", "date"} and not fault.retry_after:
        return "`retry_after_form` fraction or date needs `retry_after`, of 1 or more"
    if fault.after_acting and fault.status not in {500, 502, 504}:
        return "`after_acting` goes with status 500, 502 or 504"
    return ""


def _placement_problem(fault: Fault) -> str:
    if fault.seconds and fault.kind != "latency":
        return "`seconds` go with the kind `latency`"
    if fault.kind == "opaque_403" and fault.operation != "send":
        return "`opaque_403` hits the operation `send` only"
    return ""
