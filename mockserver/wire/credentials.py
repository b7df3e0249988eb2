"""Parsing of the Authorization header (RFC 6750, RFC 7617)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from mockserver.ids import pseudonym
from mockserver.journal import ShownCredential
from mockserver.platform.message import Basic, basic, bearer

__all__ = ["Basic", "basic", "bearer", "credential", "decoded", "place_of", "shown_as"]

LITERALS = frozenset({"null", "undefined", "none", "[redacted]", "nan", "[object object]"})
"""Values that broken templates leave in place of a token, in lower case."""

SHORTEST_BASE64 = 11
"""Characters that encode eight bytes, the shortest secret."""

LONGEST_KEPT = 64
"""The longest text whose decoded forms are cached. Most such texts are the same in many requests."""

_BETWEEN = re.compile(r"[\s&=?#;,]+")
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST_BASE64},}}")
_FROM_URLSAFE = str.maketrans("-_", "+/")


@lru_cache(maxsize=1024)
def shown_as(client_id: str, secret: str) -> tuple[str, str]:
    """Return the forms in which a client's secret may occur: plain, and with the id as in Basic, without the padding."""
    return secret, b64encode(f"{client_id}:{secret}".encode("utf-8", "surrogatepass")).decode().rstrip("=")


def place_of(header: str) -> str:
    """Return the journal's name for a header with a credential."""
    return "cookie" if header == "cookie" else f"header:{header}"


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a text that are percent-encoded or may be base64, each with its decoded form."""
    if "%" in text:
        yield from ((piece, unquote(piece)) for piece in _BETWEEN.split(text) if "%" in piece)
    for run in _BASE64.findall(text):
        for piece in dict.fromkeys((run, *run.split("/"))):  # a slash may be base64 or part of a path
            if len(piece) >= SHORTEST_BASE64:
                meant = _from_base64(piece) if len(piece) <= LONGEST_KEPT else _from_base64.__wrapped__(piece)
                if meant is not None:
                    yield piece, meant


@lru_cache(maxsize=4096)
def _from_base64(letters: str) -> str | None:
    """Return the decoded characters, None if they are not base64."""
    letters = letters.translate(_FROM_URLSAFE)
    try:
        return b64decode(letters + "=" * (-len(letters) % 4)).decode("latin-1")
    except ValueError:
        return None


def credential(authorization: str | None) -> ShownCredential:
    """Return the header's credential for the journal, without its secrets."""
    if not authorization or not authorization.strip():
        return ShownCredential("none" if authorization is None else "empty")
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    kind = scheme.lower()
    if kind not in {"bearer", "basic"}:
        literal = scheme.lower() in LITERALS
        return ShownCredential("literal" if literal else "malformed", literal=scheme if literal else None)
    if not value:
        return ShownCredential("empty")
    if value.lower() in LITERALS or (value.startswith("{{") and value.endswith("}}")):
        return ShownCredential("literal", literal=value[:64])
    if kind == "basic":
        pair = basic(authorization)
        return (
            ShownCredential("malformed")
            if pair is None
            else ShownCredential("basic", client_id=pair.client_id, seen_in=("header",))
        )
    return ShownCredential("bearer", token=pseudonym(value), seen_in=("header",))
