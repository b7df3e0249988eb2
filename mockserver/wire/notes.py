"""Journal entries for requests and answers. Until someone reads them they are only references, without text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import msgspec
from msgspec import UNSET, Struct

from mockserver.engine.decide import Outcome, state_of
from mockserver.engine.model import Operation, Reason
from mockserver.ids import digest, pseudonym
from mockserver.journal import Answer, Arrival, Entry, SessionChange, ShownCredential
from mockserver.wire.bodies import holds_more, is_form, is_nested_too_deeply, read_form
from mockserver.wire.credentials import LITERALS, basic, bearer, credential, place_of
from mockserver.wire.message import TRACE
from mockserver.wire.redaction import REDACTED, Secrets, readings

if TYPE_CHECKING:
    from mockserver.wire.call import ArrivedCall
    from mockserver.wire.message import Request

KEPT = 64 << 10
"""Bytes of a body that the journal keeps."""

MARGIN = 2 << 10
"""Bytes searched beyond those, so that a secret is redacted as a whole before the text is cut."""

MOST_VALUES = 1000
"""The most values of a body that the journal stores as a document. It stores larger ones as text, to save memory."""

LONGEST_LITERAL = 64

LONGEST_REMEMBERED = 1024
"""The longest header whose contents are cached. A longer one is parsed again each time."""

NOTHING = Secrets()


class Noting(Protocol):
    """A call, as far as its arrival is journalled."""

    request: Request
    context_id: str
    key_header: str

    @property
    def operation(self) -> Operation | None:
        """The operation that is called."""

    @property
    def known_secrets(self) -> Secrets | None:
        """Secrets of the mock's."""

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """Secrets of the request, besides its Authorization header."""
        ...

    @property
    def takes_forms(self) -> bool:
        """True if a form is decoded."""
        ...


_TRACEPARENT = re.compile(
    r"(?P<known>(?P<version>[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?P<more>-.*)?"
)

SECRET_NAMES = frozenset({"client_secret", "access_token", "authorization", "password"})
_SECRET_PARAMETER = re.compile(r"((?:client_secret|access_token|authorization|password)=)[^&\s]*", re.IGNORECASE)


def arrival(call: Noting, seq: int, at: int) -> Entry:
    """Return the entry for a request's arrival, with its secrets redacted."""
    request = call.request
    hidden = hiding(call)
    shown = _shown_credential(request.authorization, hidden)
    url = request.path + ("?" + request.query if request.query else "")
    headers = (("user-agent", request.agent or ""), *request.others)
    if (literal := _literal(request)) is not None:
        hidden.look_over((url, request.content_type or "", *(value for _, value in headers), literal))
    path = hidden.raw(url)
    in_url, hidden.found = hidden.found, False
    body, text = _body(call, hidden)
    elsewhere = tuple(place_of(name) for name, value in headers if value and hidden.is_in(value))
    places = (("url",) if in_url else ()) + (("body",) if hidden.found else ()) + elsewhere
    return Arrival(
        seq=seq,
        at=at,
        context_id=call.context_id,
        method=request.method,
        path=path,
        operation=call.operation,
        credential=msgspec.structs.replace(shown, seen_in=shown.seen_in + places) if places else shown,
        media_type=None if request.content_type is None else hidden.text(request.content_type),
        size=request.size,
        body=body,
        text=text,
        truncated=request.size > min(len(request.body), KEPT),
        keys={name: digest(value) for name, value in request.others if "idempoten" in name or name == call.key_header},
        traceparent=traced(dict(request.others).get(TRACE), hidden) if request.others else None,
    )


def hiding(call: Noting) -> Redactor:
    """Return a redactor for a call: for its own credentials and for the secrets of known clients."""
    return Redactor((*_in_header(call.request.authorization).secrets, *call.own_secrets), call.known_secrets or NOTHING)


class _InHeader(NamedTuple):
    """What an Authorization header shows, and its secrets."""

    shown: ShownCredential
    secrets: tuple[str, str]


def _in_header(authorization: str | None) -> _InHeader:
    is_usual = len(authorization or "") <= LONGEST_REMEMBERED
    return _remembered(authorization) if is_usual else _remembered.__wrapped__(authorization)


@lru_cache(maxsize=256)
def _remembered(authorization: str | None) -> _InHeader:
    pair, token = basic(authorization), bearer(authorization) or ""
    secrets = "" if token.lower() in LITERALS else token, pair.secret if pair else ""
    return _InHeader(credential(authorization), secrets)


def traced(header: str | None, hidden: Redactor) -> str | None:
    """Return a traceparent for the journal, None if it is not valid (W3C Trace Context, section 3.2).

    For a version later than 00, only the known fields are kept.
    """
    found = _TRACEPARENT.fullmatch(header.strip()) if header else None
    if found is None or found["version"] == "ff" or (found["more"] and found["version"] == "00"):
        return None
    known = found["known"]
    if not hidden.is_in(known):
        return known
    hidden.found = True
    return hidden.text(known)


def _literal(request: Request) -> str | None:
    """Return the body as text if it contains every string of its document unescaped, else None."""
    raw = request.body
    if len(raw) > KEPT or b"\\" in raw or ((b"%" in raw or b"+" in raw) and is_form(request.content_type)):
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _shown_credential(authorization: str | None, hidden: Redactor) -> ShownCredential:
    """Return the header's credential for the journal. Its id or literal may contain a secret, which is redacted."""
    shown = _in_header(authorization).shown
    if shown.client_id is None and shown.literal is None:
        return shown
    client_id = None if shown.client_id is None else hidden.text(shown.client_id)
    literal = None if shown.literal is None else hidden.text((authorization or "").partition(" ")[2].strip() or shown.literal)
    hidden.found = False  # the header itself is not one of the places to report
    return msgspec.structs.replace(shown, client_id=client_id, literal=literal and literal[:LONGEST_LITERAL])


def _body(call: Noting, hidden: Redactor) -> tuple[Any, str | None]:
    """Return the decoded body, or the beginning of one that cannot be decoded."""
    raw = call.request.body
    if not raw:
        return UNSET, None
    if call.takes_forms and is_form(call.request.content_type):
        return hidden.form(read_form(call.request).document), None
    if call.request.size <= KEPT and not holds_more(raw, MOST_VALUES):
        try:
            document = msgspec.json.decode(raw)
            if not is_nested_too_deeply(raw, document):
                return hidden.value(document), None
        except (ValueError, RecursionError):
            pass
    return UNSET, hidden.raw(raw.decode("utf-8", "backslashreplace"))[:KEPT]


class Redactor:
    """Redacts tokens and secrets, and sets `found` if it redacted any."""

    def __init__(self, secrets: Iterable[str], known: Secrets = NOTHING) -> None:
        """`secrets` are those of one request; `known` is the index of all other known secrets."""
        self._secrets, self._known, self.found = Secrets(secrets), known, False
        self._nothing = False

    def look_over(self, texts: Iterable[str]) -> None:
        """Search many texts at once, which is faster. If they contain no secret, `text` does not search their parts again."""
        self._nothing = not self._shows("\n".join(map(readings, texts)))

    def raw(self, text: str) -> str:
        """Redact a URL, or a body that cannot be decoded: there the name of a parameter alone marks a secret."""
        hidden = _SECRET_PARAMETER.sub(r"\1" + REDACTED, text) if "=" in text else text
        self.found = self.found or hidden != text
        return self.text(hidden)

    def text(self, text: str) -> str:
        """Redact text that a person may have written, in any encoding: only known secrets."""
        if self._nothing or not self.is_in(text):
            return text
        self.found = True
        return self._known.hide(self._secrets.hide(text), tokens=False)

    def is_in(self, text: str) -> bool:
        """Return whether a text contains a secret or a token, in any encoding."""
        return not self._nothing and self._shows(readings(text))

    def _shows(self, text: str) -> bool:
        return self._secrets.show_in(text) or self._known.show_in(text, tokens=False)

    def value(self, value: Any) -> Any:
        """Redact a decoded document."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._member(name, member) for name, member in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def _member(self, name: str, member: Any) -> Any:
        if name.lower() in SECRET_NAMES and isinstance(member, str) and member:
            self.found = True
            return REDACTED
        return self.value(member)

    def form(self, fields: dict[str, str]) -> dict[str, str]:
        """Redact a token request's form. Its secret belongs there, so it does not count as found."""
        shown = {name: str(self._member(name, value)) for name, value in fields.items()}
        self.found = False
        return shown


class AnswerNote(Struct, frozen=True, gc=False):
    """The entry for an answer, made from the call and its outcome."""

    call: ArrivedCall
    outcome: Outcome
    weight: ClassVar[int] = 0
    """The arrival already counts the request."""

    def entry(self, seq: int, at: int) -> Answer:
        """Return the entry with the answer as it was sent, or would have been sent if the delivery had not been broken."""
        from mockserver.wire.render import render, retry_after, retry_after_text, row_of

        call, outcome = self.call, self.outcome
        row, response = row_of(call, outcome), call.sent or render(call, outcome)
        effect = call.effect.on(response.status)
        after = retry_after(call, outcome, row)
        written = retry_after_text(call, outcome, after)
        issued = outcome.issued
        created = outcome.session if outcome.reason is Reason.SESSION_CREATED else None
        return Answer(
            seq=seq,
            at=at,
            context_id=call.context_id,
            status=None if response.delivery == "lost_request" else response.status,
            reason=outcome.reason.value,
            code=None if row is None or row.code is None or not response.body else str(row.code),
            accepted=outcome.reason is Reason.MESSAGE_ACCEPTED,
            acted=outcome.seen.now if outcome.acted else None,
            delivery=response.delivery,
            body=_shown(response.body, call),
            retry_after=after,
            retry_after_text=None if written is None or written.isdecimal() else written,
            unusable=call.effect.body is not None and response.status == 200,
            session=_change(outcome),
            issued=created.id if created is not None else None,
            token=pseudonym(issued.id) if issued else None,
            token_expires_in=(issued.expires_at - issued.issued_at) // 1000 if issued else None,
            fault=effect.label or None,
            applied=effect.fault,
        )


def _shown(body: bytes, call: ArrivedCall) -> Any:
    if not body:
        return UNSET
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:  # a fault has spoilt it
        return UNSET
    if "access_token" in document:
        document["access_token"] = REDACTED
    if "message" not in document and "error" not in document:
        return document
    hidden = hiding(call)
    if b"\\" not in body:
        hidden.look_over((body.decode(),))
    return hidden.value(document)


def _change(outcome: Outcome) -> SessionChange | None:
    before, after, now = outcome.seen.session, outcome.session, outcome.seen.now
    session = after or before
    if session is None:
        return None
    was = None if before is None else state_of(before, now)
    return SessionChange(session.id, session.version, was, was if after is None else state_of(after, now))
