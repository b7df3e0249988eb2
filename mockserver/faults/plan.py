"""The choice of the fault that hits a request. It is pure, so that replicas agree and a seed repeats its choices."""

from __future__ import annotations

from hashlib import blake2b

from msgspec.structs import replace

from mockserver.engine.model import Fault, FaultPlan, Operation


def draw(plan: FaultPlan, operation: Operation) -> tuple[FaultPlan, Fault | None]:
    """Return the plan after a request of `operation`, and the first fault in it that hits the request.

    The plan is the same object if nothing of it was used up.
    """
    drawn = plan.drawn
    for place, fault in enumerate(plan.faults):
        if fault.operation not in {None, operation}:
            continue
        if fault.skip:
            waiting = replace(fault, skip=fault.skip - 1)
            plan = replace(plan, version=plan.version + 1, faults=(*plan.faults[:place], waiting, *plan.faults[place + 1 :]))
            continue
        if fault.probability < 1.0:
            drawn += 1
            if _chance(plan.seed, drawn) >= fault.probability:
                continue
        return _spend(plan, place, drawn), fault
    return (plan if drawn == plan.drawn else replace(plan, version=plan.version + 1, drawn=drawn)), None


def _spend(plan: FaultPlan, place: int, drawn: int) -> FaultPlan:
    """Return the plan with the fault at `place` used once."""
    fault = plan.faults[place]
    if fault.times is None and drawn == plan.drawn:
        return plan
    left: tuple[Fault, ...] = () if fault.times == 1 else (_once_fewer(fault),)
    faults = plan.faults[:place] + left + plan.faults[place + 1 :]
    return replace(plan, version=plan.version + 1, faults=faults, drawn=drawn)


def _once_fewer(fault: Fault) -> Fault:
    return fault if fault.times is None else replace(fault, times=fault.times - 1)


def _chance(seed: int, drawn: int) -> float:
    """Return a number in [0, 1) that depends only on the seed and the number of draws."""
    digest = blake2b(f"{seed}:{drawn}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / (1 << 56)
