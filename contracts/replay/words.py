"""Words for findings, answers and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.replay.results import Finding, PolicyExplanation, ReplayedAnswer, ReplayedRequest, ReproductionReport
from contracts.report.facts import counted

NAMES = {
    "idle_timeout": "an idle timeout",
    "ttl": "a ttl",
    "handshakes": "a number of handshakes",
    "token_ttl": "a token_ttl",
    "max_text": "a max_text",
    "max_body": "a max_body",
}

UNDETERMINED = "not determined by this recording"


def reply_words(reply: ReplayedAnswer, *, code: bool) -> str:
    """Return an answer in a few words: with its code, or with its reason."""
    if reply.status is None:
        return "none"
    said = reply.code if code else reply.reason
    return f"{reply.status} {said}" if said else str(reply.status)


def no_story(result: ReplayedRequest, unit: str) -> str:
    """Say why there is no story of a request that the mock answers differently than recorded, and what to do."""
    was, now = reply_words(result.recorded, code=True), reply_words(result.reproduced, code=False)
    return (
        f"{unit} {result.number} was answered {was}, and the mock answers {now}, so there is no story of it; "
        "enforce the platform's policy with --policy, or name another one with --entry"
    )


def verdict(report: ReproductionReport) -> str:
    """Say whether the mock answers as recorded."""
    differing, of = len(report.differing), len(report.results)
    if differing:
        return f"The mock answers {differing} of {counted(of, 'request')} differently than recorded."
    return f"The mock answers {f'all {of} requests' if of > 1 else 'the request'} as recorded."


def explained(report: ReproductionReport) -> Iterator[str]:
    """Yield sentences on what would explain all differences."""
    for nth, explanation in enumerate(report.inference.explanations):
        yield f"{'Or else every' if nth else 'Every'} answer fits {_range(explanation)}."
    if report.differing and report.policy and not report.inference.explanations:
        yield _otherwise(report)


def _otherwise(report: ReproductionReport) -> str:
    if not report.inference.explains_all:
        return "No policy explains all of it."
    changes = [f"{name} {value}" for name, value in report.inference.policy.items() if value != report.policy[name]]
    return f"Every answer fits a policy that differs in more than one value, as {', '.join(changes)}."


def _range(explanation: PolicyExplanation) -> str:
    name, unit = NAMES[explanation.name], explanation.unit
    if explanation.at_most is None:
        return f"{name} of more than {_amount(explanation.above, unit)}"
    if unit != "s" and explanation.above + 1 == explanation.at_most:
        return f"{name} of {_number(explanation.at_most)}"
    return f"{name} between {_amount(explanation.above, unit)} and {_amount(explanation.at_most, unit)}"


def span_words(finding: Finding, unit: str) -> str:
    """Return the span of a value in words, with the entries that show it."""
    above, at_most = finding.above, finding.at_most
    if finding.value is not None and at_most is not None and _is_exact(finding):
        return f"{_amount(finding.value, finding.unit)} ({unit} {at_most.number})"
    parts = []
    if above is not None:
        parts.append(f"more than {_amount(above.value, finding.unit)} ({unit} {above.number})")
    if at_most is not None:
        parts.append(f"at most {_amount(at_most.value, finding.unit)} ({unit} {at_most.number})")
    told = ", ".join(parts)
    if finding.determined:
        return told
    return f"{told}; {UNDETERMINED}" if told else UNDETERMINED


def _is_exact(finding: Finding) -> bool:
    """Return whether there is only one value, or the issuer named it."""
    above, at_most = finding.above, finding.at_most
    if at_most is None:
        return False
    if finding.unit == "s":
        return above is not None and above.number == at_most.number
    return (above.value if above is not None else 0) + 1 == at_most.value


def _amount(value: float, unit: str) -> str:
    """Return a number with its unit, which is a plural or the `s` of seconds."""
    return f"{_number(value)} {unit.removesuffix('s') if value == 1 and unit != 's' else unit}"


def _number(value: float) -> str:
    """Format a number to a thousandth, without an exponent."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
