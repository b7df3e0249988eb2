"""Draws the scenarios of a campaign, by Hypothesis. Nothing fails here: shrinking is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st

from contracts.generate import Limits, scenarios
from contracts.scenario import Scenario
from contracts.verify.chance import no_constants_found_elsewhere, storage_elsewhere

T = TypeVar("T")

Near = Callable[[], Mapping[str, float]]
"""Tells how near a run came to breaking each clause that can tell."""

Examine = Callable[[Scenario], Near]
"""Runs a scenario, and returns what tells how near it came."""

_NOT_NEAR: Near = dict

UNLIKE = 10
"""Of so many test cases Hypothesis draws each from scratch; after them it goes over to varying what it has drawn."""

SIMPLE = 2
"""The first ones are the simplest of all, over and over, and little more."""

AT_ONCE = 10
"""The most scenarios in one test case: Hypothesis has work to do around each, which that way they share."""


def draw(examine: Examine, limits: Limits, examples: int, chance: int) -> None:
    """Examines `examples` scenarios, all different. Three of four have nothing to do with each other; with the others
    Hypothesis climbs to where a clause is nearly broken. The same `chance` draws the same."""
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
        """Until there were so many: scenarios drawn from scratch."""

        def several(drawn: tuple[Scenario, ...]) -> None:
            for scenario in drawn:
                if len(self._seen) < examples:
                    self._look_at(scenario)

        while len(self._seen) < examples:
            share = (examples - len(self._seen) - SIMPLE) // (UNLIKE - SIMPLE)
            at_once = min(max(1, share), AT_ONCE)
            self._run(several, st.tuples(*[self._scenarios] * at_once), UNLIKE, [Phase.generate])

    def climbing(self, examples: int) -> None:
        """Until there were so many, or none is better any more: variations of those that came near a breach."""

        def one(scenario: Scenario) -> None:
            if len(self._seen) < examples:
                for code, near in self._look_at(scenario)().items():
                    target(near, label=code)

        if len(self._seen) < examples:
            self._run(one, self._scenarios, examples - len(self._seen), [Phase.generate, Phase.target])

    def _look_at(self, scenario: Scenario) -> Near:
        """What was examined before is passed over."""
        key = msgspec.json.encode(scenario)
        if key in self._seen:
            return _NOT_NEAR
        self._seen.add(key)
        return self._examine(scenario)

    def _run(self, test: Callable[[T], None], drawn: st.SearchStrategy[T], most: int, phases: Sequence[Phase]) -> None:
        """Up to `most` test cases, the simplest of all among them."""
        self._rounds += 1
        chosen = settings(  # all that steers it, so that a profile of the tests around does not
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
