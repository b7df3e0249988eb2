"""Reproduces a recording, and makes the report."""

from __future__ import annotations

from collections.abc import Callable

from contracts.reproduce.changes import at_first, changes
from contracts.reproduce.infer import infer
from contracts.reproduce.replay import replay
from contracts.reproduce.results import Report
from contracts.reproduce.steps import Problem, Recording
from mockserver.engine.model import Policy
from mockserver.errors import SettingsError
from mockserver.settings import policy_from, policy_to


def reproduce(recording: Recording, policy: Policy | None = None, progress: Callable[[int], object] = lambda _: None) -> Report:
    """Replay the recording under `policy` (None: the recording's, else the mock's own) and report what that shows."""
    problems = list(recording.problems)
    enforced, origin = _policy(recording, policy, problems)
    replayed = replay(recording, enforced, progress)
    return Report(
        source=recording.source,
        kind=recording.kind,
        unit=recording.unit,
        resolution=max(1, recording.slack),
        policy=policy_to(enforced),
        policy_from=origin,
        results=replayed.results,
        refusals=replayed.refusals,
        problems=problems,
        inference=infer(recording, enforced, replayed),
    )


def _policy(recording: Recording, policy: Policy | None, problems: list[Problem]) -> tuple[Policy, str]:
    if policy is not None:
        return policy, "as asked"
    if not recording.policy:
        return _as_issued(recording)
    try:
        origin = "as recorded, until it is changed" if changes(recording) else "as recorded"
        return policy_from(at_first(recording, problems)), origin
    except SettingsError as error:
        problems.append(Problem(None, f"the policy in it is not valid: {error}"))
        return Policy(), "dayfly's own"


def _as_issued(recording: Recording) -> tuple[Policy, str]:
    """Return the mock's own policy, with the lifetime of tokens that their issuer says, if it does."""
    told = {step.expires_in for step in recording.steps if step.expires_in is not None}
    if len(told) != 1:
        return Policy(), "dayfly's own"
    return policy_from({"token_ttl": max(1, told.pop())}), "dayfly's own, but for token_ttl"
