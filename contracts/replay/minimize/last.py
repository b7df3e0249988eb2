"""The refused request as the last step of a story: as it was recorded, except for secrets, which no journal keeps."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from contracts.replay.traces import fault_of
from contracts.stories.model import GRANT, MAX_FILL, Call, Create, Expected, Fault, Request, Send, Token
from contracts.stories.names import escaped
from mockserver.control.faults import fault_to
from mockserver.engine.model import Reason
from mockserver.journal import SESSION_ID, Answer, Arrival, Guest
from mockserver.wire.bodies import FORM, is_deep, is_json
from mockserver.wire.redaction import REDACTED

NOT_ISSUED = "not-issued-here"

_BODILESS = {"GET", "HEAD"}


class Attempt(NamedTuple):
    """A way to make the request again. `notes` say what could not be reproduced, and `fault` hits it."""

    step: Call
    notes: tuple[str, ...]
    fault: Fault | None = None


def expected_of(arrival: Arrival, answer: Answer) -> Expected:
    """Return the recorded answer, as a client sees it."""
    broken = {"lost_request": "none", "lost_response": "none", "truncated": "cut"}
    if answer.delivery in broken:
        return msgspec.convert({"status": broken[answer.delivery], "reason": answer.reason}, Expected)
    code = None if arrival.method == "HEAD" else answer.code  # the body of an answer has the code, and HEAD gets no body
    return Expected(answer.status or 0, code, answer.reason)


def fault_step(arrival: Arrival, answer: Answer) -> Fault | None:
    """Return the step for the fault that hit the request; None without one."""
    applied = fault_of(answer)
    if arrival.operation is None or applied is None:
        return None
    fields = {**fault_to(applied), "operation": arrival.operation}
    return msgspec.convert({"op": "fault", **{name: fields[name] for name in fields if name != "probability"}}, Fault)


def targets(arrival: Arrival, answer: Answer, token: str | None, client: str | None) -> Iterator[Attempt]:
    """Yield ways to make the request again, the most faithful first.

    `token` and `client` are the names under which its credentials are saved; None if they are not.
    """
    fault, expect = fault_step(arrival, answer), expected_of(arrival, answer)
    made = _token_request(arrival, answer, client) if arrival.operation == "token" else _request(arrival, answer, token)
    is_redacted = REDACTED.strip("[]") in str(arrival.body) + (arrival.text or "") + arrival.path
    told = (f"Secrets in the request were recorded as {REDACTED}, and the story sends that word.",) if is_redacted else ()
    for step, notes in made:
        yield Attempt(replace(step, expect=expect), (*notes, *told), fault)


Made = Iterator[tuple[Call, tuple[str, ...]]]

# -- requests for tokens ---------------------------------------------------------------------------------------------


def _token_request(arrival: Arrival, answer: Answer, client: str | None) -> Made:
    is_route = answer.reason in {Reason.ROUTE_METHOD, Reason.ROUTE_UNKNOWN}
    if is_route or not (arrival.media_type or FORM).startswith(FORM) or not isinstance(arrival.body, dict | msgspec.UnsetType):
        yield from _raw(arrival, answer, f"${client}" if client else None, ())
        return
    fields = dict(arrival.body) if isinstance(arrival.body, dict) else {}
    by_form = "client_id" in fields
    shown_id = arrival.credential.client_id or fields.pop("client_id", "")
    fields.pop("client_id", None)
    fields.pop("client_secret", None)
    notes = ("The client showed its credentials in the form; the story shows them by HTTP Basic.",) if by_form else ()
    form = None if fields == GRANT else fields
    login = _login(answer, client, shown_id, form)
    yield login, (*notes, *([_ANOTHER_SECRET] if login.secret is not None else []))
    if client is not None and (
        form is None or "grant_type" in form
    ):  # then a field was sent twice, of which only one was recorded
        text = urlencode(fields or GRANT)
        doubled = f"{text}&{text.partition('&')[0]}"
        told = "A field was sent twice in the form; the story repeats the first one."
        yield Request(path=arrival.path, authorization=f"${client}", content_type=FORM, text=doubled), (told,)


def _login(answer: Answer, client: str | None, shown_id: str, form: dict[str, str] | None) -> Token:
    if answer.reason == Reason.OAUTH_UNKNOWN_CLIENT or client is None:
        return Token(client=escaped(_printable(shown_id) or "nobody"), secret="not-the-secret", form=form)
    wrong = answer.reason == Reason.OAUTH_WRONG_SECRET
    return Token(client=f"${client}", secret="not-the-secret" if wrong else None, form=form)


# -- all others ------------------------------------------------------------------------------------------------------


def _request(arrival: Arrival, answer: Answer, token: str | None) -> Made:
    shown, notes = _bearer(arrival, answer, token)
    step = None if answer.reason == Reason.TOO_LARGE else _usual(arrival, shown)
    authorization, raw_notes = _authorization(arrival, answer, token)
    if step is not None:
        yield step, notes
    else:
        yield from _raw(arrival, answer, authorization, raw_notes)
    yield from _guessed(arrival, answer, authorization, raw_notes)


def _guessed(arrival: Arrival, answer: Answer, authorization: str | None, notes: tuple[str, ...]) -> Made:
    """Yield guesses at a body of which too little was recorded."""
    if answer.reason == Reason.NOT_JSON and isinstance(arrival.body, dict) and arrival.body:
        name, value = next(iter(arrival.body.items()))
        member = f"{json.dumps(name)}:{json.dumps(value)}"
        told = "A name was used twice in the body; the story repeats the first one."
        yield _made_of(arrival, answer, authorization, text=f"{{{member},{member}}}"), (*notes, told)
    if answer.reason == Reason.INVALID and arrival.body is UNSET:
        told = "Only the beginning of the body was recorded; the story sends one that is too long as well."
        yield _made_of(arrival, answer, authorization, json={SESSION_ID: "x", "text": "x" * 50_000}), (*notes, told)


def _usual(arrival: Arrival, token: str | msgspec.UnsetType | None) -> Call | None:
    """Return a create or a send of the usual shape; None if it has another."""
    is_raw = arrival.method != "POST" or arrival.truncated or not is_json(arrival.media_type or "application/json")
    if isinstance(token, msgspec.UnsetType) or is_raw:
        return None
    body: Any = arrival.body
    if arrival.operation == "create" and arrival.size == 0:
        return Create(token=token)
    if not isinstance(body, dict):
        return None
    if arrival.operation == "send" and set(body) == {SESSION_ID, "text"} and _are_texts(body):
        return Send(session=escaped(body[SESSION_ID]), text=body["text"], token=token)
    guest = body.get("guest")
    if arrival.operation == "create" and set(body) == {"guest"} and isinstance(guest, dict) and set(guest) == {"name", "email"}:
        return Create(token=token, guest=Guest(**guest)) if _are_texts(guest) else None
    return None


def _are_texts(document: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in document.values())


def _bearer(arrival: Arrival, answer: Answer, token: str | None) -> tuple[str | msgspec.UnsetType | None, tuple[str, ...]]:
    """Return the value after Bearer; None without a header, UNSET if the header has another form."""
    proof = arrival.credential
    if proof.form in {"none", "empty"}:
        return None if proof.form == "none" else "", ()
    is_whole_header = answer.reason == Reason.AUTH_MALFORMED and not (proof.literal or "").startswith("{{")
    if proof.form == "literal" and not is_whole_header:  # a template's braces make a token malformed in any case
        return escaped(_printable(proof.literal or "")), ()
    if proof.form == "bearer" and answer.reason != Reason.AUTH_MALFORMED:
        return (f"${token}", ()) if token else (NOT_ISSUED, (_ANOTHER,))
    return UNSET, ()


def _authorization(arrival: Arrival, answer: Answer, token: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the whole header."""
    proof = arrival.credential
    shown, notes = _bearer(arrival, answer, token)
    if not isinstance(shown, msgspec.UnsetType):
        return (shown if shown is None or shown == f"${token}" else f"Bearer {shown}"), notes
    if proof.form == "literal":
        return escaped(_printable(proof.literal or "")), ()
    if proof.form == "basic":
        pair = b64encode(f"{proof.client_id}:not-the-secret".encode()).decode()
        return f"Basic {pair}", (_ANOTHER_SECRET,)
    return "Malformed", (
        "The content of the Authorization header is not recorded; the story sends a word that is not a token.",
    )


_ANOTHER_SECRET = "The secret is not recorded; the story sends another one."
_ANOTHER = "The token is not recorded; the story sends another one, which was not issued either."


def _raw(arrival: Arrival, answer: Answer, authorization: str | None, notes: tuple[str, ...]) -> Made:
    if arrival.method in _BODILESS:
        yield _made_of(arrival, answer, authorization), notes
    elif is_deep(arrival.body):
        yield _made_of(arrival, answer, authorization, text=msgspec.json.encode(arrival.body).decode()), notes
    elif arrival.body is not UNSET:
        yield _made_of(arrival, answer, authorization, json=_escaped(arrival.body)), notes
    else:
        yield _made_of(arrival, answer, authorization, text=(arrival.text or "").replace("\0", "\ufffd")), notes


def _made_of(
    arrival: Arrival, answer: Answer, authorization: str | None, json: Any = UNSET, text: str | msgspec.UnsetType = UNSET
) -> Request:
    path, media = arrival.path, arrival.media_type
    is_large = answer.reason == Reason.TOO_LARGE
    return Request(
        path=path[:8000] if path.startswith("/") else f"/{path[:7999]}",
        method=arrival.method if arrival.method.replace("-", "").isalpha() and arrival.method.isascii() else "PATCH",
        authorization=authorization,
        content_type=None if media is None else _printable(media),
        json=json,
        text=text if text != "" else UNSET,
        fill=min(arrival.size, MAX_FILL) if is_large else 0,
    )


def _escaped(document: Any) -> Any:
    """Escape the texts of a JSON value, so that none refers to a saved name."""
    if isinstance(document, str):
        return escaped(document)
    if isinstance(document, dict):
        return {name: _escaped(value) for name, value in document.items()}
    return [_escaped(item) for item in document] if isinstance(document, list) else document


def _printable(text: str) -> str:
    """Return the text with characters replaced that a header cannot hold."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)[:8000]
