"""Changes of the policy during a recording. An organisation's own trace names the policy at its end, not at its beginning."""

from __future__ import annotations

from typing import Any

from contracts.reproduce.steps import Problem, Recording, WorldStep
from mockserver.engine.model import Policy
from mockserver.settings import policy_to

_USUAL = policy_to(Policy())


def changes(recording: Recording) -> list[WorldStep]:
    """Return the changes of the policy, in order."""
    return [step for step in recording.world if step.what == "set_policy"]


def at_first(recording: Recording, problems: list[Problem]) -> dict[str, Any]:
    """Return the policy at the beginning of the recording. A value that a change has replaced is assumed to be dayfly's
    default.

    If a request came before that change, the assumption is added to `problems`.
    """
    if not recording.policy_at_end:
        return recording.policy
    hidden: dict[str, WorldStep] = {}
    for step in changes(recording):
        hidden = {name: step for name in step.detail if name in _USUAL} | hidden
    late = {name: step for name, step in hidden.items() if step.order > recording.steps[0].order}
    if late:
        problems.append(Problem(min(step.number for step in late.values()), _taken(late)))
    return recording.policy | {name: _USUAL[name] for name in hidden}


def _taken(late: dict[str, WorldStep]) -> str:
    was = ", ".join(f"{name} {_USUAL[name]}".removesuffix(".0") for name in late)
    return f"the trace does not have the policy before this change; dayfly's default is assumed ({was}), --policy sets another"
