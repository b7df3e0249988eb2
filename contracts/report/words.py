"""Words of reports for requests, answers and steps. Ids and tokens are named by labels, paths by their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from contracts.clauses.words import exact, plain_or_quoted, quote
from contracts.history import Call, History
from contracts.scenario import Item, Send, SendParallel, Trigger, noted
from mockserver.engine.model import ROUTES
from mockserver.journal import Answer

ENDS = {operation: "/".join(["", *path.split("/")[-2:]]) for path, operation in ROUTES.items()}
"""The end of each operation's path, which is enough for people."""


UNSAID: Mapping[str, object] = {"times": 1, "probability": 1.0, "after_acting": False, "retry_after_form": "seconds"}
"""Details that are not shown because they are the defaults. Details that are None are not shown either."""


def request_words(call: Call, history: History) -> str:
    """Describe a request in a few words: method, end of the path, session, and the token if the trace has several."""
    path = ENDS.get(call.operation or "", call.arrival.path)
    parts = [f"{call.arrival.method} {path}"]
    if call.presented is not None:
        parts.append(history.sessions[call.presented].label)
    if call.operation == "create" and len(history.intents) > 1 and call.guest is not None:
        parts.append(f"for {plain_or_quoted(call.guest.name)}")
    if call.operation != "token" and len(history.credentials["token"]) != 1:
        parts.append(_credential_words(call, history))
    return " ".join(parts)


def _credential_words(call: Call, history: History) -> str:
    shown = call.arrival.credential
    if shown.token is not None:
        return f"({history.token_label(shown.token)})"
    return f"({shown.literal!r} for a token)" if shown.literal is not None else "(no token)"


def reply_words(call: Call) -> str:
    """Describe what the client received: a status, or why there is none."""
    if call.status is not None:
        return str(call.status)
    answer = call.answer
    if answer is not None and answer.delivery == "truncated":
        return "cut"
    return "none" if call.returned is not None else "never"


def state_words(call: Call, history: History) -> str:
    """Describe the effect on the session or the token, the reason of a refusal, and the effect of a fault."""
    answer = call.answer
    if answer is None:
        return "the client stopped waiting" if call.returned is not None else ""
    parts = [part for part in (_change_words(answer, history), _reason(answer)) if part]
    if answer.fault:
        parts.append(f"fault: {answer.fault}")
    elif answer.delivery != "complete":
        parts.append(answer.delivery.replace("_", " "))
    elif call.status is None:
        parts.append("the client stopped waiting")
    if answer.failure not in {None, answer.reason}:
        parts.append(f"the mock failed to answer: {answer.failure}")
    if answer.retry_after is not None and not answer.fault:
        parts.append(f"Retry-After {answer.retry_after}")
    return ", ".join(parts)


def _change_words(answer: Answer, history: History) -> str:
    if answer.token is not None:
        return f"{history.token_label(answer.token)} issued"
    if answer.issued is not None:
        return f"{history.sessions[answer.issued].label} created{_limits(history.policy_at(answer.seq))}"
    change = answer.session
    if change is None or change.before == change.after:
        return ""
    label = history.sessions[change.id].label if change.id in history.sessions else "session"
    return f"{label} {change.before} → {change.after}"


def _limits(policy: Mapping[str, Any]) -> str:
    named = (("idle_timeout", "idle limit"), ("ttl", "ttl"))
    told = [f"{words} {policy[name]:g} s" for name, words in named if isinstance(policy.get(name), int | float)]
    return "".join(f", {words}" for words in told)


def _reason(answer: Answer) -> str:
    is_refusal = answer.status is not None and answer.status >= 400 and not _is_replaced(answer)
    is_refusal = is_refusal and answer.failure in {None, answer.reason}
    return answer.reason if is_refusal else ""


def _is_replaced(answer: Answer) -> bool:
    """Return whether a fault has put another answer in the place of the platform's."""
    if answer.applied is None:  # as in an old trace
        return answer.fault is not None
    return answer.applied.kind in {"status", "opaque_403", "redirect"}


def perturbation_words(what: str, detail: Mapping[str, Any]) -> str:
    """Write a perturbation as in a scenario: `advance(seconds=30)`."""
    told = {name: value for name, value in detail.items() if value != UNSAID.get(name)}
    return f"{what}({', '.join(f'{name}={value!r}' for name, value in told.items())})"


def ended_words(unit: str, outcome: str | None, error: str) -> str:
    """Describe what a client reported of a unit of work, such as `message 1`."""
    ends = {"accepted": "the client reported success", "failed": "the client reported failure"}
    return f"{unit}: {ends.get(outcome or '', 'the client never returned')}" + (f" ({error})" if error else "")


@runtime_checkable
class Worded(Protocol):
    """A step of a scenario that has words of its own."""

    @property
    def words(self) -> str:
        """The step as text."""


def item_words(item: Item | Worded) -> Iterator[str]:
    """Write an item of a scenario, and below it what happens during it, each on a line."""
    match item:
        case Worded():
            yield item.words
        case Send(guest, text, during):
            yield f"send(guest={exact(guest.name)}, text={quote(text)})"
            yield from map(_trigger_words, during)
        case SendParallel(sends, during):
            yield f"send_parallel({len(sends)} messages)"
            yield from (f"  send(guest={exact(message.guest.name)}, text={quote(message.text)})" for message in sends)
            yield from map(_trigger_words, during)
        case _:
            yield perturbation_words(*noted(item))


def _trigger_words(trigger: Trigger) -> str:
    nth = "" if trigger.nth == 1 else f"{ordinal(trigger.nth)} "
    return f"  before its {nth}{trigger.before}: {perturbation_words(*noted(trigger.do))}"


def ordinal(number: int) -> str:
    """Return an ordinal: `2nd`, `3rd`, `11th` …"""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
