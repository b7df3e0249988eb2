from __future__ import annotations

import pytest

from mockserver.engine.decide import GUARDS
from mockserver.engine.model import OPERATIONS, Reason
from mockserver.explain.advice import ADVICE
from mockserver.explain.guards import BEFORE, REFUSED_BY, TOKEN_GUARDS, guards_of
from mockserver.explain.why import WHY
from mockserver.wire.table import REFUSALS


def test_every_reason_has_its_guard_its_sentence_and_its_advice() -> None:
    assert set(REFUSED_BY) == set(WHY) == set(ADVICE) == set(Reason)
    assert all(told.endswith(".") for told in WHY.values())
    assert all(advice and all(line[0].isupper() and line.endswith(".") for line in advice) for advice in ADVICE.values())


def test_a_guard_stands_behind_whatever_is_no_success() -> None:
    successes = set(Reason) - REFUSALS - {Reason.FAULT}
    assert {reason for reason, guard in REFUSED_BY.items() if guard is None} == successes
    assert {guard for guard in REFUSED_BY.values() if guard} == {*GUARDS, *TOKEN_GUARDS, *BEFORE, "capacity"}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("reason", Reason)
def test_what_comes_before_the_refusing_guard_passed_and_what_comes_after_was_not_reached(
    operation: str, reason: Reason
) -> None:
    guard = REFUSED_BY[reason]
    order = {"token": TOKEN_GUARDS, "create": GUARDS[:-1], "send": GUARDS}[operation]
    if guard is not None and guard not in {*order, *BEFORE, "capacity"}:
        return  # this operation is never refused for that
    verdicts = [said.verdict for said in guards_of(operation, reason)]
    refused = verdicts.index("refused") if guard is not None else len(verdicts)
    assert verdicts[:refused] == ["passed"] * refused
    assert set(verdicts[refused + 1 :]) <= {"not reached"}
