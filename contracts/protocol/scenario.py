"""Scenarios for clients of a declared platform, as data: units of work, and events on the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.errors import ScenarioError
from contracts.formats import Format
from contracts.scenario import SAVED, SCENARIO_VERSION, Played
from mockserver.engine.model import Fault


class _Step(Struct, frozen=True, tag_field="step", forbid_unknown_fields=True, omit_defaults=True):
    """The base of all steps: `step` names each one."""

    @property
    def words(self) -> str:
        """The step as text."""
        return told(self)  # type: ignore[arg-type]  # a Step is one of the subclasses


class Advance(_Step, frozen=True, tag="advance"):
    """Time passes: `seconds`."""

    seconds: Annotated[float, Meta(ge=0, le=315_360_000)]


class End(_Step, frozen=True, tag="end"):
    """Every living credential of a kind ends."""

    kind: str
    by: Literal["ended", "evicted", "expired"] = "ended"


class Inject(_Step, frozen=True, tag="fault"):
    """A fault hits the next request of an operation, after `skip` of them have passed."""

    operation: str
    fault: Fault
    skip: Annotated[int, Meta(ge=0, le=1000)] = 0


Happening = Advance | End | Inject


class During(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event while a unit is at work: right before the `nth` request of the operation `before`."""

    before: str
    then: Advance | End
    nth: Annotated[int, Meta(ge=1, le=1000)] = 1


class Do(_Step, frozen=True, tag="do"):
    """One unit of work that the client is asked to do."""

    unit: str
    given: Annotated[dict[str, Any], Meta()] = msgspec.field(name="with", default_factory=dict)
    during: tuple[During, ...] = ()

    @property
    def call(self) -> str:
        """The unit as a call of a function."""
        return f"{self.unit}({', '.join(f'{name}={value!r}' for name, value in self.given.items())})"


class Together(_Step, frozen=True, tag="together"):
    """Several units at once.

    If several can go on, the next number of `schedule` picks one, oldest first; after its end the oldest goes.
    """

    units: Annotated[tuple[Do, ...], Meta(min_length=2, max_length=100)]
    schedule: tuple[Annotated[int, Meta(ge=0, le=1_000_000)], ...] = ()


Step = Do | Together | Happening


class DeclaredScenario(Played, frozen=True):
    """A sequence of steps for a client. `policy` sets words of kinds, as ``{"session.ttl": 60}``."""

    steps: Annotated[tuple[Step, ...], Meta(max_length=1000)]
    platform: str = ""
    clause: str = ""

    @property
    def parts(self) -> tuple[Step, ...]:
        """See Played."""
        return self.steps

    @property
    def intents(self) -> int:
        """The number of units of work that the client is asked to do."""
        return sum(len(units_of(step)) for step in self.steps)

    def weight(self) -> tuple[int, ...]:
        """See Played. Of two that are equal, one in which more requests get an answer is simpler."""
        unanswered = sum(isinstance(step, Inject) and step.fault.kind != "status" for step in self.steps)
        return *super().weight(), unanswered


_format = Format(DeclaredScenario, "scenario", SCENARIO_VERSION, Step, ScenarioError, SAVED)


def decode(raw: bytes, source: str = "scenario") -> DeclaredScenario:
    """Decode a scenario. Raises ScenarioError."""
    scenario = _format.decode(raw, source)
    _format.check_version(scenario.version, source)
    return scenario


def load(path: Path) -> DeclaredScenario:
    """Read a scenario file. Raises ScenarioError."""
    return decode(_format.read(path), str(path))


def units_of(step: Step) -> tuple[Do, ...]:
    """Return the units of work that a step asks for."""
    return step.units if isinstance(step, Together) else (step,) if isinstance(step, Do) else ()


def told(step: Step | During) -> str:
    """Return a step as text."""
    match step:
        case Do(during=several):
            return step.call + "".join(f"; {told(during)}" for during in several)
        case Together(units):
            return "at once: " + " and ".join(map(told, units))
        case Advance(seconds):
            return f"{seconds:g} s pass"
        case End(kind, by):
            return f"every {kind} is {by}"
        case During(before, then, nth):
            return f"before its {_nth(nth)} {before}, {told(then)}"
        case _:
            after = f", after {step.skip} have passed" if step.skip else ""
            times = step.fault.times
            which = "every" if times is None else "the next" if times == 1 else f"each of the next {times}"
            return f"{which} {step.operation} is hit by: {words_of(step.fault)}{after}"


def words_of(fault: Fault) -> str:
    """Return a short description of a fault."""
    from mockserver.faults import effect_of

    return effect_of(fault).label


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
