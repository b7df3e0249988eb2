"""Lists the scenarios that do not depend on chance: each kind of fault at each call of a message, alone and in pairs.

A message is a login, a create and a send. Each may be made again: after a failure, with a fresh session after a dead one, with
a fresh token after a 401. A single fault hits the first call of an operation. In a pair, a client recovers from the first
fault, and the second hits a call that the recovery makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal, NamedTuple, get_args

from msgspec.structs import replace

from contracts.builtin import ANN, BOB
from contracts.generate.fair import is_fair, soon_over
from contracts.generate.limits import DEFAULT, Limits
from contracts.generate.odd import several
from contracts.profiles import Extent
from contracts.scenario import (
    Advance,
    EndSessions,
    ExpireTokens,
    Fault,
    FaultStatus,
    Item,
    Message,
    Operation,
    Perturbation,
    PolicyValue,
    RestartClient,
    RevokeScope,
    RevokeTokens,
    Scenario,
    Send,
    SendParallel,
    Trigger,
)
from mockserver.journal import RetryAfterForm, UnusableBody


class WalkStep(NamedTuple):
    """A scenario of the walk: a `single` fault, a `pair` of them, or something `else`."""

    kind: Literal["single", "pair", "else"]
    scenario: Scenario


class _Place(NamedTuple):
    """A call of a message: the nth of its operation."""

    operation: Operation
    nth: int = 1


TOKEN, CREATE, SEND = _Place("token"), _Place("create"), _Place("send")
TOKEN_AGAIN, CREATE_AGAIN, SEND_AGAIN = _Place("token", 2), _Place("create", 2), _Place("send", 2)


def walk(limits: Limits = DEFAULT, extent: Extent | None = None) -> Iterator[WalkStep]:
    """Return the steps, shortest first. The default `extent` is everything in virtual time, and few steps if waits are real."""
    chosen = extent or ("full" if limits.virtual else "short")
    if chosen == "off":
        return iter(())
    if chosen == "full":
        steps = chain(_singles(), _others(limits), _pairs(), _mixed())
    else:
        steps = chain(_short(), _values(1), _apart(3601.0) if limits.virtual else ())
    return steps if limits.virtual else map(_shortened, steps)


# -- what may go wrong -----------------------------------------------------------------------------------------------


def _status(status: FaultStatus, wait: int | None = None, form: RetryAfterForm = "seconds", acting: bool = False) -> Fault:
    return Fault("send", "status", status=status, retry_after=wait, retry_after_form=form, after_acting=acting)


def _unusable(body: UnusableBody) -> Fault:
    return Fault("send", "unusable_body", body=body)


BUSY, TOLD_TO_WAIT = _status(503), _status(429, 1)
LOST_REQUEST, LOST_ANSWER, CUT = (Fault("send", kind) for kind in ("lost_request", "lost_response", "truncated_body"))
NOT_JSON, AWAY, OPAQUE = _unusable("cut"), Fault("send", "redirect", status=302), Fault("send", "opaque_403")
ACTED = _status(502, acting=True)
AGEING = _status(429, 6)
"""A wait after which an id is too old to be used, while its session still lives."""

_STATUSES = (*(_status(status) for status in (500, 502, 504)), BUSY, *(_status(status, acting=True) for status in (500, 504)))
_WAITS = (
    TOLD_TO_WAIT,
    _status(429, 30),
    _status(429, form="absent"),
    _status(429, form="malformed"),
    _status(429, 1, "fraction"),
    _status(429, 20, "date"),
    _status(503, 20),
    _status(503, 20, "date"),
)
_LOSSES = (LOST_REQUEST, LOST_ANSWER, CUT)
_AWAY = (AWAY, Fault("send", "redirect", status=307))
_BODIES = tuple(map(_unusable, get_args(UnusableBody)))
_LATE = tuple(
    Fault("send", "latency", seconds=seconds, where=where) for seconds in (3.0, 31.0) for where in ("before", "after")
)
_REFUSALS = (_status(400), _status(413))
_EVERYWHERE = (
    *_STATUSES,
    *_WAITS,
    *_LOSSES,
    *_BODIES,
    *_AWAY,
    *_REFUSALS,
    *_LATE,
    Fault("send", "split_body"),
)
_WORLD: dict[Operation, tuple[Perturbation, ...]] = {
    "token": (),
    "create": (ExpireTokens(), RevokeTokens(), RevokeScope()),
    "send": (ExpireTokens(), RevokeTokens(), RevokeScope(), EndSessions(), Advance(31.0), OPAQUE, AGEING),
}
_OVER_AND_OVER = (BUSY, TOLD_TO_WAIT, LOST_REQUEST, LOST_ANSWER, NOT_JSON)
OFTEN = 20
"""More often than a client may try."""

_SECOND = (BUSY, TOLD_TO_WAIT, *_LOSSES, NOT_JSON, AWAY, _status(400))
"""One of each kind, as the second fault of a pair at any operation."""
_SECOND_AT: dict[Operation, tuple[Perturbation, ...]] = {
    "token": _SECOND,
    "create": (*_SECOND, RevokeTokens(), RevokeScope()),
    "send": (*_SECOND, RevokeTokens(), RevokeScope(), EndSessions(), ACTED, OPAQUE),
}
_AFTER: tuple[tuple[_Place, tuple[Perturbation, ...], tuple[_Place, ...]], ...] = (
    (SEND, (EndSessions(), TOLD_TO_WAIT, LOST_REQUEST), (SEND_AGAIN, CREATE_AGAIN)),
    (SEND, (ExpireTokens(),), (TOKEN_AGAIN, SEND_AGAIN, CREATE_AGAIN)),
    (CREATE, (BUSY, TOLD_TO_WAIT, LOST_ANSWER, NOT_JSON), (CREATE_AGAIN, SEND)),
    (CREATE, (ExpireTokens(),), (TOKEN_AGAIN, CREATE_AGAIN, SEND)),
    (TOKEN, (BUSY, TOLD_TO_WAIT, LOST_ANSWER), (TOKEN_AGAIN, CREATE, SEND)),
)
"""The call that a pair begins with, the faults from which a client recovers there, and the calls that follow."""


def _at(place: _Place, what: Perturbation) -> Trigger:
    return Trigger(place.operation, replace(what, operation=place.operation) if isinstance(what, Fault) else what, place.nth)


def _message(*during: Trigger) -> Scenario:
    return Scenario((Send(ANN, "0", during),))


def _singles() -> Iterator[WalkStep]:
    for place in (TOKEN, CREATE, SEND):
        operation = place.operation
        fair = (fault for fault in _EVERYWHERE if is_fair(fault, operation))
        for what in (*fair, *_WORLD[operation]):
            yield WalkStep("single", _message(_at(place, what)))
        for fault in _OVER_AND_OVER:
            yield WalkStep("single", _message(_at(place, replace(fault, times=OFTEN))))


def _pairs() -> Iterator[WalkStep]:
    for start, firsts, places in _AFTER:
        for first in firsts:
            for place in places:
                seconds = _SECOND_AT[place.operation]
                yield from (WalkStep("pair", _message(_at(start, first), _at(place, second))) for second in seconds)


_IN_TURN: tuple[tuple[_Place, Fault, Fault], ...] = (
    (TOKEN, BUSY, LOST_ANSWER),
    (CREATE, BUSY, LOST_ANSWER),
    (SEND, TOLD_TO_WAIT, LOST_REQUEST),
)
ENOUGH = 3
"""As often as a client may have to try after one kind of failure. Twice that is more than it may. Small pools are as large."""


def _mixed() -> Iterator[WalkStep]:
    """Yield messages with one operation that fails in two ways, for clients that count each kind of failure by itself."""
    for place, first, second in _IN_TURN:
        then = place._replace(nth=ENOUGH + 1)
        yield WalkStep("else", _message(_at(place, replace(first, times=ENOUGH)), _at(then, replace(second, times=ENOUGH))))


# -- what is neither -------------------------------------------------------------------------------------------------

VALUE_SCENARIOS = 4
"""The number of scenarios that share all the values, so that none is long."""

CAROL = replace(ANN, name="Carol", email="carol@example.com")


def _others(limits: Limits) -> Iterator[WalkStep]:
    """Yield messages one after another. Those that fail at once show a client that loses a worker or a lock at each failure."""
    yield from _values(VALUE_SCENARIOS)
    together = SendParallel((Message(ANN, "0"), Message(BOB, "1"), Message(CAROL, "2")))
    first, second = Send(ANN, "0"), Send(ANN, "1")
    yield from (
        _else(first, RestartClient(), second),
        _else(first, ExpireTokens(), together),
        _else(first, Advance(401.0), second, policy={"token_ttl": 400}),
        _else(first, Advance(401.0), together, policy={"token_ttl": 400}),
        _else(first, Advance(121.0), second, policy={"token_idle_timeout": 120}),
    )
    refused = (_at(SEND, _status(400)),)
    yield _else(*(Send(ANN, str(number), refused) for number in range(ENOUGH)), Send(ANN, str(ENOUGH)))
    if limits.virtual:
        yield from _apart(3601.0, 1801.0, 601.0)


def _apart(*waits: float) -> Iterator[WalkStep]:
    """Yield messages so far apart that a client which renews its token long before its end does so twice."""
    first, second, third = (Send(ANN, str(number)) for number in range(3))
    for wait in waits:
        yield _else(first, Advance(wait), second, Advance(wait), third)


def _else(*items: Item, policy: dict[str, PolicyValue] | None = None) -> WalkStep:
    return WalkStep("else", Scenario(items, policy=policy or {}))


def _values(scenarios: int) -> Iterator[WalkStep]:
    """Yield messages of all kinds, many in one scenario."""
    for messages in several(scenarios):
        yield _else(*(Send(message.guest, message.text) for message in messages))


# -- for real waits --------------------------------------------------------------------------------------------------

_FEW_SINGLES = (
    (TOKEN, BUSY),
    (TOKEN, LOST_ANSWER),
    (CREATE, LOST_ANSWER),
    (CREATE, _unusable("no_field")),
    (CREATE, _status(429, form="malformed")),
    (SEND, NOT_JSON),
    (SEND, AWAY),
)
_FEW_PAIRS = (
    (SEND, EndSessions(), SEND_AGAIN, LOST_ANSWER),
    (SEND, EndSessions(), CREATE_AGAIN, BUSY),
    (CREATE, ExpireTokens(), TOKEN_AGAIN, BUSY),
    (SEND, TOLD_TO_WAIT, SEND_AGAIN, EndSessions()),
    (SEND, TOLD_TO_WAIT, SEND_AGAIN, LOST_ANSWER),
    (SEND, EndSessions(), SEND_AGAIN, TOLD_TO_WAIT),
)


def _short() -> Iterator[WalkStep]:
    """Yield one step of each kind, and the pairs that clients trip over most."""
    yield from (WalkStep("single", _message(_at(place, what))) for place, what in _FEW_SINGLES)
    for start, first, place, second in _FEW_PAIRS:
        yield WalkStep("pair", _message(_at(start, first), _at(place, second)))


def _shortened(step: WalkStep) -> WalkStep:
    items = tuple(_soon_over(item) for item in step.scenario.items)
    return step._replace(scenario=replace(step.scenario, items=items))


def _soon_over(item: Item) -> Item:
    if not isinstance(item, Send):
        return item
    during = tuple(replace(one, do=soon_over(one.do)) if isinstance(one.do, Fault) else one for one in item.during)
    return replace(item, during=during)
