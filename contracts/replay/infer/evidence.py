"""The evidence of each answer for the policy's values, from the lives of a recording's sessions.

An accepted send shows that the idle timeout and the ttl are longer than the least times that had passed. An unexplained refusal
has one of three reasons. The session was used up, or its idle timeout or its ttl is at most the time that can have passed. The
platform does not say which. Times are in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from contracts.har.survey import UNKNOWN
from contracts.replay.recording import RecordedStep, Recording, WorldStep

SHORTEST = 1000
"""Milliseconds that every platform lets a session live. A refusal within them has another reason."""

ENDINGS = {"expire_session", "revoke_session"}


class Constraint(NamedTuple):
    """A value is greater than `value`, or at most `value`, as the step `number` shows."""

    value: int
    number: int


class Alternative(NamedTuple):
    """A refusal: the idle timeout is at most `idle`, or the ttl at most `ttl`, or sessions take at most `handshakes` messages.

    A value is None if it cannot be the reason.
    """

    number: int
    idle: int | None
    ttl: int | None
    handshakes: int | None


@dataclass
class SessionEvidence:
    """The combined evidence of all sends of a recording. A session takes at least one message."""

    idle: Constraint | None = None
    ttl: Constraint | None = None
    handshakes: Constraint | None = None
    choices: list[Alternative] = field(default_factory=list)

    def more(self, name: Literal["idle", "ttl", "handshakes"], value: int, number: int) -> None:
        """Note that a value is greater than `value`."""
        known: Constraint | None = getattr(self, name)
        if value >= 0 and (known is None or value > known.value):
            setattr(self, name, Constraint(value, number))


class SessionSpan:
    """One session: its create (None: before the recording), and its sends until it was ended from outside."""

    def __init__(self, created: RecordedStep | None, client: str | None) -> None:
        self._created, self.client = created, client
        self._sends: list[RecordedStep] = []
        self._accepted: list[RecordedStep] = []
        self._uncertain: list[RecordedStep] = []
        self.ended = False

    def take(self, step: RecordedStep) -> None:
        """Add a send."""
        if not self.ended:
            {"accepted": self._accepted, "uncertain": self._uncertain}.get(step.effect, self._sends).append(step)

    def show(self, evidence: SessionEvidence, slack: int) -> None:
        """Add the session's evidence. Time stamps are off by at most `slack` milliseconds."""
        for step in self._accepted:
            self._alive(step, evidence, slack)
        if self._accepted:
            evidence.more("handshakes", len(self._accepted) - 1, self._accepted[-1].number)
        if self._created is not None:  # the past of other sessions is unknown
            for step in self._sends:
                if step.effect == "refused":
                    self._dead(step, self._created, evidence, slack)

    def _alive(self, step: RecordedStep, evidence: SessionEvidence, slack: int) -> None:
        first = self._created or self._accepted[0]
        if first is step:
            return
        since = _least(first, step, slack)
        if since is not None:
            evidence.more("ttl", since, step.number)
        unsure = [use for use in self._uncertain if _maybe_before(use, step)]
        others = [*(use for use in self._accepted if use is not step and _maybe_before(use, step)), *unsure]
        gaps = [_least(use, step, slack) for use in (first, *others)]
        known = [gap for gap in gaps if gap is not None]
        if len(known) == len(gaps) and not any(use.may_act_later for use in unsure):
            evidence.more("idle", min(known), step.number)

    def _dead(self, step: RecordedStep, created: RecordedStep, evidence: SessionEvidence, slack: int) -> None:
        age = _most(created, step, slack)
        before = [use for use in self._accepted if use.epoch == step.epoch and use.latest <= step.earliest]
        gaps = [gap for use in (created, *before) if (gap := _most(use, step, slack)) is not None]
        uses = sum(_maybe_before(use, step) for use in (*self._accepted, *self._uncertain))
        idle = _likely(min(gaps, default=None), step)
        choice = as_told(Alternative(step.number, idle, _likely(age, step), uses or None), step.reason)
        if age is not None and choice is not None:
            evidence.choices.append(choice)


def _likely(bound: int | None, step: RecordedStep) -> int | None:
    """Return the bound; None if it is so short that time is not the reason, unless the answer says so."""
    return None if bound is not None and bound < SHORTEST and step.reason is None else bound


def _maybe_before(use: RecordedStep, step: RecordedStep) -> bool:
    return use.epoch < step.epoch or (use.epoch == step.epoch and use.earliest <= step.latest)


def _least(first: RecordedStep, then: RecordedStep, slack: int) -> int | None:
    """Return the least time that passed; None if the clock was set back meanwhile."""
    return None if first.epoch != then.epoch else max(0, then.earliest - first.latest - slack)


def _most(first: RecordedStep, then: RecordedStep, slack: int) -> int | None:
    unknown = first.epoch != then.epoch or slack == UNKNOWN
    return None if unknown else max(0, then.latest - first.earliest + slack)


def as_told(choice: Alternative, reason: str | None) -> Alternative | None:
    """Return the choice that the reason in the answer leaves; None if the reason is neither time nor use."""
    match reason:
        case "session.idle":
            return choice._replace(ttl=None, handshakes=None)
        case "session.expired":
            return choice._replace(idle=None, handshakes=None)
        case "session.consumed":
            return choice._replace(idle=None, ttl=None)
        case "session.revoked" | "session.unknown" | "session.foreign" | "session.forgotten":
            return None
        case _:
            return choice


def sessions(recording: Recording) -> SessionEvidence:
    """Return the evidence of the recording's sends."""
    evidence, lives = SessionEvidence(), dict[str, SessionSpan]()
    owners: dict[str, str | None] = {}
    steps: list[RecordedStep | WorldStep] = [*recording.steps, *recording.world]
    for step in sorted(steps, key=_when):
        if isinstance(step, WorldStep):
            _end(step, lives)
            continue
        client = owners.get(step.credential.token or "")
        if step.token is not None:
            owners[step.token] = step.client
        if step.issued is not None:
            lives[step.issued] = SessionSpan(step, client)
        if step.operation == "send" and step.session is not None:
            life = lives.setdefault(step.session, SessionSpan(None, client))
            if life.client == client or life.client is None or client is None:
                life.take(step)
    for life in lives.values():
        life.show(evidence, recording.slack)
    return evidence


def _when(step: RecordedStep | WorldStep) -> tuple[int, int, int]:
    at = step.at if isinstance(step, WorldStep) else step.earliest
    return step.epoch, at, step.order


def _end(step: WorldStep, lives: dict[str, SessionSpan]) -> None:
    if step.what in {"end_sessions", "reset"}:
        for life in lives.values():
            life.ended = True
    elif step.what in ENDINGS and step.detail.get("session") in lives:
        lives[step.detail["session"]].ended = True
