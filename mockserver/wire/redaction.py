"""Hiding secrets in texts: the one redactor of the journal, explanations, logs, lists, reports and recordings.

A text is searched as it stands, and as it reads once it is decoded: percent-encoding, base64, ``\\u`` escapes, UTF-16.
The cost grows with the length of the text, and not with the number of secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mockserver.ids import redact_tokens
from mockserver.wire.credentials import decoded

REDACTED = "[REDACTED]"

SHORTEST_SECRET = 8
"""Shorter ones would be found in every text, and so none shorter is accepted."""

FEW = 8
"""So many secrets are looked for one by one; more of them by their ends."""

LAYERS = 3
"""Encodings around one another that are taken off."""

_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED = re.compile(r"[^\s\"&=?#;,]*\\u[^\s\"&=?#;,]*")


class Secrets:
    """An index of secrets. `hide` replaces each of them, and every token of this mock's making, in a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._all = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._by_end: dict[str, list[str]] = {}
        for secret in self._all:
            self._by_end.setdefault(secret[-SHORTEST_SECRET:], []).append(secret)

    def hide(self, text: str, *, tokens: bool = True) -> str:
        """Return `text` without secrets; without any of it, if they cannot be told from what is around them."""
        if len(text) < SHORTEST_SECRET:
            return text
        hidden = self._hide_plainly(text, tokens)
        pieces = {piece: meant for piece, meant in _pieces(hidden) if len(meant) >= SHORTEST_SECRET}
        if pieces and self._shows("\n".join(pieces.values()), tokens):  # one look at all of them costs less
            for piece, meant in pieces.items():
                if self._shows(meant, tokens):
                    hidden = hidden.replace(piece, REDACTED)
        return REDACTED if any(self._shows_plainly(whole, tokens) for whole in _unwrapped(hidden)) else hidden

    def _shows(self, text: str, tokens: bool) -> bool:
        return self._shows_plainly(text, tokens) or any(self._shows_plainly(whole, tokens) for whole in _unwrapped(text))

    def _shows_plainly(self, text: str, tokens: bool) -> bool:
        return self._hide_plainly(text, tokens) != text

    def _hide_plainly(self, text: str, tokens: bool) -> str:
        for secret in self._candidates(text):
            text = text.replace(secret, REDACTED)
        return redact_tokens(text) if tokens else text

    def _candidates(self, text: str) -> list[str]:
        """Return the secrets that may be in a text, the longest first."""
        if len(self._all) <= FEW:
            return self._all
        size = SHORTEST_SECRET
        ends = self._by_end.keys() & {text[at : at + size] for at in range(len(text) - size + 1)}
        found = [secret for end in ends for secret in self._by_end[end]]
        return sorted(found, key=len, reverse=True) if found else found


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a text that are encoded, as they stand there and decoded."""
    yield from decoded(text)
    if "\\u" in text:
        yield from ((piece, _unescaped(piece)) for piece in _ESCAPED.findall(text))


def _unwrapped(text: str) -> Iterator[str]:
    """The text as it reads with one encoding after another taken off."""
    for _ in range(LAYERS):
        if not ("%" in text or "\\u" in text or "\0" in text):
            return
        text = _unescaped(_PERCENT.sub(_unquoted, text)).replace("\0", "")
        yield text


def _unquoted(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text
