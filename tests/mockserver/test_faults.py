"""Which request a fault hits, and what it does to it."""

from __future__ import annotations

from typing import get_args

import pytest

from mockserver.engine.model import Fault, FaultKind, FaultPlan
from mockserver.faults import KINDS, NONE, draw, effect_of
from mockserver.openapi import admin_document
from mockserver.web.console.faults import TOLD


def hits(plan: FaultPlan, operations: list[str]) -> list[str | None]:
    """The kinds of fault that hit these requests, one after the other."""
    kinds: list[str | None] = []
    for operation in operations:
        plan, fault = draw(plan, operation)
        kinds.append(fault.kind if fault else None)
    return kinds


def test_a_fault_hits_the_next_so_many_requests_of_its_operation() -> None:
    plan = FaultPlan(faults=(Fault(kind="lost_request", operation="send", times=2),))
    assert hits(plan, ["create", "send", "token", "send", "send"]) == [None, "lost_request", None, "lost_request", None]


def test_faults_are_used_in_their_order_and_those_for_any_operation_hit_any() -> None:
    plan = FaultPlan(faults=(Fault(kind="latency", operation="send"), Fault(kind="status")))
    assert hits(plan, ["create", "send", "send"]) == ["status", "latency", None]


def test_a_fault_without_an_end_hits_for_ever() -> None:
    assert hits(FaultPlan(faults=(Fault(kind="status", times=None),)), ["send"] * 50) == ["status"] * 50


def test_a_plan_of_which_nothing_is_used_is_the_same_object() -> None:
    plan = FaultPlan(faults=(Fault(kind="status", operation="send", times=None),))
    assert draw(plan, "create") == (plan, None)
    assert draw(plan, "send")[0] is plan


def test_chances_are_the_same_for_the_same_seed_and_come_out_about_right() -> None:
    def drawn(seed: int) -> list[str | None]:
        return hits(FaultPlan(faults=(Fault(kind="status", times=None, probability=0.3),), seed=seed), ["send"] * 1000)

    assert drawn(1) == drawn(1) != drawn(2)
    assert 250 < 1000 - drawn(1).count(None) < 350


def test_every_kind_has_an_effect_with_a_label() -> None:
    assert set(KINDS) == set(get_args(FaultKind))
    assert all(effect_of(Fault(kind=kind)).label for kind in KINDS)
    assert effect_of(None) is NONE


def test_every_kind_is_told_to_people_and_to_programs() -> None:
    assert set(TOLD) == set(KINDS)
    variants = admin_document()["components"]["schemas"]["Fault"]["oneOf"]
    kinds = [variant["properties"]["kind"] for variant in variants]
    told = [name for kind in kinds for name in kind.get("enum", [kind.get("const")])]
    assert sorted(told) == sorted(KINDS)


@pytest.mark.parametrize(
    ("fault", "label"),
    [
        (Fault(kind="status", status=429, retry_after=7), "status 429, Retry-After 7"),
        (Fault(kind="status", status=500, after_acting=True), "status 500 after acting"),
        (Fault(kind="latency", milliseconds=1500, where="after"), "latency 1.5 s after acting"),
        (Fault(kind="opaque_403"), "opaque 403"),
        (Fault(kind="status", status=429, retry_after=7, retry_after_form="date"), "status 429, Retry-After 7 as a date"),
        (Fault(kind="status", status=429, retry_after_form="malformed"), "status 429, Retry-After malformed"),
        (Fault(kind="redirect", status=307), "redirect 307"),
        (Fault(kind="unusable_body", body="no_field"), "200 with an unusable body: no_field"),
        (Fault(kind="split_body"), "body in two pieces"),
    ],
)
def test_an_effect_says_what_it_does(fault: Fault, label: str) -> None:
    assert effect_of(fault).label == label


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (Fault(kind="truncated_body"), False),
        (Fault(kind="unusable_body", body="null"), False),
        (Fault(kind="split_body"), True),
        (Fault(kind="latency", milliseconds=1), True),
    ],
)
def test_an_effect_on_200s_alone_is_none_on_another_answer(fault: Fault, kept: bool) -> None:
    effect = effect_of(fault)
    assert effect.on(200) is effect
    assert effect.on(401) is (effect if kept else NONE)


def test_an_effect_carries_the_fault_as_it_hit_one_request() -> None:
    fault = Fault(kind="status", status=429, retry_after=7, operation="send", times=None, probability=0.5)
    assert effect_of(fault).fault == Fault(kind="status", status=429, retry_after=7)
