"""Changes of the policy on the way: an organisation's own trace names the policy at its end, which was another before."""

from __future__ import annotations

from typing import Any

from contracts.reproduce.steps import Problem, Recording, WorldStep
from mockserver.engine.model import Policy
from mockserver.settings import policy_to

_USUAL = policy_to(Policy())


def changes(recording: Recording) -> list[WorldStep]:
    """The changes of the policy, in order."""
    return [step for step in recording.world if step.what == "set_policy"]


def at_first(recording: Recording, problems: list[Problem]) -> dict[str, Any]:
    """The policy that the recording begins under: what a change has hidden is dayfly's own, and said where that matters."""
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
    return f"the policy before this change is not in the trace; it is taken for dayfly's own ({was}), --policy names another"
