"""Runs a story in a place, and compares each answer with the expected one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, to_builtins

from contracts.errors import ProbeError
from contracts.platform_requests import ClientCredentials, PlatformReply
from contracts.scenario import Advance
from contracts.stories.model import AnyStory, Asking, Expected
from contracts.stories.plan import BasicAuth, Change, Coded, Gap, Planned, PlannedExchange, Text, planned
from contracts.stories.stage import StoryPlace, StoryStage
from contracts.stories.words import Got, told_as
from mockserver.platform.message import HttpMessage, dig
from mockserver.platform.places import reader
from mockserver.wire.table import TOLD_AS

Outcome = Literal["as expected", "different", "skipped"]


class StepResult(Struct, frozen=True):
    """A step and its result. `got` is None unless it was a request and was reached. `asked` counts its requests."""

    step: Any
    got: Got | None = None
    as_expected: bool = True
    asked: int = 0


class StoryResult(Struct, frozen=True):
    """A story that was run, up to the first unexpected answer. `why` says why it was skipped."""

    outcome: Outcome
    steps: tuple[StepResult, ...] = ()
    why: str = ""

    @property
    def requests(self) -> int:
        """The number of requests that were made."""
        return sum(result.asked for result in self.steps)


def run(story: AnyStory, place: StoryPlace, max_wait: float = 0) -> StoryResult:
    """Run the story. Without a control API, a story that needs one is skipped, and so is one that waits over `max_wait`
    seconds.

    Raises ProbeError if the story cannot be run there at all.
    """
    why = None if place.has_control else needs(story, max_wait)
    if why is not None:
        return StoryResult("skipped", why=why)
    with place.stage(story) as stage:
        return tell(story, stage)


def needs(story: AnyStory, max_wait: float) -> str | None:
    """Return why a story cannot be run without a control API; None if it can."""
    if story.policy:
        return f"it sets the policy ({', '.join(story.policy)}), which needs a control API"
    for step in story.steps:
        if not isinstance(step, Asking | Advance):
            return f"{step.__struct_config__.tag} needs a control API"
    waits = sum(step.seconds for step in story.steps if isinstance(step, Advance))
    return f"it waits for {waits:g} s; --wait {waits:g} allows that" if waits > max_wait else None


def tell(story: AnyStory, stage: StoryStage) -> StoryResult:
    """Run the steps in order, up to the first unexpected answer."""
    telling, results = _Telling(stage), []
    for plan in planned(story):
        results.append(telling.take(plan))
        if not results[-1].as_expected:
            return StoryResult("different", tuple(results))
    return StoryResult("as expected", tuple(results))


class _Telling:
    """Runs steps, and keeps the values that answers have saved."""

    def __init__(self, stage: StoryStage) -> None:
        self._stage = stage
        self._saved: dict[Gap, str] = dict(stage.given)

    def take(self, plan: Planned) -> StepResult:
        """Run one step."""
        step, sent = plan
        if isinstance(sent, PlannedExchange):
            return self._ask(step, sent)
        if isinstance(step, Advance) and self._stage.control is None:
            self._stage.wait(step.seconds)
        else:
            self._change(sent)
        return StepResult(step)

    def _change(self, asked: Change) -> None:
        assert self._stage.control is not None  # `needs` has checked
        if asked.saves and asked.saves.keys() <= self._saved.keys():
            return  # it was given
        body = {name: self._value(one) if isinstance(one, Gap) else one for name, one in asked.body.items()}
        told = self._stage.control.call(asked.method, self._filled(asked.path), body)
        self._saved |= {gap: str(dig(told, way)) for gap, way in asked.saves.items()}

    def _ask(self, step: Any, asked: PlannedExchange) -> StepResult:
        headers, body = self._headers(asked), self._filled(asked.body).encode("utf-8").ljust(asked.fill)
        got: Got | None = None
        as_expected, times = True, 0
        while as_expected and times < asked.times:
            reply = self._stage.ask(asked.method, self._filled(asked.address), headers, body)
            got, times = self._got(reply), times + 1
            as_expected = fits(asked.expected, got)
            self._save(asked, reply)
        return StepResult(step, got, as_expected, times)

    def _save(self, asked: PlannedExchange, reply: PlatformReply | str) -> None:
        if not isinstance(reply, PlatformReply) or reply.status != asked.expected.status:
            return
        answer = HttpMessage(headers=list(reply.fields), body=reply.body)
        for gap, place in asked.saves.items():
            value = reader(place)(answer)
            self._saved[gap] = value if isinstance(value, str) else ""

    def _headers(self, asked: PlannedExchange) -> dict[str, str]:
        headers = {name: self._filled(value) for name, value in asked.headers.items()}
        headers |= {} if asked.content_type is None else {"Content-Type": asked.content_type.strip(" ")}
        shown = asked.authorization
        if isinstance(shown, BasicAuth):
            headers["Authorization"] = ClientCredentials(self._filled(shown.id), self._filled(shown.secret)).basic
        elif shown is not None:
            headers["Authorization"] = self._filled(shown).strip(" ")
        return headers

    def _filled(self, text: Text) -> str:
        return "".join(map(self._piece, text))

    def _piece(self, piece: str | Gap | Coded) -> str:
        if isinstance(piece, Coded):
            return urlsafe_b64encode(self._filled(piece.text).encode()).decode().rstrip("=")
        return piece if isinstance(piece, str) else self._value(piece)

    def _value(self, gap: Gap) -> str:
        if not self._saved.get(gap):
            raise ProbeError(f"${gap.name}", "was not saved, because the answer did not contain it")
        return self._saved[gap]

    def _got(self, reply: PlatformReply | str) -> Got:
        if isinstance(reply, str):
            return Got(reply, reason=self._stage.journalled(""))
        told = reply.headers.get("dayfly-reason")
        if told in TOLD_AS.values():  # only the journal knows more
            told = self._stage.journalled(reply.headers.get("inin-correlation-id", "")) or told
        code = reply.code if reply.status != 200 else None
        return Got(reply.status, code, told, reply.retry_after)


def fits(expected: Expected, got: Got) -> bool:
    """Return whether an answer is as expected. A provider that gives no reasons is not checked for them."""
    return (
        got.status == expected.status
        and (expected.code is None or got.code == expected.code)
        and (expected.reason is None or got.reason is None or got.reason in {expected.reason, told_as(expected.reason)})
        and (expected.retry_after is None or got.retry_after == expected.retry_after)
    )


def as_json(name: str, story: AnyStory, told: StoryResult) -> Mapping[str, Any]:
    """Return the result as plain values."""
    steps = [
        {
            "number": number,
            "step": to_builtins(result.step),
            "got": None if result.got is None else result.got._asdict(),
            "as_expected": result.as_expected,
        }
        for number, result in enumerate(told.steps, start=1)
    ]
    return {"name": name, "title": story.title, "outcome": told.outcome, "why": told.why, "steps": steps}
