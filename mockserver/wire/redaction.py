"""Redaction of secrets in texts, used by the journal, explanations, logs, lists, reports and recordings.

A text is searched as it is, and as it reads when decoded: percent-encoding, base64, ``\\u`` escapes, UTF-16. The cost grows
with the length of the text, not with the number of secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from mockserver.ids import redact_tokens
from mockserver.wire.credentials import LONGEST_KEPT, decoded

REDACTED = "[REDACTED]"

SHORTEST_SECRET = 8
"""Shorter secrets would occur in every text, so none shorter is accepted."""

FEW = 64
"""Up to this many secrets are searched one by one, more of them through an index."""

BLOCK = SHORTEST_SECRET
"""Length of the parts by which the index finds a secret."""

LAYERS = 3
"""Layers of encoding that are removed."""

_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED = re.compile(r"[^\s\"&=?#;,]*\\u[^\s\"&=?#;,]*")


class Secrets:
    """A set of secrets. `hide` redacts them, and every token of this mock, in a text.

    It may be read while a secret is added or discarded, but only one thread may change it at a time.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._all: dict[str, int] = {}  # how often each was added
        self._index: _Index | None = None  # only if there are many
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Search for `secret` from now on, unless it is too short."""
        if len(secret) < SHORTEST_SECRET:
            return
        self._all[secret] = self._all.get(secret, 0) + 1
        if self._index is not None:
            self._index.add(secret)
        elif len(self._all) > FEW:
            self._index = _Index(self._all)

    def discard(self, secret: str) -> None:
        """Stop searching for `secret` if it was discarded as often as it was added."""
        count = self._all.get(secret, 0)
        if count > 1:
            self._all[secret] = count - 1
        elif count and self._all.pop(secret) and self._index is not None:
            self._index.discard(secret)

    def hide(self, text: str, *, tokens: bool = True) -> str:
        """Return `text` with secrets redacted. All of it is redacted if they cannot be separated from the rest."""
        if not self.show_in(readings(text), tokens=tokens):
            return text
        hidden = self._hide_plainly(text, tokens)
        for piece, meant in dict(_pieces(hidden)).items():
            if self.show_in(meant, tokens=tokens) or self._show_in_any(_unwrapped(meant), tokens):
                hidden = hidden.replace(piece, REDACTED)
        return REDACTED if self._show_in_any(_unwrapped(hidden), tokens) else hidden

    def show_in(self, text: str, *, tokens: bool = True) -> bool:
        """Return whether `text` contains a secret, or a token, without decoding."""
        for secret in list(self._all) if self._index is None else self._index.candidates(text):
            if secret in text:
                return True
        return tokens and redact_tokens(text) != text

    def _show_in_any(self, texts: Iterable[str], tokens: bool) -> bool:
        return any(self.show_in(text, tokens=tokens) for text in texts)

    def _hide_plainly(self, text: str, tokens: bool) -> str:
        for secret in self._candidates(text):
            text = text.replace(secret, REDACTED)
        return redact_tokens(text) if tokens else text

    def _candidates(self, text: str) -> list[str]:
        """Return the secrets that may be in a text, the longest first."""
        found = list(self._all) if self._index is None else self._index.candidates(text)
        return sorted(found, key=len, reverse=True) if len(found) > 1 else found


class _Index:
    """An index of many secrets by their parts. A lookup takes as many steps as the text is long.

    However a text is cut into blocks, a secret of nearly two blocks' length contains one whole block.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._by_block: dict[str, frozenset[str]] = {}
        self._by_end: dict[str, frozenset[str]] = {}  # secrets that may contain no whole block
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        for by_part, part in self._places(secret):
            by_part[part] = by_part.get(part, frozenset()) | {secret}

    def discard(self, secret: str) -> None:
        for by_part, part in self._places(secret):
            left = by_part.get(part, frozenset()) - {secret}
            if left:
                by_part[part] = left
            else:
                by_part.pop(part, None)

    def candidates(self, text: str) -> list[str]:
        found = set[str]()
        for by_part, step in ((self._by_block, BLOCK), (self._by_end, 1)):
            if by_part:
                for at in range(0, len(text) - BLOCK + 1, step):
                    found |= by_part.get(text[at : at + BLOCK], frozenset())
        return list(found)

    def _places(self, secret: str) -> list[tuple[dict[str, frozenset[str]], str]]:
        if len(secret) < 2 * BLOCK - 1:
            return [(self._by_end, secret[-BLOCK:])]
        return [(self._by_block, secret[at : at + BLOCK]) for at in range(BLOCK)]


def readings(text: str) -> str:
    """Return all readings of a text, as it is and decoded, one after another."""
    return _readings(text) if len(text) <= LONGEST_KEPT else _readings.__wrapped__(text)


@lru_cache(maxsize=4096)
def _readings(text: str) -> str:
    inside = "\n".join(meant for _, meant in _pieces(text))
    found = [text, *_unwrapped(text), *((inside, *_unwrapped(inside)) if inside else ())]
    return "\n".join(found)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield the encoded pieces of a text, each with its decoded form."""
    yield from decoded(text)
    if "\\u" in text:
        yield from ((piece, _unescaped(piece)) for piece in _ESCAPED.findall(text))


def _unwrapped(text: str) -> Iterator[str]:
    """Yield the text with one more encoding removed each time."""
    for _ in range(LAYERS):
        if not ("%" in text or "\\u" in text or "\0" in text):
            return
        text = _unescaped(_PERCENT.sub(_unquoted, text)).replace("\0", "")
        yield text


def _unquoted(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text
