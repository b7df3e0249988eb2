"""What only a history can show: Hypothesis takes one step after the other, and looks for what goes wrong.

While it explores nothing fails: the ledger keeps what was broken, and the story goes on. When it hunts a clause, its breach is
what fails, and Hypothesis makes the way there shorter; in the end every step is left out once.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from contracts.probe.lab import Lab
from contracts.probe.ledger import Broken
from contracts.probe.life import Rules
from contracts.probe.refusals import Refusal
from contracts.probe.story import DEFECTS, ChangePolicy, Create, Send, Step, Story, Wait, WaitFor

CLAUSES = ("P1", "P2", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11")
"""The clauses that a history can break."""

STEPS = 20
"""Steps of a history at most."""

RULES = st.builds(
    Rules,
    ttl=st.sampled_from((300_000, 60_000, 20_000)),
    idle_timeout=st.sampled_from((10_000, 30_000, 90_000)),
    handshakes=st.sampled_from((1, 2)),
)
ANOTHER = st.sampled_from((False, False, False, True))
WHICH = st.sampled_from((0, 0, 0, 1, 2))
MOMENT = st.sampled_from((None, -1, 0))


class Sessions(RuleBasedStateMachine):
    """A story that Hypothesis tells. `failed` is given the last one that ended in a breach."""

    def __init__(self, lab: Lab, failed: list[Story]) -> None:
        super().__init__()
        self._lab, self._failed = lab, failed
        self._story: Story | None = None

    @initialize(rules=RULES)
    def begin(self, rules: Rules) -> None:
        """Begins it."""
        self._story = Story(self._lab, rules)
        self._story.begin()

    def teardown(self) -> None:
        """Ends it."""
        if self._story is not None:
            self._story.close()

    @rule(another=ANOTHER)
    def create(self, another: bool) -> None:
        """A further session."""
        self._take(Create(another))

    @rule(which=WHICH, moment=MOMENT)
    def send(self, which: int, moment: int | None) -> None:
        """A message as it ought to be, at a moment that may decide over it."""
        self._send(which, moment)

    @rule(which=WHICH, moment=MOMENT, defect=st.sampled_from(DEFECTS))
    def send_amiss(self, which: int, moment: int | None, defect: Refusal) -> None:
        """A message with something wrong."""
        self._send(which, moment, defect)

    @precondition(lambda self: self._lab.has_control)
    @rule(step=st.sampled_from((Wait(1000), Wait(5000))) | st.builds(ChangePolicy, RULES))
    def change(self, step: Step) -> None:
        """The world changes."""
        self._take(step)

    def _send(self, which: int, moment: int | None, defect: Refusal | None = None) -> None:
        if moment is not None and self._lab.has_control:
            self._take(WaitFor(which, moment))
        self._take(Send(which, defect))

    def _take(self, step: Step) -> None:
        assert self._story is not None, "a story has a beginning"
        try:
            self._story.take(step)
        except Broken:
            self._failed[:] = [self._story]
            raise


def explore(lab: Lab, examples: int, chance: int) -> None:
    """Draws histories; the same `chance` draws the same from a provider that does the same. Raises ProbeError."""
    _run(lab, examples, chance, [Phase.generate])


def hunt(lab: Lab, code: str, examples: int, chance: int) -> None:
    """Draws the same histories, and makes the first one shorter that breaks the clause."""
    lab.ledger.hunted = code
    try:
        found = _run(lab, examples, chance, [Phase.generate, Phase.shrink])
        if found is not None:
            _leave_out(lab, found.rules, found.steps)
    finally:
        lab.ledger.hunted = None


def _run(lab: Lab, examples: int, chance: int, phases: list[Phase]) -> Story | None:
    """The last story that ended in a breach, where one did."""
    failed: list[Story] = []

    class Machine(Sessions):
        def __init__(self) -> None:
            super().__init__(lab, failed)

    options = settings(
        max_examples=examples,
        phases=phases,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    try:
        run_state_machine_as_test(seed(chance)(Machine), settings=options)
    except Broken:
        pass  # the ledger has it
    except FlakyFailure as flaky:  # a provider with a clock of its own need not do the same twice
        for error in flaky.exceptions:
            if not isinstance(error, Broken):
                raise error from None
    return failed[0] if failed else None


def _leave_out(lab: Lab, rules: Rules, steps: Sequence[Step]) -> None:
    """Leaves out one step after the other, for as long as the rest still breaks the clause; then none can be spared."""
    place = len(steps) - 1
    while place >= 0:
        fewer = (*steps[:place], *steps[place + 1 :])
        if _breaks(lab, rules, fewer):
            steps, place = fewer, len(fewer)
        place -= 1
    lab.ledger.prove_minimal()


def _breaks(lab: Lab, rules: Rules, steps: Sequence[Step]) -> bool:
    story = Story(lab, rules)
    try:
        story.begin()
        for step in steps:
            story.take(step)
    except Broken:
        return True
    finally:
        story.close()
    return False
