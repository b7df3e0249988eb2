"""Draws the scenarios of a campaign, by Hypothesis. Nothing fails here: shrinking is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings, target

from contracts.generate import Limits, scenarios
from contracts.scenario import Scenario, encode
from contracts.verify.chance import no_constants_found_elsewhere

Examine = Callable[[Scenario], Mapping[str, float]]
"""Runs a scenario, and tells how near it came to breaking each clause that can tell."""

BATCH = 10
"""After so many scenarios Hypothesis goes over to varying what it has drawn, and most of what follows is alike."""


def draw(examine: Examine, limits: Limits, examples: int, chance: int) -> None:
    """Examines `examples` scenarios, all different. Three of four have nothing to do with each other; with the others
    Hypothesis climbs to where a clause is nearly broken. The same `chance` draws the same."""
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
        while len(self._seen) < examples:
            self._some(examples, BATCH, [Phase.generate])

    def climbing(self, examples: int) -> None:
        """Until there were so many, or none is better any more: variations of those that came near a breach."""
        if len(self._seen) < examples:
            self._some(examples, examples - len(self._seen), [Phase.generate, Phase.target])

    def _some(self, examples: int, most: int, phases: Sequence[Phase]) -> None:
        """Up to `most`, the simplest of all among them; what was examined before is passed over."""
        self._rounds += 1

        @seed(f"{self._chance} {self._rounds}")
        @settings(  # all that steers it, so that a profile of the tests around does not
            max_examples=most,
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            backend="hypothesis",
            suppress_health_check=list(HealthCheck),
        )
        @given(self._scenarios)
        def try_one(scenario: Scenario) -> None:
            key = encode(scenario)
            if key not in self._seen and len(self._seen) < examples:
                self._seen.add(key)
                for code, near in self._examine(scenario).items():
                    target(near, label=code)

        with no_constants_found_elsewhere():
            try_one()
