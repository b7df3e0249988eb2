"""Replays a recording on a fresh organisation, and compares its answers with the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from contracts.replay.plan import Action, Ask, Before, Happen, plan
from contracts.replay.preconditions import Settler, happen
from contracts.replay.recording import Recording, Step
from contracts.replay.results import Refusal, Replayed, Reply, Result
from contracts.replay.sandbox import EVERYBODY, Answered, Bench
from mockserver.engine.model import Policy, Reason
from mockserver.explain.words import shortened
from mockserver.wire.table import TOLD_AS

_REQUEST = re.compile(r"request ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

FROM_BEFORE = (
    "The session is from before the recording began. It had been used, idle for too long, or become too old. Neither "
    "the recording nor the answer shows which came first."
)

NOT_READ = "The past of the session is unknown, because {doubt}. It had been used, idle for too long, or become too old."

LEAD = 1000
"""Milliseconds from the creation of the organisation to the first action."""


def replay(recording: Recording, policy: Policy, progress: Callable[[int], object] = lambda _: None) -> Replayed:
    """Replay the recording under `policy`. `progress` is called for each request."""
    actions = plan(recording, policy)
    let_in = [
        (step.credential.token, step.order)
        for step in recording.steps
        if step.credential.token is not None and step.status not in {None, 401}
    ]
    owners = {step.token: step.client or EVERYBODY for step in recording.steps if step.token is not None}
    with Bench(policy, min(action.at for action in actions) - LEAD, owners) as bench:
        player = _Player(bench, Settler(bench, let_in), Labels(recording.steps), recording.unit)
        for action in actions:
            player.play(action)
            progress(1)
        return Replayed(results=player.results, refusals=list(player.refusals.values()))


class Labels:
    """Names of sessions: `s1`, `s2` … for those that the platform issued, the id itself for others."""

    def __init__(self, steps: list[Step]) -> None:
        known = [step.issued for step in steps if step.issued is not None]
        known += [step.session for step in steps if step.session is not None and step.effect == "accepted"]
        self._labels = {id: f"s{number}" for number, id in enumerate(dict.fromkeys(known), start=1)}

    def of(self, step: Step) -> str | None:
        """Return the name of the session that a request is about, or None."""
        id = step.issued or step.session
        return None if id is None else self._labels.get(id) or repr(shortened(id))


class _Player:
    def __init__(self, bench: Bench, settler: Settler, labels: Labels, unit: str) -> None:
        self._bench, self._settler, self._labels, self._unit = bench, settler, labels, unit
        self._numbers: dict[str, int] = {}
        self.results: list[Result] = []
        self.refusals: dict[str, Refusal] = {}

    def play(self, action: Action) -> None:
        self._bench.move_to(action.at)
        match action:
            case Happen(_, step):
                happen(self._bench, step.what, step.detail)
            case Before():
                self._settler.before(action)
            case Ask():
                self._ask(action)

    def _ask(self, ask: Ask) -> None:
        step = ask.step
        self._settler.settle(step)
        answered = self._bench.ask(step, ask.fault)
        self._numbers[answered.context_id] = step.number
        result = Result(
            number=step.number,
            at=step.earliest,
            request=step.operation or f"{step.method} {step.path}",
            session=self._labels.of(step),
            recorded=Reply(status=step.status, code=step.code, reason=step.reason),
            reproduced=Reply(status=answered.status, code=answered.code, reason=answered.reason),
            agrees=_agrees(ask, answered),
            taken=self._settler.taken.get(step.number),
        )
        self.results.append(result)
        if answered.status == 403:
            self._refused(result, answered, step.doubt)

    def _refused(self, result: Result, answered: Answered, doubt: str) -> None:
        known = self.refusals.get(answered.reason)
        if known is not None:
            self.refusals[answered.reason] = replace(known, count=known.count + 1)
            return
        told = self._bench.explain(answered.context_id)
        guard = next((guard.name for guard in told.guards if guard.verdict == "refused"), "")
        past = NOT_READ.format(doubt=doubt) if doubt else FROM_BEFORE
        from_before = answered.session in self._settler.past
        self.refusals[answered.reason] = Refusal(
            number=result.number,
            reason=answered.reason,
            session=result.session,
            guard=guard,
            cause=past if from_before else self._in_entries(told.summary),
            missed=None if from_before else told.missed,
            advice=told.advice,
        )

    def _in_entries(self, told: str) -> str:
        """Replace the replay's contextIds in an explanation by the recording's numbers."""

        def entry(found: re.Match[str]) -> str:
            number = self._numbers.get(found[1])
            return "one before the recording" if number is None else f"{self._unit} {number}"

        return _REQUEST.sub(entry, told)


def _agrees(ask: Ask, answered: Answered) -> bool:
    """Return whether a client would have seen the same: the status, and the code and the reason if both have one.

    An answer from something between client and platform has its own words, so only its status counts.
    """
    step = ask.step
    if step.status != answered.status or ask.fault is not None:
        return step.status == answered.status
    if step.code is not None and answered.code is not None and step.code != answered.code:
        return False
    if step.reason is None or not step.reason.startswith("session."):
        return True
    return _told(step.reason) == _told(answered.reason)


def _told(reason: str) -> str:
    known = Reason(reason) if reason in Reason.__members__.values() else None
    return reason if known is None else TOLD_AS.get(known, known).value
