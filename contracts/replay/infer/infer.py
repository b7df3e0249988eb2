"""Infers findings from evidence: each policy value's span, the values that would explain the differences, and a policy that
fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from contracts.replay.infer.choose import Range, alone, together
from contracts.replay.infer.evidence import SHORTEST, Alternative, sessions
from contracts.replay.infer.limits import max_body, max_text, token_ttl
from contracts.replay.infer.solve import Solution, Span, solve
from contracts.replay.recording import Recording
from contracts.replay.results import Bound, Finding, Inference, PolicyExplanation, differing
from contracts.replay.run import replay
from mockserver.engine.model import Policy
from mockserver.explain.words import plural, span
from mockserver.settings import DURATIONS, policy_to

Spans = dict[str, Span]

UNITS = {"handshakes": "messages", "max_text": "characters", "max_body": "bytes"}

OTHERS = ("token_ttl", "max_text", "max_body")
"""The values that are not about sessions."""

MOST_NOTES = 5

SEVERAL = {"entry": "entries", "line": "lines"}

OTHER_CAUSES = "the session may have been ended from outside, or be another client's, or the client may have lost a permission"


def infer(recording: Recording, policy: Policy, *, differs: bool) -> Inference:
    """Return what the recording shows of its policy. `differs`: under `policy` the mock answers differently."""
    evidence = sessions(recording)
    solution = solve(evidence)
    spans = spans_of(recording, solution)
    if recording.changes:
        return _changed(policy)
    ways = list(alone(solution, evidence, policy))
    fitting = _fitting(spans, solution, ways, policy)
    explains_all = not differs or (fitting != policy and not differing(replay(recording, fitting)[0]))
    return Inference(
        findings=[_finding(name, span, fitting) for name, span in (spans | {"idle_timeout": solution.idle_alone}).items()],
        explanations=list(_explanations(spans, ways, policy)) if differs and explains_all else [],
        notes=[*_unexplained(solution, recording), *_choices(solution, recording)],
        undecided={choice.number: _either(ways.values()) for choice, ways in _undecided(solution)},
        policy=policy_to(fitting),
        explains_all=explains_all,
    )


def spans_of(recording: Recording, solution: Solution) -> Spans:
    """Return the span of each policy value; durations are in milliseconds."""
    return {
        "ttl": solution.ttl,
        "idle_timeout": solution.idle,
        "handshakes": solution.handshakes,
        "token_ttl": token_ttl(recording),
        "max_text": max_text(recording.steps),
        "max_body": max_body(recording.steps),
    }


def _changed(policy: Policy) -> Inference:
    findings = [_finding(name, Span(None, None), policy) for name in ("ttl", "idle_timeout", "handshakes", "token_ttl")]
    notes = ["the policy was changed during the recording, so no policy can be inferred"]
    return Inference(findings=findings, explanations=[], notes=notes, policy=policy_to(policy), explains_all=False)


def _fitting(spans: Spans, solution: Solution, ways: list[Range], policy: Policy) -> Policy:
    """Return the policy, with other values for those that do not fit."""
    if ways:
        changes: dict[str, Any] = {} if ways[0].holds(policy) else {ways[0].name: ways[0].value}
    else:
        idle, ttl, handshakes = together(solution, policy)
        changes = {"idle_timeout": idle, "ttl": ttl, "handshakes": handshakes}
    others = [Range(name, spans[name].least, spans[name].most) for name in OTHERS if not spans[name].is_empty]
    return replace(policy, **changes, **{one.name: one.value for one in others if not one.holds(policy)})


def _explanations(spans: Spans, ways: list[Range], policy: Policy) -> Iterator[PolicyExplanation]:
    """Yield values that explain the differences on their own, if those are all about the same thing."""
    others = [Range(name, spans[name].least, spans[name].most) for name in OTHERS]
    others = [one for one in others if not one.holds(policy)]
    sessions_fit = any(one.holds(policy) for one in ways)
    if not sessions_fit and not others:
        yield from map(_explanation, ways)
    elif sessions_fit and len(others) == 1 and not spans[others[0].name].is_empty:
        yield _explanation(others[0])


def _explanation(one: Range) -> PolicyExplanation:
    return PolicyExplanation(
        name=one.name,
        unit=_unit(one.name),
        above=_shown(one.name, one.least - 1),
        at_most=None if one.most is None else _shown(one.name, one.most),
        value=_shown(one.name, one.value),
    )


def _finding(name: str, span: Span, fitting: Policy) -> Finding:
    above = span.above if span.above is not None and span.above.value > 0 else None
    at_most = span.at_most
    return Finding(
        name=name,
        unit=_unit(name),
        above=None if above is None else Bound(_shown(name, above.value), above.number),
        at_most=None if at_most is None else Bound(_shown(name, at_most.value), at_most.number),
        value=_shown(name, getattr(fitting, name)) if span.above is not None and at_most is not None else None,
    )


def _unit(name: str) -> str:
    return UNITS.get(name, "s")


def _shown(name: str, value: int) -> float:
    return value / 1000 if name in DURATIONS else value


def _unexplained(solution: Solution, recording: Recording) -> Iterator[str]:
    numbers = [choice.number for choice in solution.unexplained]
    if numbers:
        listed = ", ".join(map(str, numbers[:MOST_NOTES])) + (" …" if len(numbers) > MOST_NOTES else "")
        what = f"the refusal in {recording.unit} {listed} fits"
        if len(numbers) > 1:
            what = f"the refusals in {SEVERAL[recording.unit]} {listed} fit"
        yield f"{what} no policy whose limits are {SHORTEST // 1000} s or more: {OTHER_CAUSES}"


def _choices(solution: Solution, recording: Recording) -> Iterator[str]:
    """Yield notes on refusals that fit several values; of equal ones, only the one with the tightest bound."""
    told: set[tuple[str, ...]] = set()
    for choice, ways in _undecided(solution):
        if tuple(ways) not in told and len(told) < MOST_NOTES:
            told.add(tuple(ways))
            yield f"{recording.unit} {choice.number} may have been refused {_either(ways.values())}: it is unknown which"


def _either(ways: Iterable[str]) -> str:
    return ", or ".join(f"because {way}" for way in ways)


def _undecided(solution: Solution) -> Iterator[tuple[Alternative, dict[str, str]]]:
    """Yield the refusals with several possible reasons, those with the tightest bounds first, and these reasons."""
    for choice in sorted(solution.choices, key=lambda choice: (choice.idle or 0, choice.number)):
        ways = dict(_ways(choice, solution))
        if len(ways) > 1:
            yield choice, ways


def _ways(choice: Alternative, solution: Solution) -> Iterator[tuple[str, str]]:
    """Yield the possible reasons of a refusal, by name and in words."""
    if choice.handshakes is not None and choice.handshakes >= solution.handshakes.least:
        yield "handshakes", f"{plural(choice.handshakes, 'message')} had been accepted"
    if choice.idle is not None and choice.idle >= solution.idle.least:
        yield "idle", f"its session had been idle for {span(choice.idle)}"
    if choice.ttl is not None and choice.ttl >= solution.ttl.least:
        yield "ttl", f"its session was {span(choice.ttl)} old"
