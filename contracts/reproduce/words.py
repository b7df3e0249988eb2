"""How findings and answers are worded."""

from __future__ import annotations

from contracts.reproduce.results import Finding, Reply

NAMES = {"idle_timeout": "an idle timeout", "ttl": "a ttl", "handshakes": "a number of handshakes", "token_ttl": "a token_ttl"}

UNDETERMINED = "not determined by this recording"


def count(number: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def reply_words(reply: Reply, *, code: bool) -> str:
    """An answer in a few words: its code, or its reason."""
    if reply.status is None:
        return "none"
    said = reply.code if code else reply.reason
    return f"{reply.status} {said}" if said else str(reply.status)


def span_words(finding: Finding, unit: str) -> str:
    """What is known of a value, and by which entries."""
    above, at_most = finding.above, finding.at_most
    if finding.value is not None and at_most is not None and _is_exact(finding):
        return f"{finding.value:g} ({unit} {at_most.number})"
    parts = []
    if above is not None:
        parts.append(f"more than {above.value:g} {finding.unit} ({unit} {above.number})")
    if at_most is not None:
        parts.append(f"at most {at_most.value:g} {finding.unit} ({unit} {at_most.number})")
    told = ", ".join(parts)
    if finding.determined:
        return told
    return f"{told}; {UNDETERMINED}" if told else UNDETERMINED


def _is_exact(finding: Finding) -> bool:
    """Whether there is one value only, or the issuer named it."""
    above, at_most = finding.above, finding.at_most
    if at_most is None or (finding.unit == "s" and (above is None or above.number != at_most.number)):
        return False
    return finding.unit == "s" or (above.value if above is not None else 0) + 1 == at_most.value
