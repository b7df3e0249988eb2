"""Bounds that follow from what was accepted and refused together: as narrow as they can be, and none too many."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from contracts.replay.infer.evidence import Alternative, SessionEvidence
from contracts.replay.infer.solve import Span, fits, solve

SMALL = st.integers(0, 7)
AGES = st.tuples(SMALL, SMALL).map(sorted)
CHOICES = st.builds(lambda ages, uses: Alternative(1, ages[0], ages[1], uses), AGES, st.none() | st.integers(1, 3))
VALUES = range(1, 12)
"""More than any bound drawn: the greatest of them stands for all that is greater."""


@st.composite
def evidence(draw: st.DrawFn) -> SessionEvidence:
    shown = SessionEvidence(choices=draw(st.lists(CHOICES, max_size=5)))
    shown.more("idle", draw(SMALL), 2)
    shown.more("ttl", draw(SMALL), 3)
    shown.more("handshakes", draw(st.integers(0, 2)), 4)
    return shown


@given(evidence())
def test_the_bounds_are_those_of_all_values_that_fit(shown: SessionEvidence) -> None:
    solution = solve(shown)
    assert shown.idle is not None
    assert shown.ttl is not None
    assert shown.handshakes is not None
    fitting = [
        (idle, ttl, handshakes)
        for idle, ttl, handshakes in product(VALUES, VALUES, range(1, 6))
        if idle <= ttl
        and idle > shown.idle.value
        and ttl > shown.ttl.value
        and handshakes > shown.handshakes.value
        and all(fits(choice, idle, ttl, handshakes) for choice in solution.choices)
    ]
    for place, (span, greatest) in enumerate(((solution.idle, 11), (solution.ttl, 11), (solution.handshakes, 5))):
        values = {values[place] for values in fitting}
        assert values == set(range(span.least, min(greatest, _most(span)) + 1))


@given(evidence())
def test_a_refusal_is_unexplained_where_no_value_explains_it(shown: SessionEvidence) -> None:
    for choice in solve(shown).unexplained:
        assert shown.idle is not None
        assert shown.ttl is not None
        assert shown.handshakes is not None
        assert (choice.idle or 0) <= shown.idle.value
        assert (choice.ttl or 0) <= max(shown.ttl.value, shown.idle.value)
        assert (choice.handshakes or 0) <= shown.handshakes.value


def _most(span: Span) -> int:
    return 1 << 30 if span.at_most is None else span.at_most.value
