"""Infers findings from evidence: each policy value's span, the values that would explain the differences, and a policy that
fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from contracts.replay.infer.choose import Alone, alone, round_in, together
from contracts.replay.infer.evidence import Choice, SessionEvidence, sessions
from contracts.replay.infer.limits import max_body, max_text, token_ttl
from contracts.replay.infer.solve import Solution, Span, solve
from contracts.replay.recording import Recording
from contracts.replay.results import Bound, Explanation, Finding, Inference, Replayed
from contracts.replay.run import replay
from mockserver.engine.model import Policy
from mockserver.explain.words import plural, span
from mockserver.settings import DURATIONS, policy_to

Spans = dict[str, Span]

UNITS = {"handshakes": "messages", "max_text": "characters", "max_body": "bytes"}

MOST_NOTES = 5


def infer(recording: Recording, policy: Policy, replayed: Replayed) -> Inference:
    """Return what the recording shows of its policy. `replayed` is the result of replaying it under `policy`."""
    evidence = sessions(recording)
    solution = solve(evidence)
    spans = _spans(recording, solution)
    if recording.changes:
        return _changed(policy)
    fitting = _fitting(spans, solution, evidence, policy)
    differs = bool(replayed.differing)
    explanations = list(_explanations(spans, solution, evidence, policy)) if differs else []
    explains_all = not differs or (fitting != policy and not replay(recording, fitting).differing)
    return Inference(
        findings=[_finding(name, span, fitting) for name, span in spans.items()],
        explanations=explanations if explains_all else [],
        notes=[*_unexplained(solution, recording), *_choices(solution, recording)],
        policy=policy_to(fitting),
        explains_all=explains_all,
    )


def spans_of(recording: Recording) -> Spans:
    """Return the span of each policy value; durations are in milliseconds."""
    return _spans(recording, solve(sessions(recording)))


def _spans(recording: Recording, solution: Solution) -> Spans:
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


def _fitting(spans: Spans, solution: Solution, evidence: SessionEvidence, policy: Policy) -> Policy:
    """Return the policy, with other values for those that do not fit."""
    one = _one(solution, evidence, policy)
    if one is not None:
        changes: dict[str, Any] = {} if _holds(one, policy) else {one.name: _value(one)}
    else:
        idle, ttl, handshakes = together(solution, evidence, policy)
        changes = {"idle_timeout": idle, "ttl": ttl, "handshakes": handshakes}
    for name in ("token_ttl", "max_text", "max_body"):
        span = spans[name]
        if not span.is_empty and not span.holds(getattr(policy, name)):
            changes[name] = _round(name, span.least, span.at_most.value if span.at_most is not None else None)
    return replace(policy, **changes)


def _one(solution: Solution, evidence: SessionEvidence, policy: Policy) -> Alone | None:
    return next(alone(evidence, solution.choices, policy), None)


def _holds(one: Alone, policy: Policy) -> bool:
    value = getattr(policy, one.name)
    return bool(value >= one.least and (one.most is None or value <= one.most))


def _value(one: Alone) -> int:
    return _round(one.name, one.least, one.most)


def _round(name: str, least: int, most: int | None) -> int:
    if name in DURATIONS:
        return round_in(least, most)
    return least if most is None else most


def _explanations(spans: Spans, solution: Solution, evidence: SessionEvidence, policy: Policy) -> Iterator[Explanation]:
    """Yield values that explain the differences on their own, if those are all about the same thing."""
    others = [name for name in ("token_ttl", "max_text", "max_body") if not spans[name].holds(getattr(policy, name))]
    found = [one for one in alone(evidence, solution.choices, policy) if not _holds(one, policy)]
    sessions_fit = any(_holds(one, policy) for one in alone(evidence, solution.choices, policy))
    if not sessions_fit and not others:
        yield from (_explanation(one) for one in found)
    elif sessions_fit and len(others) == 1 and not spans[others[0]].is_empty:
        span = spans[others[0]]
        yield _explanation(Alone(others[0], span.least, span.at_most.value if span.at_most is not None else None))


def _explanation(one: Alone) -> Explanation:
    return Explanation(
        name=one.name,
        unit=_unit(one.name),
        above=_shown(one.name, one.least - 1),
        at_most=None if one.most is None else _shown(one.name, one.most),
        value=_shown(one.name, _value(one)),
    )


def _finding(name: str, span: Span, fitting: Policy) -> Finding:
    above = span.above if span.above is not None and span.above.value > 0 else None
    at_most = span.at_most
    return Finding(
        name=name,
        unit=_unit(name),
        above=None if above is None else Bound(value=_shown(name, above.value), number=above.number),
        at_most=None if at_most is None else Bound(value=_shown(name, at_most.value), number=at_most.number),
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
        what = f"{recording.unit} {listed}" if len(numbers) == 1 else f"{recording.unit}s {listed}"
        yield f"the refusal in {what} fits no policy: the session was ended from outside, or is another client's"


def _choices(solution: Solution, recording: Recording) -> Iterator[str]:
    """Yield notes on refusals that fit several values; of equal ones, only the one with the tightest bound."""
    told: set[tuple[str, ...]] = set()
    for choice in sorted(solution.choices, key=lambda choice: (choice.idle or 0, choice.number)):
        ways = dict(_ways(choice, solution))
        if len(ways) > 1 and tuple(ways) not in told and len(told) < MOST_NOTES:
            told.add(tuple(ways))
            yield f"{recording.unit} {choice.number} was refused because {' or '.join(ways.values())}: it is unknown which"


def _ways(choice: Choice, solution: Solution) -> Iterator[tuple[str, str]]:
    """Yield the possible reasons of a refusal, by name and in words."""
    if choice.handshakes is not None and choice.handshakes >= solution.handshakes.least:
        yield "handshakes", f"{plural(choice.handshakes, 'message')} had been accepted"
    if choice.idle is not None and choice.idle >= solution.idle.least:
        yield "idle", f"its session had been idle for {span(choice.idle)}"
    if choice.ttl is not None and choice.ttl >= solution.ttl.least and choice.ttl != choice.idle:
        yield "ttl", f"its session was {span(choice.ttl)} old"
