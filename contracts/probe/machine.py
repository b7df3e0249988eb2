"""Finds violations that only a history shows: Hypothesis takes steps, and the ledger records the violations.

Nothing fails during the exploration, so that one violated clause does not hide the others. Afterwards the histories are
minimized, until no step can be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from contracts.probe.judging import Broken
from contracts.probe.refusals import RequiredRefusal
from contracts.probe.runner import ProbeRunner
from contracts.probe.session_model import Rules
from contracts.probe.story import DEFECTS, ChangePolicy, CreateStep, ProbeScript, ProbeStory, SendStep, Step, Wait, WaitFor
from contracts.verify.seed import storage_elsewhere
from contracts.verify.shrink import smallest, without

CLAUSES = ("P1", "P2", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11")
"""The clauses that a history can violate."""

STEPS = 20
"""Most steps of a history."""

RULES = st.builds(
    Rules,
    ttl=st.sampled_from((300_000, 60_000, 20_000)),
    idle_timeout=st.sampled_from((10_000, 30_000, 90_000)),
    handshakes=st.sampled_from((1, 2)),
)
ANOTHER = st.sampled_from((False, False, False, True))
WHICH = st.sampled_from((0, 0, 0, 1, 2))
MOMENT = st.sampled_from((None, -1, 0))

Watch = Callable[[ProbeStory], None]
"""Called after each step."""


class SessionMachine(RuleBasedStateMachine):
    """A story whose steps Hypothesis chooses."""

    def __init__(self, lab: ProbeRunner, watch: Watch) -> None:
        super().__init__()
        self._lab, self._watch = lab, watch
        self._story: ProbeStory | None = None

    @initialize(rules=RULES)
    def begin(self, rules: Rules) -> None:
        """Begin the story."""
        self._story = ProbeStory(self._lab, rules)
        self._story.begin()
        self._watch(self._story)

    def teardown(self) -> None:
        """End the story."""
        if self._story is not None:
            self._story.close()

    @rule(another=ANOTHER)
    def create(self, another: bool) -> None:
        """Create another session."""
        self._take(CreateStep(another))

    @rule(which=WHICH, moment=MOMENT)
    def send(self, which: int, moment: int | None) -> None:
        """Send a correct message, at once or so many milliseconds from a deadline."""
        self._send(which, moment)

    @rule(which=WHICH, moment=MOMENT, defect=st.sampled_from(DEFECTS))
    def send_amiss(self, which: int, moment: int | None, defect: RequiredRefusal) -> None:
        """Send a message with something wrong."""
        self._send(which, moment, defect)

    @precondition(lambda self: self._lab.has_control)
    @rule(step=st.sampled_from((Wait(1000), Wait(5000))) | st.builds(ChangePolicy, RULES))
    def change(self, step: Step) -> None:
        """Change the clock or the policy."""
        self._take(step)

    def _send(self, which: int, moment: int | None, defect: RequiredRefusal | None = None) -> None:
        if moment is not None and self._lab.has_control:
            self._take(WaitFor(which, moment))
        self._take(SendStep(which, defect))

    def _take(self, step: Step) -> None:
        assert self._story is not None, "a story has a beginning"
        self._story.take(step)
        self._watch(self._story)


def explore(lab: ProbeRunner, examples: int, chance: int) -> dict[str, ProbeScript]:
    """Draw histories, and return by code the script of the shortest one in which each clause was violated.

    The same `chance` draws the same. Raises ProbeError.
    """
    scripts: dict[str, ProbeScript] = {}
    known = dict(lab.ledger.witnesses)

    def watch(story: ProbeStory) -> None:
        for code, witness in lab.ledger.witnesses.items():
            if known.get(code) is not witness:
                known[code], scripts[code] = witness, story.script

    class Machine(SessionMachine):
        def __init__(self) -> None:
            super().__init__(lab, watch)

    try:
        with storage_elsewhere():
            run_state_machine_as_test(seed(chance)(Machine), settings=_settings(examples))
    except FlakyFailure as flaky:  # it failed, but not when Hypothesis tried again
        raise flaky.exceptions[0] from None
    return scripts


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


# -- minimizing ---------------------------------------------------------------------------------------------------------


def shorten(lab: ProbeRunner, code: str, script: ProbeScript) -> None:
    """Run shorter stories until none of them violates the clause. The ledger keeps the shortest. Raises ProbeError."""
    lab.ledger.hunted = code
    try:
        script = smallest(script, shorter_than, lambda other: _breaks(lab, other))
        if _breaks(lab, script):
            lab.ledger.prove_minimal()
    finally:
        lab.ledger.hunted = None


def shorter_than(script: ProbeScript) -> Iterator[ProbeScript]:
    """Yield the story without some of its steps, or with two waits joined into one."""
    steps = script.steps
    yield from map(script.of, without(steps))
    for place, (first, second) in enumerate(pairwise(steps)):
        if isinstance(first, Wait) and isinstance(second, Wait):
            both = Wait(first.milliseconds + second.milliseconds)
            yield script.of((*steps[:place], both, *steps[place + 2 :]))


def _breaks(lab: ProbeRunner, script: ProbeScript) -> bool:
    story = ProbeStory(lab, script.rules)
    try:
        story.begin()
        for step in script.steps:
            story.take(step)
    except Broken:
        return True
    finally:
        story.close()
    return False
