"""Minimizes a story that violates a clause, step by step, until no step can be left out."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.probe.lab import Lab
from contracts.probe.ledger import Broken
from contracts.probe.story import Script, Story, Wait


def shorten(lab: Lab, code: str, script: Script) -> None:
    """Run shorter stories until none of them violates the clause. The ledger keeps the shortest. Raises ProbeError."""
    lab.ledger.hunted = code
    try:
        shorter: Script | None = script
        while shorter is not None:
            script = shorter
            shorter = next((other for other in shorter_than(script) if _breaks(lab, other)), None)
        if _breaks(lab, script):
            lab.ledger.prove_minimal()
    finally:
        lab.ledger.hunted = None


def shorter_than(script: Script) -> Iterator[Script]:
    """Yield the story without its second half, without one step (later ones first), or with two waits joined into one."""
    steps = script.steps
    if len(steps) > 3:
        yield script.of(steps[: len(steps) // 2])
    for place in range(len(steps) - 1, -1, -1):
        yield script.of(steps[:place] + steps[place + 1 :])
    for place in range(len(steps) - 1):
        first, second = steps[place : place + 2]
        if isinstance(first, Wait) and isinstance(second, Wait):
            both = Wait(first.milliseconds + second.milliseconds)
            yield script.of((*steps[:place], both, *steps[place + 2 :]))


def _breaks(lab: Lab, script: Script) -> bool:
    story = Story(lab, script.rules)
    try:
        story.begin()
        for step in script.steps:
            story.take(step)
    except Broken:
        return True
    finally:
        story.close()
    return False
