"""What only a history can show: Hypothesis does one thing after the other to a few sessions, and looks for what goes wrong.

While it explores nothing fails: each answer is held against a model of the session, the ledger keeps what was broken, and the
model follows the provider. When it hunts a clause its breach is what fails, and Hypothesis makes the way there shorter.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.probe import refusals
from contracts.probe.asking import WRITE_SCOPE, for_message, for_message_as, message_body
from contracts.probe.lab import Lab
from contracts.probe.ledger import Broken
from contracts.probe.life import DEFAULTS, Life, Rules
from contracts.probe.refusals import BAD_BODY, FOREIGN, NO_SCOPE, NO_TOKEN, OTHER_MEDIA_TYPE, WRONG_TOKEN, Refusal
from contracts.probe.tape import Exchange
from contracts.probe.world import Actor, World
from mockserver.wire.message import Request

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
"""Whether the organisation's other client does it."""


MOMENTS = st.sampled_from((None, -1, 0))
"""When a message is sent: at once, or so many milliseconds from its session's first deadline."""

WHICH = st.sampled_from((0, 0, 0, 1, 2))
"""Which session, those alive before those that have ended: a history of the dead shows little."""

DEFECTS = (BAD_BODY, OTHER_MEDIA_TYPE, NO_SCOPE, WRONG_TOKEN, NO_TOKEN, FOREIGN)
"""What may be wrong with a message, whatever its session is."""

BY_CONTROL = frozenset({NO_SCOPE, FOREIGN})
"""Those that nobody can bring about without it."""


class Sessions(RuleBasedStateMachine):
    """A few sessions of an organisation's two clients, and all that may happen to them."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab
        self._begun: World | None = None
        self._rules = DEFAULTS
        self._other: Actor | None = None
        self._lives: list[Life] = []

    @property
    def _world(self) -> World:
        assert self._begun is not None, "a history has a beginning"
        return self._begun

    @property
    def _now(self) -> int:
        """The provider's clock. Where that is not known, none of the deadlines comes near."""
        return self._world.now if self._lab.has_control else 0

    @initialize(rules=RULES)
    def begin(self, rules: Rules) -> None:
        """A policy, where it may be chosen, and a first session."""
        if self._lab.has_control:
            self._rules = rules
        self._begun = self._lab.open(self._rules.policy() if self._lab.has_control else {})
        self.create(another=False)

    def teardown(self) -> None:
        """Nothing is left behind."""
        if self._begun is not None:
            self._begun.close()

    # -- what is done ------------------------------------------------------------------------------------------------

    @rule(another=ANOTHER)
    def create(self, another: bool) -> None:
        """A further session."""
        actor = self._actor(another)
        created = self._world.create(actor)
        id = created.reply.told("webChatSessionId")
        if self._world.judge.accepts(created, "P1", "a create") and id:
            self._lives.append(Life(id, actor, self._now, self._rules))

    @rule(which=WHICH, moment=MOMENTS)
    def send(self, which: int, moment: int | None) -> None:
        """A message as it ought to be, at a moment that may decide over it."""
        life = self._life(which, moment)
        if life is not None:
            self._send(life, life.owner, None)

    @rule(which=WHICH, moment=MOMENTS, defect=st.sampled_from(DEFECTS))
    def send_amiss(self, which: int, moment: int | None, defect: Refusal) -> None:
        """A message with something wrong, or of the other client."""
        life = self._life(which, moment)
        if life is None or (defect in BY_CONTROL and not self._lab.has_control):
            return
        if defect is FOREIGN:
            self._send(life, self._actor(life.owner is self._world.me), None)
        else:
            self._send(life, life.owner, defect)

    @precondition(lambda self: self._lab.has_control)
    @rule(change=st.sampled_from((1, 5)) | RULES)
    def change(self, change: int | Rules) -> None:
        """So many seconds pass, or the policy changes: what was stamped before keeps its deadlines."""
        if isinstance(change, int):
            self._world.advance(change * 1000)
        else:
            self._rules = change
            self._world.set_policy(change.policy())

    # -- what must come of it ----------------------------------------------------------------------------------------

    def _actor(self, another: bool) -> Actor:
        if not another or not self._lab.has_control:
            return self._world.me
        if self._other is None:
            self._other = self._world.another()
        return self._other

    def _life(self, which: int, moment: int | None) -> Life | None:
        """A session, once the moment has come; None where none could be created."""
        if not self._lives:
            return None
        ordered = sorted(self._lives, key=lambda life: life.due(life.owner, self._now) is not None)
        life = ordered[which % len(ordered)]
        if moment is not None and self._lab.has_control and life.ends_at + moment > self._now:
            self._world.advance(life.ends_at + moment - self._now)
        return life

    def _send(self, life: Life, actor: Actor, defect: Refusal | None) -> None:
        due = [refusal for refusal in (defect, life.due(actor, self._now)) if refusal is not None]
        exchange = self._spoilt(defect, actor, life.id)
        if not life.is_lost:
            self._judge(life, exchange, due)

    def _spoilt(self, defect: Refusal | None, actor: Actor, id: str) -> Exchange:
        """A message with at most one thing wrong with it."""
        if defect is NO_SCOPE:
            self._world.set_scopes(actor)
        exchange = self._world.ask(_message(defect, actor.authorization, id))
        if defect is NO_SCOPE:
            self._world.set_scopes(actor, WRITE_SCOPE)
        return exchange

    def _judge(self, life: Life, exchange: Exchange, due: Sequence[Refusal]) -> None:
        """Says what was wrong, and remembers what was so, right or wrong."""
        judge, now, accepted = self._world.judge, self._now, exchange.reply.status == 200
        stake = life.at_stake(now)
        if due:
            judge.refuses(exchange, *due, marks=life.marks())
        elif stake is not None:
            judge.accepts(exchange, stake.clause, stake.what, life.marks())
        if accepted:
            life.accept(exchange, now, self._rules)
        elif due:
            life.refused.append((due[0].clause, exchange))
        else:
            life.is_lost = True


def _message(defect: Refusal | None, authorization: str, id: str) -> Request:
    match defect:
        case refusals.NO_TOKEN:
            return for_message(None, id)
        case refusals.WRONG_TOKEN:
            return for_message("Bearer bm9ib2R5LWlzc3VlZC10aGlz", id)
        case refusals.OTHER_MEDIA_TYPE:
            return for_message_as(authorization, message_body(id), "text/plain")
        case refusals.BAD_BODY:
            return for_message(authorization, id, "")
    return for_message(authorization, id)


def explore(lab: Lab, examples: int, chance: int) -> None:
    """Draws histories; the same `chance` draws the same from a provider that does the same. Raises ProbeError."""
    _run(lab, examples, chance, [Phase.generate])


def hunt(lab: Lab, code: str, examples: int, chance: int) -> None:
    """Draws the same histories, and makes the first one shorter that breaks the clause."""
    lab.ledger.hunted = code
    try:
        _run(lab, examples, chance, [Phase.generate, Phase.shrink])
    finally:
        lab.ledger.hunted = None


def _run(lab: Lab, examples: int, chance: int, phases: list[Phase]) -> None:
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

    class Machine(Sessions):
        def __init__(self) -> None:
            super().__init__(lab)

    try:
        run_state_machine_as_test(seed(chance)(Machine), settings=options)
    except Broken:
        pass  # the ledger has it
    except FlakyFailure as flaky:  # a provider with a clock of its own need not do the same twice
        for error in flaky.exceptions:
            if not isinstance(error, Broken):
                raise error from None
