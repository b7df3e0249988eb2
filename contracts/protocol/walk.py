"""The scenarios for a client of a declared platform, simplest first.

Everything that can be listed is listed. Each kind ends in each possible way, and each operation that the client calls fails in
each way. This happens alone and in pairs; before, between and during units of work; once and repeatedly. Then several units run
at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product

from contracts.judge import DEFAULTS
from contracts.protocol.scenario import (
    Advance,
    DeclaredScenario,
    Do,
    During,
    End,
    Happening,
    Inject,
    Step,
    Together,
)
from contracts.protocol.wire import asking
from contracts.scenario import complexity, encode
from mockserver.engine.model import Fault
from mockserver.platform.model import Kind, Platform

FAULTS: tuple[Fault, ...] = (
    Fault(kind="status", status=503),
    Fault(kind="status", status=503, retry_after=2),
    Fault(kind="status", status=429, retry_after=2),
    Fault(kind="status", status=500, after_acting=True),
    Fault(kind="lost_request"),
    Fault(kind="lost_response"),
)

AT_ONCE = 3
SCHEDULES = 6
LONGEST_SCHEDULE = 60


def plain(platform: Platform) -> Iterator[DeclaredScenario]:
    """Yield scenarios in which nothing goes wrong."""
    for unit in _units(platform):
        yield DeclaredScenario((unit,))
        yield DeclaredScenario((unit, unit))


def walk(
    platform: Platform,
    called: Mapping[str, int],
    seed: int = 0,
    *,
    races: bool = True,
    attempts: int = DEFAULTS.max_attempts,
) -> list[DeclaredScenario]:
    """Return the scenarios, simplest first. `called` is how often one unit of work of the client calls each operation.

    `seed` draws the schedules of units that run at once; with `races` false there are none. A client may try so many `attempts`
    in a row.
    """
    found = [*_alone(platform, called), *_pairs(platform, called), *_hopeless(platform, called, attempts)]
    if races:
        found += _at_once(platform, seed)
    unique = {encode(scenario): scenario for scenario in found}
    return sorted(unique.values(), key=complexity)


def _units(platform: Platform) -> list[Do]:
    return [Do(name, dict(effect.get("with", {}))) for name, effect in platform.effects.items()]


def deaths(platform: Platform) -> list[Happening]:
    """Return each way in which the ids that a client holds can end."""
    found: list[Happening] = []
    owners = {platform.kinds[name].within for name in platform.kinds if name in platform.order}
    for kind in platform.kinds.values():
        if kind.carried and not kind.registered and (kind.name in platform.order or kind.name in owners):
            found += _deaths_of(kind)
    return found


def _deaths_of(kind: Kind) -> Iterator[Happening]:
    yield End(kind.name)
    for lasting in (kind.life.idle, kind.life.ttl):
        if lasting is not None:
            yield Advance(lasting / 1000 + 1)


def _faults(platform: Platform, called: Iterable[str]) -> list[Inject]:
    """Return each fault of each operation that is called. An answer that promises to be harmless comes before acting only."""
    harmless = {row.status for row in platform.refused.values() if row.harmless}
    waits = (status for status in sorted(asking(platform) - {429, 503}) if str(status) in platform.refused)
    faults = [*FAULTS, *(Fault(kind="status", status=status, retry_after=2) for status in waits)]
    possible = [fault for fault in faults if not (fault.after_acting and fault.status in harmless)]
    return [Inject(operation, fault) for operation in platform.operations if operation in called for fault in possible]


def _alone(platform: Platform, called: Mapping[str, int]) -> Iterator[DeclaredScenario]:
    happenings: list[Happening] = [*deaths(platform), *_faults(platform, called)]
    for unit, happening in product(_units(platform), happenings):
        yield DeclaredScenario((happening, unit))
        yield DeclaredScenario((unit, happening, unit))
        yield DeclaredScenario((unit, happening, unit, unit))
    for unit, death in product(_units(platform), deaths(platform)):
        for operation, calls in called.items():
            for nth in range(1, calls + 1):
                if isinstance(death, Advance | End) and _is_shown(platform, death, operation):
                    yield DeclaredScenario((_during(unit, operation, nth, death),))
                    yield DeclaredScenario((_during(unit, operation, nth, death), unit))
    for unit, inject in product(_units(platform), _faults(platform, called)):
        for skip in range(1, called.get(inject.operation, 1)):
            yield DeclaredScenario((Inject(inject.operation, inject.fault, skip), unit))


def _hopeless(platform: Platform, called: Mapping[str, int], attempts: int) -> Iterator[DeclaredScenario]:
    """Yield scenarios in which every try fails: each replacement is dead on arrival, or an operation does not work."""
    outage = Fault(kind="status", status=503, times=attempts)
    for unit, operation in product(_units(platform), called):
        yield DeclaredScenario((Inject(operation, outage), unit))
        for death in deaths(platform):
            if isinstance(death, End) and _is_shown(platform, death, operation):
                always = tuple(During(operation, death, nth) for nth in range(1, attempts + 3))
                yield DeclaredScenario((Do(unit.unit, unit.given, always),))


def _during(unit: Do, operation: str, nth: int, then: Advance | End) -> Do:
    return Do(unit.unit, unit.given, (During(operation, then, nth),))


def _is_shown(platform: Platform, death: Advance | End, operation: str) -> bool:
    """Return True if the operation shows the credential that dies."""
    if isinstance(death, Advance):
        return any(operation in kind.carried for kind in platform.kinds.values())
    return operation in platform.kinds[death.kind].carried


def _pairs(platform: Platform, called: Mapping[str, int]) -> Iterator[DeclaredScenario]:
    """Yield scenarios with two failures: a death and a failed call of the recovery, two failures of a call, or two deaths."""
    faults = _faults(platform, called)
    ends = [death for death in deaths(platform) if isinstance(death, End)]
    for unit, death, fault in product(_units(platform), ends, faults):
        yield DeclaredScenario((unit, death, fault, unit))
    for unit, happening in product(_units(platform), deaths(platform)):
        yield DeclaredScenario((unit, happening, unit, happening, unit))
    for unit, (first, second) in product(_units(platform), combinations(ends, 2)):
        yield DeclaredScenario((unit, first, second, unit, unit))
    for unit, fault in product(_units(platform), faults):
        yield DeclaredScenario((unit, fault, Inject(fault.operation, FAULTS[0], 1), unit))


def _at_once(platform: Platform, seed: int) -> Iterator[DeclaredScenario]:
    draw = random.Random(seed)
    for unit in _units(platform):
        several = (unit,) * AT_ONCE
        before: list[tuple[Step, ...]] = [(), (unit,), *((unit, death) for death in deaths(platform))]
        for steps in before:
            yield DeclaredScenario((*steps, Together(several)))
            for _ in range(SCHEDULES):
                schedule = tuple(draw.randrange(AT_ONCE * 2) for _ in range(draw.randrange(4, LONGEST_SCHEDULE)))
                yield DeclaredScenario((*steps, Together(several, schedule)))
