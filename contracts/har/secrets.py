"""Keeps secrets of a recording out of a trace: their identity is kept, their value is not. Tools may have masked some."""

from __future__ import annotations

import re
from typing import Any

from mockserver.ids import pseudonym
from mockserver.journal import ShownCredential
from mockserver.wire import notes
from mockserver.wire.credentials import basic, bearer, credential, decoded
from mockserver.wire.redaction import REDACTED

SHORTEST = 8
"""Shorter secrets are not hidden, because they would be found in every text."""

SHORTEST_DRAWN = 12
"""Shorter values may be words."""

_MASK = re.compile(r"redact|mask|hidden|remov|filter|saniti[sz]|scrub|anonym|placeholder|(.)\1{3}", re.IGNORECASE)
_NAMED = re.compile(r"\[REDACTED (t:[^\]]+)\]")
_NAMED_BEARER = re.compile(r"bearer \[REDACTED (t:[^\]]+)\]", re.IGNORECASE)
_NAMED_BASIC = re.compile(r"basic \[REDACTED client ([^\]]*)\]", re.IGNORECASE)


def named(token: str) -> str:
    """Return a token as a redacted text shows it, from which `name_of` reads it back."""
    return f"[REDACTED {token}]"


def name_of(token: str) -> str:
    """Return the pseudonym of a token, which may have been redacted already."""
    known = _NAMED.fullmatch(token)
    return known[1] if known else pseudonym(token)


def authorization_of(shown: ShownCredential) -> str | None:
    """Return an Authorization header without its secret, from which `credential_of` reads it back."""
    match shown.form:
        case "none":
            return None
        case "empty":
            return ""
        case "literal":
            return f"Bearer {shown.literal}"
        case "bearer":
            return f"Bearer {named(shown.token or '')}"
        case "basic":
            return f"Basic [REDACTED client {shown.client_id or ''}]"
        case _:
            return f"{REDACTED} malformed"


def credential_of(authorization: str | None) -> ShownCredential:
    """Return the credential in an Authorization header, which may have been redacted already."""
    bearer_of = _NAMED_BEARER.fullmatch(authorization or "")
    if bearer_of:
        return ShownCredential("bearer", token=bearer_of[1], seen_in=("header",))
    basic_of = _NAMED_BASIC.fullmatch(authorization or "")
    if basic_of:
        return ShownCredential("basic", client_id=basic_of[1], seen_in=("header",))
    return credential(authorization)


def of_header(authorization: str | None) -> set[str]:
    """Return the secrets in an Authorization header."""
    pair = basic(authorization)
    return _worth_hiding({bearer(authorization) or "", pair.secret if pair else ""})


def of_document(document: Any) -> set[str]:
    """Return the secrets that a decoded body names."""
    if not isinstance(document, dict):
        return set()
    return _worth_hiding(
        {value for name, value in document.items() if name.lower() in notes.SECRET_NAMES and isinstance(value, str)}
    )


def of_request(authorization: str | None, sent: Any, got: Any) -> set[str]:
    """Return the secrets in a request and its answer."""
    return of_header(authorization) | of_document(sent) | of_document(got)


def _worth_hiding(secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if len(secret) >= SHORTEST and not _NAMED.fullmatch(secret)}


def _is_drawn(secret: str) -> bool:
    """Return whether it looks like a token or a secret, and not like a word that a tool has put in its place."""
    return len(secret) >= SHORTEST_DRAWN and _MASK.search(secret) is None


class HarRedactor(notes.Redactor):
    """Redacts the secrets that are known, or are named as such. Tokens of the mock have no meaning in a recording."""

    def __init__(self, secrets: set[str]) -> None:
        super().__init__(secrets)
        self._shown = secrets

    def text(self, text: str) -> str:
        """Redact a text that a person may have written."""
        shown = self._secrets.hide(text, tokens=False)
        self.found = self.found or shown != text
        return shown

    def is_in(self, text: str) -> bool:
        """Return whether a header shows a secret, in any encoding. A mask such as REDACTED does not count."""
        forms = [text, *(meant for _, meant in decoded(text))]
        return any(secret in form for secret in self._shown if _is_drawn(secret) for form in forms)


# -- masks --------------------------------------------------------------------------------------------------------------

_WORDS = "redacted|removed|masked|hidden|sanitized|sanitised|filtered|scrubbed|anonymized|anonymised|obfuscated"

_MASKED = re.compile(
    rf"[\W_]*(?:\w+[ _-])?(?:{_WORDS}|secret|confidential)(?:[ _-]\w+)?[\W_]*"  # [REDACTED], [access_token redacted]
    r"|[*•·.?#]{3,}"  # ***
    r"|(?:[xX*]+|[0]+|[fF]+)(?:-(?:[xX*]+|[0]+|[fF]+)){4}"  # a UUID of one character
    r"|[xX]{3,}",
    re.IGNORECASE,
)


def looks_masked(value: str) -> bool:
    """Return whether a tool may have put this in place of an id or a token."""
    return _MASKED.fullmatch(value) is not None
