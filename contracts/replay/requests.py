"""Converts requests of a HAR file to steps, which are small and without secrets, and allows for what tools have masked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from contracts.har import secrets
from contracts.har.bodies import is_form
from contracts.har.requests import KEPT_TEXT, HarRequest, expires_in, retry_after
from contracts.har.survey import Findings
from contracts.replay.recording import RecordedStep
from mockserver.engine.model import Fault
from mockserver.journal import ShownCredential


def step_of(one: HarRequest, known: set[str]) -> RecordedStep:
    """Return the step. `known` are the secrets met so far, which are redacted in it."""
    hidden = secrets.HarRedactor(known)
    sent = one.sent if isinstance(one.sent, dict) else {}
    form = sent if one.operation == "token" else {}
    id, text = one.message
    credential = secrets.credential_of(one.authorization)
    return RecordedStep(
        number=one.number,
        method=one.method,
        path=hidden.raw(one.path),
        operation=one.operation,
        credential=credential,
        earliest=math.floor(one.left),
        latest=max(math.floor(one.left), math.ceil(one.returned)),
        host=one.host,
        context=one.headers.get("inin-correlation-id") or one.told("contextId") or "",
        media_type=one.media_type,
        body=_body(one, hidden),
        size=one.size,
        session=hidden.text(id) if id else None,
        text_length=None if text is None else len(text),
        client=credential.client_id or _text(form.get("client_id")),
        scopes=_text(form.get("scope")) or "",
        status=one.status,
        code=one.told("code") or one.told("error"),
        reason=one.headers.get("dayfly-reason"),
        told=one.status is None or one.status < 400 or not one.answered or one.got is not UNSET,
        issued=one.created,
        token=None if one.logged_in is None else secrets.name_of(one.logged_in),
        expires_in=expires_in(one) if one.logged_in is not None else None,
        retry_after=retry_after(one, math.floor(one.returned)),
        fault=None if one.whole else Fault(kind="truncated_body"),
    )


def _body(one: HarRequest, hidden: secrets.HarRedactor) -> bytes | None:
    """Return the body to send again, a form as JSON. Of a very long one only the length is kept."""
    if one.body is None or len(one.body) > KEPT_TEXT:
        return None
    if one.sent is UNSET:
        return hidden.raw(one.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    shown = hidden.value(one.sent)
    return one.body if shown == one.sent and not is_form(one.media_type) else msgspec.json.encode(shown)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def unmasked(steps: list[RecordedStep], found: Findings) -> list[RecordedStep]:
    """Give each request with a masked id an id of its own, because it is unknown which ids were the same."""
    return [_unlike_others(step) if step.number in found.masked else step for step in steps]


def _unlike_others(step: RecordedStep) -> RecordedStep:
    own = f"masked in entry {step.number}"
    accepted = step.effect in {"accepted", "none"} and step.status == 200
    return replace(
        step,
        issued=own if step.issued is not None else None,
        session=own if step.operation == "send" and accepted else None,
        body=None if step.operation == "send" else step.body,
        doubt="its id is masked, so a session is assumed that nothing else uses",
    )


def doubted(steps: list[RecordedStep], issued: dict[int, str]) -> Iterator[RecordedStep]:
    """Yield the steps, with a doubt for sends whose session may come from an unreadable create."""
    known, unread = set[str](), ""
    for step in steps:
        if step.issued is not None:
            known.add(step.issued)
        if step.number in issued:
            unread = f"entry {step.number} may have created this session, and its answer {issued[step.number]}"
        if step.operation == "send" and step.session not in known and unread and not step.doubt:
            step = replace(step, doubt=unread)  # noqa: PLW2901 - the same request, with what is known of it
        yield step


def with_credentials(steps: list[RecordedStep]) -> list[RecordedStep]:
    """Give each request the newest token there was, because it is unknown which one it sent."""
    token, told = "the token of this recording", []
    for step in steps:
        is_login = step.operation == "token"
        issued = f"the token of entry {step.number}" if step.token is not None else None
        shown = step.credential if is_login else ShownCredential("bearer", token=token, seen_in=("header",))
        told.append(replace(step, credential=shown, token=issued))
        token = issued or token
    return told
