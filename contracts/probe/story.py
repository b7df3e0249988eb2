"""Runs steps on a few sessions, and checks each answer against a model. Steps are data, so a story can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contracts.platform_requests import for_message, for_message_as, message_body
from contracts.probe import refusals
from contracts.probe.probe_run import ProbeClient
from contracts.probe.recorder import RecordedExchange
from contracts.probe.refusals import BAD_BODY, FOREIGN, NO_SCOPE, NO_TOKEN, OTHER_MEDIA_TYPE, WRONG_TOKEN, RequiredRefusal
from contracts.probe.runner import ProbeRunner
from contracts.probe.session_model import DEFAULTS, Rules, SessionModel
from mockserver.engine.model import WRITE_SCOPE
from mockserver.journal import SESSION_ID
from mockserver.wire.message import Request

DEFECTS = (BAD_BODY, OTHER_MEDIA_TYPE, NO_SCOPE, WRONG_TOKEN, NO_TOKEN, FOREIGN)
"""The possible defects of a message, whatever its session is. FOREIGN stands for the other client's token."""

BY_CONTROL = frozenset({NO_SCOPE, FOREIGN})
"""The defects that need a control API."""


class CreateStep(NamedTuple):
    """Create another session, for the organisation's `another` client or for the first."""

    another: bool


class SendStep(NamedTuple):
    """Send a message for the session `which`, counted from 0. Live sessions come first, because dead ones show little."""

    which: int
    defect: RequiredRefusal | None = None


class Wait(NamedTuple):
    """Let milliseconds pass."""

    milliseconds: int


class WaitFor(NamedTuple):
    """Let time pass until so many milliseconds from the first deadline of the session `which`, if that is still to come."""

    which: int
    offset: int


class ChangePolicy(NamedTuple):
    """Change the policy. Deadlines that are set already stay."""

    rules: Rules


Step = CreateStep | SendStep | Wait | WaitFor | ChangePolicy


class ProbeScript(NamedTuple):
    """The recipe of a story: the policy that it begins with, and its steps."""

    rules: Rules
    steps: tuple[Step, ...]

    def of(self, steps: tuple[Step, ...]) -> ProbeScript:
        """Return a script with other steps."""
        return ProbeScript(self.rules, steps)


class ProbeStory:
    """One run. It begins with a policy, if that can be set, and with a session."""

    def __init__(self, lab: ProbeRunner, rules: Rules) -> None:
        self._lab = lab
        self._rules = rules if lab.has_control else DEFAULTS
        self._world = lab.open(self._rules.policy() if lab.has_control else {})
        self._other: ProbeClient | None = None
        self._lives: list[SessionModel] = []
        self._script = ProbeScript(rules, ())

    @property
    def script(self) -> ProbeScript:
        """The story so far."""
        return self._script

    def begin(self) -> None:
        """Create the first session."""
        self._create(self._world.me)

    def take(self, step: Step) -> None:
        """Take a step."""
        self._script = self._script.of((*self._script.steps, step))
        match step:
            case CreateStep(another):
                self._create(self._actor(another))
            case SendStep(which, defect):
                self._send(which, defect)
            case Wait(milliseconds):
                self._world.advance(milliseconds)
            case WaitFor(which, offset):
                left = self._life(which).ends_at + offset - self._now if self._lives else 0
                if left > 0:
                    self._world.advance(left)
            case ChangePolicy(rules):
                self._rules = rules
                self._world.set_policy(rules.policy())

    def close(self) -> None:
        """Remove everything that was made."""
        self._world.close()

    # -- what is done ------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> int:
        """The provider's clock; 0 if it is unknown, so that no deadline comes near."""
        return self._world.now if self._lab.has_control else 0

    def _actor(self, another: bool) -> ProbeClient:
        if not another or not self._lab.has_control:
            return self._world.me
        if self._other is None:
            self._other = self._world.another()
        return self._other

    def _create(self, actor: ProbeClient) -> None:
        created = self._world.create(actor)
        id = created.reply.told(SESSION_ID)
        if self._world.judge.accepts(created, "P1", "a create") and id:
            self._lives.append(SessionModel(id, actor, self._now, self._rules))

    def _send(self, which: int, defect: RequiredRefusal | None) -> None:
        if not self._lives or (defect in BY_CONTROL and not self._lab.has_control):
            return
        life = self._life(which)
        sender = self._actor(life.owner is self._world.me) if defect is FOREIGN else life.owner
        wrong = None if defect is FOREIGN else defect
        due = [refusal for refusal in (wrong, life.due(sender, self._now)) if refusal is not None]
        exchange = self._sent(wrong, sender, life.id)
        if not life.is_lost:
            self._judge(life, exchange, due)

    def _life(self, which: int) -> SessionModel:
        alive_first = sorted(self._lives, key=lambda life: life.due(life.owner, self._now) is not None)
        return alive_first[which % len(alive_first)]

    def _sent(self, wrong: RequiredRefusal | None, sender: ProbeClient, id: str) -> RecordedExchange:
        """Send a message with at most one defect."""
        request = _message(wrong, sender.authorization, id)
        if wrong is not NO_SCOPE:
            return self._world.ask(request)
        self._world.set_scopes(sender)
        exchange = self._world.ask(request)
        self._world.set_scopes(sender, WRITE_SCOPE)
        return exchange

    # -- the expected results ----------------------------------------------------------------------------------------

    def _judge(self, life: SessionModel, exchange: RecordedExchange, due: Sequence[RequiredRefusal]) -> None:
        """Judge an answer, and record in the model what happened, right or wrong."""
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


def _message(wrong: RequiredRefusal | None, authorization: str, id: str) -> Request:
    match wrong:
        case refusals.NO_TOKEN:
            return for_message(None, id)
        case refusals.WRONG_TOKEN:
            return for_message("Bearer bm9ib2R5LWlzc3VlZC10aGlz", id)
        case refusals.OTHER_MEDIA_TYPE:
            return for_message_as(authorization, message_body(id), "text/plain")
        case refusals.BAD_BODY:
            return for_message(authorization, id, "")
    return for_message(authorization, id)
