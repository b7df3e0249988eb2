"""Plays a scenario with one client against a mock of a declared platform, and returns the trace."""

from __future__ import annotations

import json
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import to_builtins
from msgspec.structs import replace

from contracts.clients.base import Clients, Credentials, Outcome
from contracts.clients.watched import Watched, is_arrived
from contracts.protocol.scenario import Advance, DeclaredScenario, Do, End, Happening, Inject, Together, told
from contracts.protocol.trace import PLAIN_FAULTS, DeclaredTrace, Happened, TraceExchange, UnitRun
from contracts.runner.playing import Playing, Ran
from contracts.runner.runner import repeatable_chance
from contracts.runner.triggers import RequestTrigger
from mockserver.declared.handler import DeclaredCall, DeclaredHandler, headers_kept
from mockserver.declared.mock import Mock, Registered
from mockserver.ids import Ids
from mockserver.platform.model import Platform
from mockserver.wire import Request, Response
from mockserver.wire.notes import KEPT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Record:
    """The order of events of one run: when requests left, answers came back, and units began and ended."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._tick, self.now = count(1), now
        self.left: dict[str, float] = {}
        self.returned: dict[str, tuple[float, bool, bool]] = {}
        self.responses: dict[str, Response] = {}
        self._returns: list[float] = []
        self.units: list[UnitRun] = []
        self.events: list[Happened] = []
        self._lock = threading.Lock()

    def next(self) -> float:
        """Return the place of an event that happens now."""
        return float(next(self._tick))

    def latest(self) -> int:
        """Return a place after the latest event."""
        return round(self.next())

    def came_back(self, context_id: str, answered: bool, overtaken_by: int = 0, aside: bool = False) -> None:
        """See `clients.base.Returned`."""
        with self._lock:
            place = self.next()
            if overtaken_by and context_id in self.left:  # it left before the answers that overtook it
                first = self._returns[-overtaken_by:]
                self.left[context_id] = min([self.left[context_id], *(other - 0.5 for other in first)])
            self._returns.append(place)
            self.returned[context_id] = (place, answered, not aside)


class WatchedDeclared(Watched, DeclaredHandler):
    """A handler that records each request's place in the order of events, and announces it to the scenario's runner."""

    def __init__(self, mock: Mock) -> None:
        super().__init__(mock)
        self.record = _Record(mock.now)
        self.arriving: Callable[[str | None], float] | None = None
        self.real_time = False
        self.calls: list[DeclaredCall] = []

    def arrive(self, request: Request) -> DeclaredCall:
        """See DeclaredHandler."""
        self.requests += 1
        call = self.noting_failure(self._arrive, request)
        self.calls.append(call)
        self.record.left[call.context_id] = self.record.next()
        is_arrived(call.context_id)
        return call

    def _arrive(self, request: Request) -> DeclaredCall:
        if self.arriving is not None:
            operation, _, _ = self._match(self.read(request))
            self.arriving(None if operation is None else operation.name)
        return super().arrive(request)

    def finish(self, call: DeclaredCall) -> Response:
        """See DeclaredHandler."""
        response = super().finish(call)
        self.record.responses[call.context_id] = response
        if self.real_time:  # a process takes its answer unseen
            self.record.came_back(call.context_id, True)
        return response


class UnitIntent:
    """A unit of work under way; see `clients.base.Intent`."""

    def __init__(self, record: _Record, unit: Do, *, alone: bool) -> None:
        self._record, self._unit = record, unit
        number = len(record.units) + 1
        self.run = UnitRun(number=number, name=unit.unit, payload=unit.given, began=float("inf"), alone=alone)
        record.units.append(self.run)

    def ask(self, client: Any) -> Any:
        """See `clients.base.Intent`."""
        return getattr(client, self._unit.unit)(**deepcopy(self._unit.given))  # a client may change what it is given

    def question(self, number: int) -> bytes:
        """See `clients.base.Intent`."""
        return json.dumps({"id": number, "do": self._unit.unit, "with": self._unit.given}).encode() + b"\n"

    def began(self) -> None:
        """See `clients.base.Intent`."""
        self.run.began, self.run.began_at = self._record.next(), self._record.now()

    def ended(self, outcome: Outcome, error: str = "") -> None:
        """See `clients.base.Intent`."""
        if self.run.outcome == "never":
            self.run.outcome, self.run.error = outcome, error
            self.run.ended, self.run.ended_at = self._record.next(), self._record.now()

    def give_up(self, why: str) -> None:
        """Note the reason if the client did not report an outcome."""
        if self.run.outcome == "never":
            self.run.error, self.run.ended_at = why, self._record.now()


class ProtocolRunner:
    """A mock of a platform, and clients that are run against it. A context manager, for one thread."""

    def __init__(self, clients: Clients, platform: Callable[[Mapping[str, Any]], Platform]) -> None:
        """`platform` compiles the declaration under a policy."""
        self.clients, self._compile = clients, platform
        self._platforms: dict[str, Platform] = {}
        self._handler: WatchedDeclared

    def __enter__(self) -> Self:
        self._handler = WatchedDeclared(Mock(self._platform({})))
        self.clients.open(self._app)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clients.close()

    @property
    def platform(self) -> Platform:
        """The platform as it is declared, without a policy."""
        return self._platform({})

    def _platform(self, policy: Mapping[str, Any]) -> Platform:
        key = json.dumps(policy, sort_keys=True)
        if key not in self._platforms:
            self._platforms[key] = self._compile(policy)
        return self._platforms[key]

    def _app(self) -> WSGIApplication:
        from mockserver.web.declared import DeclaredApp

        return DeclaredApp(self._handler)

    def run(self, scenario: DeclaredScenario) -> Ran[DeclaredTrace]:
        """Play a scenario. Raises ClientError if a client cannot be made, DeclarationError if the policy is invalid."""
        self.clients.begin()
        is_virtual = self.clients.clock == "virtual"
        platform = self._platform(scenario.policy)
        drawn = (kind.name for kind in platform.kinds.values() if kind.registered)
        registered = {name: Registered(str(uuid.uuid4()), {}) for name in drawn}
        ids = Ids.seeded(0) if is_virtual else None
        mock = Mock(platform, system=self.clients.system, ids=ids, registered=registered)
        handler = self._handler
        handler.use(mock)
        handler.record, handler.failure, handler.calls = _Record(mock.now), None, []
        handler.real_time = not is_virtual
        with repeatable_chance(scenario.chance):
            play = _Play(self.clients, handler)
            play.to_end(lambda: play.go_through(scenario))
        return play.ran(_trace(handler, sharp=is_virtual, in_process=self.clients.door == "in_process"))


class _Play(Playing):
    """One client at work."""

    def __init__(self, clients: Clients, handler: WatchedDeclared) -> None:
        self._mock, self._record = handler.mock, handler.record
        first = next(iter(self._mock.registered.values()), None)
        secret = next(iter(first.bound.values()), "") if first is not None else secrets.token_urlsafe(24)
        credentials = Credentials(first.id if first is not None else "none", secret)
        super().__init__(clients, credentials, handler, self._record.came_back, self._record.latest)
        handler.arriving = self._watch.arrived
        self._running = self._driver = clients.start(self._seat)

    def go_through(self, scenario: DeclaredScenario) -> None:
        """Run the steps until the end, or until the client must be given up."""
        self._goes_through(lambda: self._running.conduct(lambda: self._take(scenario)))

    def _take(self, scenario: DeclaredScenario) -> None:
        for step in scenario.steps:
            if isinstance(step, Do):
                self._do((step,), ())
            elif isinstance(step, Together):
                self._do(step.units, step.schedule)
            else:
                self._happen(step)

    def _do(self, units: tuple[Do, ...], schedule: tuple[int, ...]) -> None:
        intents = [UnitIntent(self._record, unit, alone=len(units) == 1) for unit in units]
        during = [one for unit in units for one in unit.during]
        triggers = [RequestTrigger(one.before, one.nth, partial(self._happen_inside, one.then)) for one in during]
        self._ask(self._running, intents, schedule, triggers)

    def _happen_inside(self, happening: Happening) -> float:
        self._happen(happening, inside=True)
        return 0.0

    def _happen(self, happening: Happening, *, inside: bool = False) -> None:
        record = self._record
        jump = round(1000 * happening.seconds) if isinstance(happening, Advance) else 0
        detail = to_builtins(happening)
        record.events.append(Happened(record.next(), record.now(), told(happening), jump, detail.pop("step"), detail))
        match happening:
            case End(kind, by):
                self._mock.end(kind, by=by)
            case Inject(operation, fault, skip):
                self._mock.plan(replace(fault, operation=operation, skip=skip))
            case Advance(seconds):
                self._pass(seconds, inside=inside)

    def _pass(self, seconds: float, *, inside: bool) -> None:
        if self._clients.clock == "virtual" and not inside:
            self._running.advance(seconds)
            return
        # The time of a process, or of a client at work, cannot be moved. So only the platform's clock moves.
        self._mock.advance(round(1000 * seconds))


def _trace(handler: WatchedDeclared, *, sharp: bool, in_process: bool) -> DeclaredTrace:
    record = handler.record
    exchanges = [
        _exchange(number, call, record, sharp=sharp, in_process=in_process) for number, call in enumerate(handler.calls, 1)
    ]
    registered = {name: one.id for name, one in handler.mock.registered.items()}
    exchanges.sort(key=lambda exchange: exchange.left)
    for number, exchange in enumerate(exchanges, 1):
        exchange.number = number
    return DeclaredTrace(exchanges=exchanges, units=record.units, registered=registered, events=record.events, sharp=sharp)


def _exchange(number: int, call: DeclaredCall, record: _Record, *, sharp: bool, in_process: bool) -> TraceExchange:
    """Return a request with its answer. In process, a lost request is a connection that could not be made; on a socket it is
    one that ended, as after a lost answer.
    """
    left = record.left.get(call.context_id, 0.0)
    returned, answered, heard = record.returned.get(call.context_id, (float("inf"), True, True))
    request, decision, fault = call.request, call.decision, call.effect.label
    response = record.responses.get(call.context_id)
    delivery = "lost_request" if response is None else response.delivery
    body = b"" if response is None else response.half if delivery == "truncated" else response.body
    arrived = delivery in {"complete", "truncated"} and answered and (returned < float("inf") or not sharp)
    return TraceExchange(
        number=number,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=headers_kept(request),
        body=request.body[:KEPT],
        left=left,
        left_at=call.arrived_at,
        returned=returned,
        returned_at=call.arrived_at if response is None else call.now + call.effect.after,
        status=response.status if response is not None and arrived and delivery == "complete" else None,
        answer_headers=response.headers if response is not None and arrived else [],
        answer_body=body[:KEPT] if arrived else b"",
        heard=heard,
        unsent=in_process and response is not None and delivery == "lost_request",
        accepted=decision is not None and decision.acted and not decision.refused_by,
        spoiled=bool(fault) and not fault.startswith(PLAIN_FAULTS),
        fault=fault,
        context_id=call.context_id,
        issued={} if decision is None else decision.issued,
    )
