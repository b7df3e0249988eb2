"""The faults an organisation has waiting: which of the next requests they hit, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from msgspec.structs import replace

from mockserver.control.records import FAULT_PLANS, Records
from mockserver.engine.model import OPERATIONS, Fault, FaultKind, FaultPlan, RetryAfterForm, UnusableBody
from mockserver.errors import InvalidRequest, shown
from mockserver.settings import LONGEST

MAX_FAULTS = 1000

MAX_SEED = (1 << 53) - 1
"""The greatest seed: every store and every JSON reader keeps whole numbers up to this one exactly."""

KINDS: tuple[str, ...] = get_args(FaultKind)
REDIRECTS = (301, 302, 303, 307, 308)
COMMON = ("operation", "times", "probability")
OWN: dict[str, tuple[str, ...]] = {
    "status": ("status", "retry_after", "retry_after_form", "after_acting"),
    "latency": ("seconds", "where"),
    "unusable_body": ("body",),
    "redirect": ("status",),
}
"""The fields that a kind of fault takes besides COMMON."""


class Faults:
    """One organisation's fault plan. Faults hit in the order they were added; the plan's seed repeats their chances."""

    def __init__(self, editor: Records, operations: tuple[str, ...] = OPERATIONS) -> None:
        """`operations` are those that a fault may name."""
        self._editor, self._operations = editor, operations

    def add(self, kind: str, operation: str | None = None, times: int | None = 1, **parameters: Any) -> dict[str, Any]:
        """Add a fault for the next `times` requests (None: all) of `operation` (None: any), and return it as listed.

        `probability` is each request's chance, in (0, 1].
        `status` takes `status`, `retry_after` (whole seconds), `retry_after_form` (seconds, fraction, date, malformed, absent)
        and `after_acting`. `latency` takes `seconds` and `where` (before or after acting). `unusable_body` takes `body`;
        `redirect` takes `status`.
        Journalled as `fault`.
        """
        return self.append({"kind": kind, "operation": operation, "times": times, **parameters})

    def append(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add a fault, given as its fields."""
        return put(self._editor, fault_from(values, self._operations))

    def replace(self, faults: Iterable[Mapping[str, Any]], seed: int = 0) -> list[dict[str, Any]]:
        """Replace all faults by these, with a seed for their chances. Journalled as `set_faults`."""
        if not -MAX_SEED <= seed <= MAX_SEED:
            raise InvalidRequest("seed", f"{seed} must be from -{MAX_SEED} to {MAX_SEED}")
        wanted = _bounded(tuple(fault_from(fault, self._operations) for fault in faults))
        shown = [fault_to(fault) for fault in wanted]

        def edit(plan: FaultPlan, _now: int) -> FaultPlan:
            return FaultPlan(version=plan.version + 1, faults=wanted, seed=seed)

        self._editor.change(FAULT_PLANS, "", edit, "set_faults", {"faults": shown, "seed": seed})
        return shown

    def clear(self) -> int:
        """Delete all faults and return how many there were. Journalled as `clear_faults`."""
        cleared = 0

        def edit(plan: FaultPlan, _now: int) -> FaultPlan:
            nonlocal cleared
            cleared = len(plan.faults)
            return replace(plan, version=plan.version + 1, faults=()) if plan.faults else plan

        self._editor.change(FAULT_PLANS, "", edit, "clear_faults")
        return cleared

    def list(self) -> list[dict[str, Any]]:
        """Return the faults still to come; `times` is how often each may still hit."""
        return [fault_to(fault) for fault in self._editor.get(FAULT_PLANS, "").faults]


def put(editor: Records, fault: Fault) -> dict[str, Any]:
    """Add a fault that has been checked, and return it as listed."""
    shown = fault_to(fault)

    def edit(plan: FaultPlan, _now: int) -> FaultPlan:
        return replace(plan, version=plan.version + 1, faults=_bounded((*plan.faults, fault)))

    editor.change(FAULT_PLANS, "", edit, "fault", shown)
    return shown


def fault_from(values: Mapping[str, Any], operations: tuple[str, ...] = OPERATIONS) -> Fault:
    """Return a fault from its public fields. Raises InvalidRequest, which names the first field that is wrong or unknown."""
    kind = values.get("kind")
    if isinstance(kind, list | dict) or kind not in KINDS:
        raise InvalidRequest("kind", f"{shown(kind)} must be one of {', '.join(KINDS)}")
    takes = (*COMMON, *OWN.get(kind, ()))
    given = {name: value for name, value in values.items() if name != "kind"}
    for name in given:
        if name not in takes:
            raise InvalidRequest(name, f"is not known for {kind}, which takes {', '.join(takes)}")
    checks = CHECKS | {"operation": _optional(_one_of(*operations))}
    if kind == "redirect":
        checks["status"] = _one_of(*REDIRECTS)
    fields = {name: checks[name](name, value) for name, value in given.items()}
    seconds = fields.pop("seconds", None)
    if kind == "latency":
        fields["milliseconds"] = _latency(seconds)
    if kind == "opaque_403" and "send" in operations:
        fields["operation"] = _send_only(fields.get("operation"))
    if kind == "redirect":
        fields.setdefault("status", 302)
    return Fault(kind=kind, **fields)


def fault_to(fault: Fault) -> dict[str, Any]:
    """Return the fault's public fields, which `fault_from` reads back."""
    own = OWN.get(fault.kind, ())
    shown = {name: getattr(fault, name) for name in ("kind", *COMMON, *own) if name != "seconds"}
    return {**shown, "seconds": fault.milliseconds / 1000} if "seconds" in own else shown


def _bounded(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    if len(faults) > MAX_FAULTS:
        raise InvalidRequest("faults", f"at most {MAX_FAULTS} may wait at a time; clear them, or use one with more `times`")
    return faults


def _latency(seconds: float | None) -> int:
    if seconds is None:
        raise InvalidRequest("seconds", "is missing; a latency needs its length in seconds")
    return round(seconds * 1000)


def _send_only(operation: str | None) -> str:
    if operation not in {None, "send"}:
        raise InvalidRequest("operation", f"opaque_403 hits sends only, not {operation}")
    return "send"


def _iswhole(value: object) -> bool:
    """Return whether JSON Schema calls the value an integer. It does so for 1.0 too."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


def whole(lowest: int, highest: int) -> Callable[[str, Any], int]:
    """Return a check that a field is a whole number within these bounds."""

    def check(field: str, value: Any) -> int:
        if not _iswhole(value) or not lowest <= value <= highest:
            raise InvalidRequest(field, f"{shown(value)} must be a whole number from {lowest} to {highest}")
        return int(value)

    return check


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda field, value: None if value is None else check(field, value)


def _one_of(*choices: Any) -> Callable[[str, Any], Any]:
    def check(field: str, value: Any) -> Any:
        if value not in choices or type(value) not in {type(choice) for choice in choices}:
            raise InvalidRequest(field, f"{shown(value)} must be one of {', '.join(map(str, choices))}")
        return value

    return check


def _probability(field: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1:
        raise InvalidRequest(field, f"{shown(value)} must be a number greater than 0, at most 1")
    return float(value)


def _seconds(field: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.001 <= value <= LONGEST:
        raise InvalidRequest(field, f"{shown(value)} must be seconds, from 0.001 to {LONGEST}")
    return float(value)


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "times": _optional(whole(1, 1_000_000_000)),
    "probability": _probability,
    "status": whole(400, 599),
    "retry_after": _optional(whole(0, LONGEST)),
    "retry_after_form": _one_of(*get_args(RetryAfterForm)),
    "after_acting": _one_of(False, True),
    "body": _one_of(*get_args(UnusableBody)),
    "seconds": _seconds,
    "where": _one_of("before", "after"),
}
