"""Reproduces a recording under the policy that was in force, and makes the report."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from contracts.replay.infer import infer
from contracts.replay.recording import USUAL, Recording, RecordingError, RecordingProblem
from contracts.replay.results import RefusalGroup, ReproductionReport, differing
from contracts.replay.run import replay, story_of
from contracts.replay.words import no_story
from contracts.stories.model import Story
from mockserver.engine.model import Policy
from mockserver.errors import SettingsError
from mockserver.explain.words import lower_first
from mockserver.settings import policy_from, policy_to


def reproduce(
    recording: Recording, policy: Policy | None = None, progress: Callable[[int], object] = lambda _: None
) -> ReproductionReport:
    """Replay the recording under `policy` (None: the recording's, else the mock's own) and report what that shows."""
    problems = list(recording.problems)
    enforced, origin = _policy(recording, policy, problems)
    results, refusals = replay(recording, enforced, progress)
    inference = infer(recording, enforced, differs=bool(differing(results)))
    undecided = {} if policy is not None or recording.policy else inference.undecided
    return ReproductionReport(
        source=recording.source,
        kind=recording.kind,
        unit=recording.unit,
        resolution=max(1, recording.slack),
        policy=policy_to(enforced),
        policy_from=origin,
        results=results,
        refusals=[_as_assumed(refusal, undecided.get(refusal.number)) for refusal in refusals],
        problems=problems,
        inference=inference,
    )


def _as_assumed(refusal: RefusalGroup, ways: str | None) -> RefusalGroup:
    """Return the refusal with its possible reasons `ways` before the one that dayfly's own policy leads to."""
    if ways is None:
        return refusal
    shown = f"It may have been refused {ways}; the recording does not show which."
    return replace(refusal, cause=f"{shown} By dayfly's own policy, which is assumed, {lower_first(refusal.cause)}")


def smallest(recording: Recording, report: ReproductionReport, number: int | None = None) -> Story:
    """Return the smallest story that is refused as entry `number` is (None: the first one refused), under a policy that fits.

    Raises RecordingError if nothing was refused, if the mock answers otherwise, or if no story is refused so.
    """
    if number is None:
        number = next((one.number for one in report.results if (one.recorded.status or 0) >= 400), None)
        if number is None:
            raise RecordingError(report.source, "nothing in it was refused, so there is no story to write")
    inferred = report.differing and report.inference.explains_all
    differing = () if inferred else report.differing
    for result in differing:
        if result.number == number:
            raise RecordingError(report.source, no_story(result, report.unit))
    return story_of(recording, policy_from(report.inference.policy if inferred else report.policy), number)


def _policy(recording: Recording, asked: Policy | None, problems: list[RecordingProblem]) -> tuple[Policy, str]:
    """Return the policy to enforce, and its origin in words: `asked` (None: the recording's, else the mock's own)."""
    if asked is not None:
        return asked, "as asked"
    if not recording.policy:
        return _as_issued(recording)
    try:
        origin = "as recorded, until it is changed" if recording.changes else "as recorded"
        policy = policy_from(recording.first_policy)
        _tell_assumed(recording, problems)
        return policy, origin
    except SettingsError as error:
        problems.append(RecordingProblem(None, f"the policy in it is not valid: {error}"))
        return Policy(), "dayfly's own"


def _as_issued(recording: Recording) -> tuple[Policy, str]:
    """Return the mock's own policy, with the lifetime of tokens that their issuer says, if it does."""
    told = {step.expires_in for step in recording.steps if step.expires_in is not None}
    if len(told) != 1:
        return Policy(), "dayfly's own"
    return policy_from({"token_ttl": max(1, told.pop())}), "dayfly's own, but for token_ttl"


def _tell_assumed(recording: Recording, problems: list[RecordingProblem]) -> None:
    """Add a problem if a request came before a change of the policy, and so under values that are assumed."""
    hidden = {name: step for name, step in recording.replacing.items() if name not in step.former}
    late = {name: step for name, step in hidden.items() if step.order > recording.steps[0].order}
    if late:
        was = ", ".join(f"{name} {USUAL[name]}".removesuffix(".0") for name in late)
        told = (
            f"the trace does not have the policy before this change; dayfly's default is assumed ({was}), --policy sets another"
        )
        problems.append(RecordingProblem(min(step.number for step in late.values()), told))
