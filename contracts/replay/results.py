"""The results of a replay, as values. Times are in milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from msgspec import Struct

from contracts.replay.recording import RecordingProblem
from mockserver.explain import Explanation


class ReplayedAnswer(Struct, frozen=True, kw_only=True):
    """An answer. `status` is None if none came, `reason` the mock's own, if it is known."""

    status: int | None
    code: str | None = None
    reason: str | None = None


class ReplayedRequest(Struct, frozen=True, kw_only=True):
    """A request, `recorded` and `reproduced`. `session` is its name in the report, `taken` the assumptions that were needed."""

    number: int
    at: int
    request: str
    session: str | None
    recorded: ReplayedAnswer
    reproduced: ReplayedAnswer
    agrees: bool
    taken: str | None = None


class RefusalGroup(Struct, frozen=True, kw_only=True):
    """A kind of refusal in the replay: the first one, in entry `number`, with its explanation; and their count.

    `accepted_if` says what would have been accepted, `missed` how close it came.
    """

    number: int
    reason: str
    session: str | None
    guard: str
    cause: str
    missed: str | None
    accepted_if: str | None
    advice: tuple[str, ...]
    count: int = 1
    status: int = 403

    @classmethod
    def first(cls, result: ReplayedRequest, told: Explanation, shown: Callable[[str], str], before: str | None) -> Self:
        """Return that of an explained request. `shown` words it for the recording.

        `before` is the cause in place of the explained one, if the recording does not show it.
        """
        return cls(
            number=result.number,
            reason=result.reproduced.reason or "",
            session=result.session,
            guard=next((guard.name for guard in told.guards if guard.verdict == "refused"), ""),
            cause=shown(told.summary) if before is None else before,
            missed=told.missed if before is None else None,
            accepted_if=None if told.accepted_if is None else shown(told.accepted_if),
            advice=told.advice,
            status=result.reproduced.status or 0,
        )


def differing(results: list[ReplayedRequest]) -> list[ReplayedRequest]:
    """Return the requests that the mock answers differently."""
    return [result for result in results if not result.agrees]


class Bound(Struct, frozen=True):
    """One bound of a value, in the policy file's unit, and the entry that shows it."""

    value: float
    number: int


class Finding(Struct, frozen=True, kw_only=True):
    """The evidence for a policy value: it is more than `above` (None: no lower bound is known) and at most `at_most`.

    `value` is the one to put into a policy; None if the recording does not determine one. `unit` is `s`, or what is counted.
    """

    name: str
    unit: str
    above: Bound | None
    at_most: Bound | None
    value: float | None

    @property
    def determined(self) -> bool:
        """Return whether it is bounded on both sides."""
        return self.value is not None


class PolicyExplanation(Struct, frozen=True, kw_only=True):
    """A policy value that explains all differences on its own: more than `above`, at most `at_most`."""

    name: str
    unit: str
    above: float
    at_most: float | None
    value: float


class Inference(Struct, frozen=True, kw_only=True):
    """The inferred policy of a recording. `notes` are open questions, and answers that fit no policy.

    `undecided` are the refusals that have several possible reasons, by number, with these in words.
    """

    findings: list[Finding]
    explanations: list[PolicyExplanation]
    notes: list[str]
    policy: dict[str, object]
    explains_all: bool
    undecided: dict[int, str] = {}


class ReproductionReport(Struct, frozen=True, kw_only=True):
    """A reproduced recording. `policy` is what the mock enforced, `policy_from` its origin.

    `unit` is what the numbers count, `resolution` that of the recording's time stamps in milliseconds.
    """

    source: str
    kind: str
    unit: str
    resolution: int
    policy: dict[str, object]
    policy_from: str
    results: list[ReplayedRequest]
    refusals: list[RefusalGroup]
    problems: list[RecordingProblem]
    inference: Inference

    @property
    def differing(self) -> list[ReplayedRequest]:
        """The requests that the mock answers differently."""
        return differing(self.results)

    @property
    def exit_status(self) -> int:
        """0 if the mock answers as recorded, else 1."""
        return 1 if self.differing else 0
