"""What came of a replay, as values. Times are milliseconds since the epoch."""

from __future__ import annotations

from msgspec import Struct

from contracts.reproduce.steps import Problem


class Reply(Struct, frozen=True, kw_only=True):
    """An answer: `status` is None where none came, `reason` the mock's own word where it is known."""

    status: int | None
    code: str | None = None
    reason: str | None = None


class Result(Struct, frozen=True, kw_only=True):
    """A request, `recorded` against `reproduced`. `session` is what the report calls it, `taken` what had to be taken for given
    so that it could be made."""

    number: int
    at: int
    request: str
    session: str | None
    recorded: Reply
    reproduced: Reply
    agrees: bool
    taken: str | None = None


class Refusal(Struct, frozen=True, kw_only=True):
    """A kind of 403 that the replay met: the first of them in entry `number`, explained, and how many there are."""

    number: int
    reason: str
    session: str | None
    guard: str
    cause: str
    missed: str | None
    advice: tuple[str, ...]
    count: int = 1


class Replayed(Struct, frozen=True, kw_only=True):
    """All requests of a recording, replayed."""

    results: list[Result]
    refusals: list[Refusal]

    @property
    def differing(self) -> list[Result]:
        """Those that the mock answers otherwise."""
        return [result for result in self.results if not result.agrees]


class Bound(Struct, frozen=True, kw_only=True):
    """One end of what a value may be, in the policy file's unit, and the entry that shows it."""

    value: float
    number: int


class Finding(Struct, frozen=True, kw_only=True):
    """What the recording tells of a policy value: more than `above` (None: nothing below is known) and at most `at_most`.

    `value` is the one to put into a policy; None where the recording does not determine any. `unit` is `s`, or what is counted.
    """

    name: str
    unit: str
    above: Bound | None
    at_most: Bound | None
    value: float | None

    @property
    def determined(self) -> bool:
        """Whether it is bounded on both sides."""
        return self.value is not None


class Explanation(Struct, frozen=True, kw_only=True):
    """A policy value that alone would explain all that differs: more than `above`, at most `at_most`."""

    name: str
    unit: str
    above: float
    at_most: float | None
    value: float


class Inference(Struct, frozen=True, kw_only=True):
    """What the recording tells of the policy it was made under. `notes` are what it leaves open, and what fits no policy."""

    findings: list[Finding]
    explanations: list[Explanation]
    notes: list[str]
    policy: dict[str, object]
    explains_all: bool


class Report(Struct, frozen=True, kw_only=True):
    """A recording reproduced: `policy` is what the mock enforced, `policy_from` where that came from.

    `unit` is what the numbers count, `resolution` to how many milliseconds the recording tells time.
    """

    source: str
    kind: str
    unit: str
    resolution: int
    policy: dict[str, object]
    policy_from: str
    results: list[Result]
    refusals: list[Refusal]
    problems: list[Problem]
    inference: Inference

    @property
    def differing(self) -> list[Result]:
        """The requests that the mock answers otherwise."""
        return [result for result in self.results if not result.agrees]

    @property
    def exit_status(self) -> int:
        """0 where the mock answers as recorded, else 1."""
        return 1 if self.differing else 0
