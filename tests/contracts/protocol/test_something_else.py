"""Calls of a unit's operation that are surely about something else, and those that may be the unit's, altered."""

from __future__ import annotations

import pytest

from tests.contracts.protocol import clients
from tests.contracts.protocol.tape import Tape
from tests.fixtures.toys import toy

STORING = "{{storing: {{by: store, delivery: at-most-once, with: {{id: 17, text: a}}, keeps: {keeps}}}}}"
BOTH = toy(clients.TOKENS, effects=STORING.format(keeps="{id: $request.path.id, text: $request.body#/text}"))
ONE = toy(clients.TOKENS, effects=STORING.format(keeps="{id: $request.path.id}"))

UNTRIED = {"D1/storing": "not_exercised", "D4/storing": "held"}
HELD = {"D1/storing": "held", "D4/storing": "held"}
DOUBTED = {"D1/storing": "inconclusive", "D4/storing": "inconclusive"}
INDEX = ("index", "all", 200)
OWN = ("17", "hello", 200)
LOST = ("17", "hello", None)
REFUSED = ("17", "hello", 503)

Made = tuple[str, str | None, int | None]


def taped(*units: tuple[str, list[Made]], both: bool = True) -> Tape:
    """Return the tape of units that are to store `hello` by an id, with the ids, texts and statuses of their calls."""
    tape = Tape(BOTH if both else ONE)
    for nth, (id, calls) in enumerate(units):
        began = 20.0 * nth
        outcome = "accepted" if any(made[:2] == (id, "hello") and made[2] == 200 for made in calls) else "failed"
        payload = {"id": id} | ({"text": "hello"} if both else {})
        tape.unit(began, began + 19, name="storing", payload=payload, outcome=outcome, alone=True)  # type: ignore[arg-type]
        for place, (shown, text, status) in enumerate(calls):
            left, told = began + 1 + 2 * place, {"status": status, "accepted": status != 503, "body": {"text": text}}
            tape.call(f"/items/{shown}", left, left + 1, method="PUT", **told)  # type: ignore[arg-type]
    return tape


def judged(tape: Tape) -> dict[str, str]:
    return {code: status for code, status in tape.verdicts().items() if code in HELD}


@pytest.mark.parametrize(
    "calls",
    [
        [INDEX, OWN],
        [OWN, INDEX],
        [INDEX, INDEX, OWN],
        [INDEX, REFUSED, INDEX, OWN],
        [("index", "all", None), INDEX, OWN],
    ],
    ids=["before", "after", "twice", "again after a refusal", "again after its own loss"],
)
def test_a_call_with_nothing_of_a_unit_is_something_else(calls: list[Made]) -> None:
    judged_alone = judged(taped(("17", calls)))
    assert judged_alone["D4/storing"] == "held"
    assert judged_alone["D1/storing"] != "inconclusive"
    assert judged(taped(("17", [("index", "all", None)]), ("17", calls))) == HELD


@pytest.mark.parametrize(
    "calls",
    [
        [("index", "hello", 200), OWN],
        [("17", "all", 200), OWN],
        [("index", "hello all", 200), OWN],
        [("index", "ell", 200), OWN],
        [("index", "HELLO!", 200), OWN],
        [("index", None, 200), OWN],
        [LOST, INDEX],
        [REFUSED, INDEX, OWN],
        [("18", "hello", None), INDEX],
    ],
    ids=["one", "another", "more", "less", "in capitals", "missing", "after a loss", "after a refusal", "after an altered one"],
)
def test_a_call_with_something_of_a_unit_or_after_a_failed_one_may_be_the_unit_s(calls: list[Made]) -> None:
    assert judged(taped(("17", calls))) == DOUBTED


def test_a_call_after_a_failed_one_of_an_earlier_unit_may_be_that_one_s() -> None:
    assert judged(taped(("17", [REFUSED]), ("42", [INDEX, ("42", "hello", 200)]))) == DOUBTED


def test_a_failed_unit_that_ran_beside_another_counts_as_well() -> None:
    tape = Tape(BOTH)
    for began in (1, 1.5):
        tape.unit(began, 9, name="storing", payload={"id": "17", "text": "hello"}, outcome="failed")
    tape.call("/items/17", 2, 3, method="PUT", status=503, body={"text": "hello"})
    tape.unit(10, 19, name="storing", payload={"id": "17", "text": "hello"}, alone=True)
    tape.call("/items/index", 11, 12, method="PUT", body={"text": "all"})
    tape.call("/items/17", 13, 14, method="PUT", body={"text": "hello"})
    assert judged(tape) == DOUBTED


def test_a_unit_is_doubled_and_altered_though_something_else_is_called_beside() -> None:
    assert judged(taped(("17", [INDEX, OWN, INDEX, OWN])))["D1/storing"] == "violated"
    tape = taped(("17", [INDEX, ("18", "hello", 200)]), ("17", [INDEX, OWN]))
    tape.trace.units[0].outcome = "accepted"
    assert judged(tape)["D4/storing"] == "violated"


def test_a_unit_that_is_reported_as_done_by_something_else_alone_was_altered() -> None:
    tape = taped(("17", [INDEX]))
    tape.trace.units[0].outcome = "accepted"
    assert judged(tape)["D4/storing"] == "violated"


@pytest.mark.parametrize(("second", "expected"), [("17", DOUBTED), ("42", UNTRIED)])
def test_of_one_value_it_must_be_the_same_in_units_with_other_values(second: str, expected: dict[str, str]) -> None:
    units: list[tuple[str, list[Made]]] = [(id, [INDEX, (id, "hello", 200)]) for id in ("17", second)]
    assert judged(taped(*units, both=False)) == expected


def test_one_value_that_is_cut_from_those_of_two_units_may_be_theirs() -> None:
    units: list[tuple[str, list[Made]]] = [(id, [("item", "all", 200), (id, "hello", 200)]) for id in ("item 1", "item 2")]
    assert judged(taped(*units, both=False)) == DOUBTED
