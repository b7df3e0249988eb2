"""Faults: the choice of the one that hits a request, and the effect of each kind on an exchange, as data.

The server waits and breaks connections; the service acts or does not. The choice is pure, so that replicas agree and a seed
repeats its choices. `tests/README.md` shows how to add a kind.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.model import Fault, FaultKind, FaultPlan, Operation, RetryAfterForm, UnusableBody
from mockserver.journal import Delivery


class Effect(Struct, frozen=True, kw_only=True):
    """An effect. Times are in milliseconds.

    `label` is the fault in a few words, `fault` the fault as it hits one request. `acts`: the platform sees the request at all.
    `before`, `after`: waits before and after the platform acts.

    `status` replaces the platform's answer, with `retry_after` seconds written as `retry_after_form`, and without a body if
    `emptied`. `body` replaces the body of a 200. `split`: the body comes in two pieces. `delivery` is how the answer travels,
    for 200s only if `only_ok`.
    """

    label: str = ""
    fault: Fault | None = None
    acts: bool = True
    status: int | None = None
    retry_after: int | None = None
    retry_after_form: RetryAfterForm = "seconds"
    emptied: bool = False
    body: UnusableBody | None = None
    split: bool = False
    delivery: Delivery = "complete"
    only_ok: bool = False
    before: int = 0
    after: int = 0

    def on(self, status: int) -> Effect:
        """Return the effect on an answer: none if it changes 200s only and this is another one."""
        return NONE if status != 200 and (self.only_ok or self.body is not None) else self


NONE = Effect()


def _status(fault: Fault) -> Effect:
    """Answer `status` before or after the platform acts, with Retry-After if one is given."""
    when = " after acting" if fault.after_acting else ""
    form = fault.retry_after_form
    wait = "" if fault.retry_after is None or form in {"malformed", "absent"} else f", Retry-After {fault.retry_after}"
    written = "" if form == "seconds" else f", Retry-After {form}" if not wait else f" as a {form}"
    return Effect(
        label=f"status {fault.status}{when}{wait}{written}",
        acts=fault.after_acting,
        status=fault.status,
        retry_after=fault.retry_after,
        retry_after_form=form,
    )


def _latency(fault: Fault) -> Effect:
    """Wait `milliseconds` on the side given by `where`."""
    label = f"latency {fault.milliseconds / 1000:g} s {fault.where} acting"
    if fault.where == "before":
        return Effect(label=label, before=fault.milliseconds)
    return Effect(label=label, after=fault.milliseconds)


KINDS: dict[FaultKind, Callable[[Fault], Effect]] = {
    "status": _status,
    "opaque_403": lambda _: Effect(label="opaque 403", acts=False, status=403, emptied=True),
    "lost_request": lambda _: Effect(label="lost request", acts=False, emptied=True, delivery="lost_request"),
    "lost_response": lambda _: Effect(label="lost response", delivery="lost_response"),
    "latency": _latency,
    "truncated_body": lambda _: Effect(label="truncated body", delivery="truncated", only_ok=True),
    "unusable_body": lambda fault: Effect(label=f"200 with an unusable body: {fault.body}", body=fault.body),
    "redirect": lambda fault: Effect(label=f"redirect {fault.status}", acts=False, status=fault.status, emptied=True),
    "split_body": lambda _: Effect(label="body in two pieces", split=True),
}
"""In process a lost request is a refused connection, for lack of a real one: the client knows that nothing was sent."""


def effect_of(fault: Fault | None) -> Effect:
    """Return the effect of `fault`; without a fault it changes nothing."""
    if fault is None:
        return NONE
    return replace(KINDS[fault.kind](fault), fault=replace(fault, operation=None, times=1, probability=1.0))


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
