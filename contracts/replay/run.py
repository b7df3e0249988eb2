"""Replays a recording on a fresh organisation, and compares its answers with the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from contracts.replay.plan import Action, Before, ControlEvent, PlannedRequest, plan
from contracts.replay.preconditions import Preconditions, repeat
from contracts.replay.recording import RecordedStep, Recording, RecordingError
from contracts.replay.results import RefusalGroup, ReplayedAnswer, ReplayedRequest
from contracts.replay.sandbox import EVERYBODY, Answered, Sandbox
from contracts.stories.model import Story
from contracts.stories.words import told_as
from mockserver.engine.model import Policy, Reason
from mockserver.explain.words import lower_first, shortened
from mockserver.reasons import RECORDS

_REQUEST = re.compile(r"request ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

FROM_BEFORE = "The session is from before the recording began."

NOT_READ = "The past of the session is unknown, because {doubt}."

NOT_TOLD = (
    "It may have been used, or idle for too long, or too old. Neither the recording nor the answer shows which came first."
)

POSSIBLE = "The recording does not show the cause. It may be this: {why}"

ASSUMED = {Reason.AUTH_EXPIRED, Reason.AUTH_REJECTED, Reason.AUTH_REVOKED, Reason.AUTH_UNKNOWN}
"""The reasons that a token is given in the replay if only the answer shows that something was wrong with it."""

RATE_LIMITED = RefusalGroup(
    number=0,
    reason=Reason.RATE_LIMITED,
    session=None,
    guard=RECORDS[Reason.RATE_LIMITED].guard or "",
    cause="More requests had come than the platform accepts in that time. The recording does not show how many it accepts.",
    missed=None,
    accepted_if=None,
    advice=RECORDS[Reason.RATE_LIMITED].advice,
    status=429,
)
"""The explanation of a recorded 429. A fault reproduces it, because no limit is known."""

LEAD = 1000
"""Milliseconds from the creation of the organisation to the first action."""


def replay(
    recording: Recording, policy: Policy, progress: Callable[[int], object] = lambda _: None
) -> tuple[list[ReplayedRequest], list[RefusalGroup]]:
    """Replay the recording under `policy`. `progress` is called for each action."""
    with _player(recording, policy) as (player, actions):
        for action in actions:
            player.play(action)
            progress(1)
        return player.results, list(player.refusals.values())


def story_of(recording: Recording, policy: Policy, number: int) -> Story:
    """Return the smallest story whose last request is refused as the one with this number is in a replay.

    Raises RecordingError.
    """
    with _player(recording, policy) as (player, actions):
        for action in actions:
            player.play(action)
            if isinstance(action, PlannedRequest) and action.step.number == number:
                return player.story(number, recording.source)
    raise RecordingError(
        recording.source, f"there is no {recording.unit} {number} of the platform in it; without --emit the report lists them"
    )


@contextmanager
def _player(recording: Recording, policy: Policy) -> Iterator[tuple[_Player, list[Action]]]:
    actions = plan(recording, policy)
    owners = {step.token: step.client or EVERYBODY for step in recording.steps if step.token is not None}
    with Sandbox(policy, min(action.at for action in actions) - LEAD, owners) as sandbox:
        yield _Player(sandbox, recording), actions


def labels_of(steps: list[RecordedStep]) -> dict[str, str]:
    """Return the names of the sessions that the platform issued: `s1`, `s2` …"""
    known = [step.issued for step in steps if step.issued is not None]
    known += [step.session for step in steps if step.session is not None and step.effect == "accepted"]
    return {id: f"s{number}" for number, id in enumerate(dict.fromkeys(known), start=1)}


class _Player:
    def __init__(self, sandbox: Sandbox, recording: Recording) -> None:
        self._sandbox, self._unit = sandbox, recording.unit
        self._preconditions = Preconditions(sandbox, recording.steps)
        self._labels = labels_of(recording.steps)
        self._numbers: dict[str, int] = {}
        self.results: list[ReplayedRequest] = []
        self.refusals: dict[str, RefusalGroup] = {}

    def play(self, action: Action) -> None:
        self._sandbox.now = max(self._sandbox.now, action.at)
        match action:
            case ControlEvent(_, step):
                repeat(self._sandbox, step.what, step.detail)
            case Before():
                self._preconditions.before(action)
            case PlannedRequest():
                self._ask(action)

    def story(self, number: int, source: str) -> Story:
        """Return the smallest story of a request that was asked. Raises RecordingError."""
        from contracts.replay.minimize import NotReproduced, distil

        context_id = next(id for id, asked in self._numbers.items() if asked == number)
        try:
            return distil(self._sandbox.tenant, context_id, f"{self._unit} {number} of a recording")
        except NotReproduced as error:
            raise RecordingError(source, f"there is no story of {self._unit} {number}: {error.why}") from error

    def _ask(self, ask: PlannedRequest) -> None:
        step, id = ask.step, ask.step.issued or ask.step.session
        self._preconditions.settle(step)
        answered = self._sandbox.ask(step, ask.fault)
        self._numbers[answered.context_id] = step.number
        result = ReplayedRequest(
            number=step.number,
            at=step.earliest,
            request=step.operation or f"{step.method} {step.path}",
            session=None if id is None else self._labels.get(id) or repr(shortened(id)),
            recorded=ReplayedAnswer(status=step.status, code=step.code, reason=step.reason),
            reproduced=ReplayedAnswer(status=answered.status, code=answered.code, reason=answered.reason),
            agrees=_agrees(ask, answered),
            taken=self._preconditions.assumptions.get(step.number),
        )
        self.results.append(result)
        reason = _refusal(ask, answered)
        if reason in self.refusals:
            self.refusals[reason] = replace(self.refusals[reason], count=self.refusals[reason].count + 1)
        elif reason:
            self.refusals[reason] = self._refused(result, answered, step.doubt)

    def _refused(self, result: ReplayedRequest, answered: Answered, doubt: str) -> RefusalGroup:
        """Explain the first refusal of a kind."""
        if answered.reason == Reason.FAULT:
            return replace(RATE_LIMITED, number=result.number, session=result.session)
        told = self._sandbox.tenant.explain(answered.context_id)
        return RefusalGroup.first(result, told, self._in_entries, self._unseen(result, answered, doubt))

    def _unseen(self, result: ReplayedRequest, answered: Answered, doubt: str) -> str | None:
        """Return the cause if the recording does not show it; None if it does."""
        reason = _known(result.recorded.reason)
        if answered.session in self._preconditions.past and answered.status == 403:
            past = NOT_READ.format(doubt=doubt) if doubt else FROM_BEFORE
            return f"{past} {NOT_TOLD}" if reason is None else f"{past} The answer says {reason}. {RECORDS[reason].why}"
        if answered.reason not in ASSUMED or result.taken is None or reason is not None:
            return None
        why = RECORDS[Reason(answered.reason)].why
        return why if answered.code == "credentials.expired" else POSSIBLE.format(why=lower_first(why))

    def _in_entries(self, told: str) -> str:
        """Replace the replay's contextIds in an explanation by the recording's numbers."""

        def entry(found: re.Match[str]) -> str:
            number = self._numbers.get(found[1])
            return "one before the recording" if number is None else f"{self._unit} {number}"

        return _REQUEST.sub(entry, told)


def _refusal(ask: PlannedRequest, answered: Answered) -> str:
    """Return the reason of the platform's own refusal; "" if there is none."""
    if ask.fault is None:
        return answered.reason if (answered.status or 0) >= 400 else ""
    is_limit = answered.status == 429 and ask.step.fault is None and ask.step.reason != Reason.FAULT
    return Reason.RATE_LIMITED if is_limit else ""


def _agrees(ask: PlannedRequest, answered: Answered) -> bool:
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
    return told_as(step.reason) == told_as(answered.reason)


def _known(reason: str | None) -> Reason | None:
    return next((one for one in Reason if one == reason), None)
