"""Draws the scenarios of a campaign with Hypothesis. No test case fails here, because minimizing is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st

from contracts.generate import Limits
from contracts.generate.draw import scenarios
from contracts.scenario import Scenario
from contracts.verify.seed import no_constants_found_elsewhere, storage_elsewhere

T = TypeVar("T")

Near = Callable[[], Mapping[str, float]]
"""Returns how near a run came to violating each clause that can say so."""

Examine = Callable[[Scenario], Near]
"""Runs a scenario, and returns a function for how near it came."""

_NOT_NEAR: Near = dict

UNLIKE = 10
"""Hypothesis draws the first 10 test cases independently and mutates earlier ones after that."""

SIMPLE = 2
"""The first test cases are the simplest ones, and little more."""

AT_ONCE = 10
"""The most scenarios in one test case. They share the cost that Hypothesis adds to each test case."""


def draw(examine: Examine, limits: Limits, examples: int, chance: int) -> None:
    """Examine `examples` scenarios, all different; the same `chance` draws the same.

    Three quarters are drawn independently. For the others Hypothesis climbs towards violations.
    """
    with storage_elsewhere():
        drawing = _Drawing(examine, limits, chance)
        drawing.unlike(examples - examples // 4)
        drawing.climbing(examples)
        drawing.unlike(examples)


class _Drawing:
    """The scenarios drawn so far."""

    def __init__(self, examine: Examine, limits: Limits, chance: int) -> None:
        self._examine, self._scenarios, self._chance = examine, scenarios(limits), chance
        self._seen: set[bytes] = set()
        self._rounds = 0

    def unlike(self, examples: int) -> None:
        """Examine scenarios drawn from scratch, until there are `examples` in all."""

        def several(drawn: tuple[Scenario, ...]) -> None:
            for scenario in drawn:
                if len(self._seen) < examples:
                    self._look_at(scenario)

        while len(self._seen) < examples:
            share = (examples - len(self._seen) - SIMPLE) // (UNLIKE - SIMPLE)
            at_once = min(max(1, share), AT_ONCE)
            self._run(several, st.tuples(*[self._scenarios] * at_once), UNLIKE, [Phase.generate])

    def climbing(self, examples: int) -> None:
        """Examine variations of scenarios that came near a violation, until there are `examples` in all or none comes
        nearer.
        """

        def one(scenario: Scenario) -> None:
            if len(self._seen) < examples:
                for code, near in self._look_at(scenario)().items():
                    target(near, label=code)

        if len(self._seen) < examples:
            self._run(one, self._scenarios, examples - len(self._seen), [Phase.generate, Phase.target])

    def _look_at(self, scenario: Scenario) -> Near:
        """Examine a scenario, unless it was examined before."""
        key = msgspec.json.encode(scenario)
        if key in self._seen:
            return _NOT_NEAR
        self._seen.add(key)
        return self._examine(scenario)

    def _run(self, test: Callable[[T], None], drawn: st.SearchStrategy[T], most: int, phases: Sequence[Phase]) -> None:
        """Run up to `most` test cases, of which the first are the simplest."""
        self._rounds += 1
        chosen = settings(  # all settings that matter, so that the tests' own profile does not change them
            max_examples=most,
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            backend="hypothesis",
            suppress_health_check=list(HealthCheck),
        )
        with no_constants_found_elsewhere():
            seed(f"{self._chance} {self._rounds}")(chosen(given(drawn)(test)))()
