"""Faults that a trace has are applied again, as they were."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from contracts.replay import reproduce
from contracts.replay.traces import of_entries
from mockserver.control.faults import fault_to
from mockserver.engine.model import Fault, FaultKind, UnusableBody
from mockserver.journal import Answer
from tests.contracts.replay.test_changes import life

FAULTS = (
    *(Fault(kind=kind) for kind in get_args(FaultKind) if kind not in {"latency", "status", "redirect"}),
    *(Fault(kind="unusable_body", body=body) for body in get_args(UnusableBody)),
    *(Fault(kind="status", status=429, retry_after=7, retry_after_form=form) for form in ("seconds", "fraction", "date")),
    *(Fault(kind="status", status=503, retry_after_form=form) for form in ("malformed", "absent")),
    Fault(kind="status", status=502, after_acting=True),
    Fault(kind="redirect", status=308),
)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_is_applied_again(fault: Fault) -> None:
    with life() as lived:
        lived.tenant.faults.append({**fault_to(fault), "operation": "send"})
        lived.use(1)
        recording = of_entries(lived.tenant.trace(), "x.jsonl")
    assert recording.steps[-1].fault == fault
    assert not reproduce(recording).differing


def test_a_latency_is_not_applied_because_the_times_include_it() -> None:
    with life() as lived:
        lived.tenant.faults.append({"kind": "latency", "seconds": 2, "operation": "send"})
        lived.use(1)
        assert of_entries(lived.tenant.trace(), "x.jsonl").steps[-1].fault is None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="lost_response"),
        Fault(kind="opaque_403"),
        Fault(kind="status", status=429, retry_after=30),
        Fault(kind="status", status=502, after_acting=True),
        Fault(kind="redirect", status=308),
    ],
    ids=str,
)
def test_an_older_trace_has_only_the_words_for_a_fault(fault: Fault) -> None:
    with life() as lived:
        lived.tenant.faults.append({**fault_to(fault), "operation": "send"})
        lived.use(1)
        trace = [replace(one, applied=None) if isinstance(one, Answer) else one for one in lived.tenant.trace()]
    assert of_entries(trace, "x.jsonl").steps[-1].fault == fault
