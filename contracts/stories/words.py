"""Steps and answers in words, for people."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from contracts.clauses.words import quote
from contracts.report.words import ENDS, Worded, perturbation_words
from contracts.stories.model import GRANT, Create, Expected, Request, Send, SetPolicy, Token
from contracts.stories.names import literal, reference
from mockserver.wire.table import TOLD_AS


class Got(NamedTuple):
    """An answer, as far as it can be compared. `reason` is None if the provider gives none."""

    status: int | str
    code: str | None = None
    reason: str | None = None
    retry_after: int | None = None

    def __str__(self) -> str:
        return answer_words(self)


def step_words(step: Any) -> str:
    """Return a step in a line, without its answer."""
    if isinstance(step, Worded):
        return step.words
    match step:
        case Token():
            return (
                f"POST {ENDS['token']} as {_named(step.client)}{_token_words(step)}{_saved(step.save)}{_repeated(step.times)}"
            )
        case Create():
            guest = f" for {step.guest.name}" if step.guest is not None else ""
            return f"POST {ENDS['create']}{guest}{_shown(step.token)}{_saved(step.save)}{_repeated(step.times)}"
        case Send():
            session = f"{_named(step.session)}, {quote(step.text)}"
            return f"POST {ENDS['send']} {session}{_shown(step.token)}{_repeated(step.times)}"
        case Request():
            return f"{step.method} {step.path}{_body_words(step)}{_repeated(step.times)}"
        case _:
            return world_words(step)


def world_words(step: Any) -> str:
    """Return a change of the platform in words: `advance(seconds=30)`."""
    detail = msgspec.to_builtins(step)
    what = detail.pop("op")
    return perturbation_words(what, detail["policy"] if isinstance(step, SetPolicy) else detail)


def answer_words(answer: Expected | Got) -> str:
    """Return an answer in words: `403 session.consumed`, and what else is known of it."""
    told = answer.reason or answer.code
    parts = [str(answer.status), *([told] if told else [])]
    if answer.retry_after is not None:
        parts.append(f"Retry-After {answer.retry_after}")
    return " ".join(parts)


def told_as(reason: str) -> str:
    """Return what the mock's header says for a reason of its journal."""
    known = next((own for own in TOLD_AS if own == reason), None)
    return TOLD_AS[known].value if known is not None else reason


def _token_words(step: Token) -> str:
    wrong = " with another secret" if step.secret is not None and reference(step.client) is not None else ""
    if step.form is None:
        return wrong
    form = ", ".join(f"{name}={value}" for name, value in step.form.items() if GRANT.get(name) != value)
    empty = " without a grant type" if "grant_type" not in step.form else ""
    return wrong + empty + (f" ({form})" if form else "")


def _named(text: str) -> str:
    return text if reference(text) is not None else quote(literal(text))


def _shown(token: str | None) -> str:
    if token == "$token":
        return ""
    return " without a token" if token is None else f" showing {_named(token)}"


def _saved(name: str | None) -> str:
    return f" → ${name}" if name else ""


def _repeated(times: int) -> str:
    return f", {times} times" if times > 1 else ""


def _body_words(step: Request) -> str:
    kind = f" as {step.content_type}" if step.content_type not in {None, "application/json"} else ""
    if isinstance(step.text, str):
        return f"{kind}, {quote(step.text)}"
    filled = f", filled up to {step.fill} bytes" if step.fill else ""
    if isinstance(step.json, msgspec.UnsetType):
        return kind + filled
    return f"{kind}, {quote(msgspec.json.encode(step.json).decode())}{filled}"
