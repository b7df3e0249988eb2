"""The source of randomness: ids, tokens and secrets.

An organisation's id is eight hexadecimal digits. A contextId is a UUID that begins with them. A token contains its organisation
and its OAuth client around a secret part.

A session id is a UUID whose last twelve digits are computed from the others and the organisation's seal. This distinguishes a
forgotten id from one that was never issued, without storing it. The seal needs no protection: a forged id only gains a 403 that
is journalled as forgotten.
"""

from __future__ import annotations

import random
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from zlib import crc32

_TOKEN = re.compile(r"([0-9a-f]{8})([A-Za-z0-9_-]{43})([A-Za-z0-9_-]+)")
_SUM = 8
"""Hexadecimal digits of a token's checksum, at the end of its first 51 characters."""

_START = re.compile(r"(?=[0-9a-f]{8}[A-Za-z0-9_-]{35}[0-9a-f]{8})")
_LETTERS = re.compile(r"[A-Za-z0-9_-]+")
_SHAPES = bytes(ord("a") if _LETTERS.match(chr(code)) else ord(" ") for code in range(256))
_RUN = b"a" * (8 + 43)
"""The shortest token if all letters were the same. Few texts have so many letters in a row, and that is found out fast."""

_LONGEST_TOKEN = 1024
"""Longer than any token this mock issues, and short enough to cache many of them."""

_CONTEXT = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COPIED = re.compile(rf"(?<![\w-]){_CONTEXT.pattern}(?![\w-])", re.IGNORECASE)
_SESSION = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f]{3})-a([0-9a-f]{3})-([0-9a-f]{12})")

_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""Mixes the digits of a session id into its check digits. It is the golden ratio in 128 bits."""

_CHECK = (1 << 48) - 1

_SCATTER = 0x9E3779B1
"""Scatters counts. It is odd, so it maps the first 2**32 counts to different 32-bit numbers. It is the golden ratio."""


class Ids:
    """Makes ids. `bits` and `secret_bits` return that many random bits as an integer; tests pass seeded ones.

    Ids of requests, messages and sessions count up from a random start; session ids are also scattered. That is cheaper than a
    random number each.
    """

    def __init__(
        self, bits: Callable[[int], int] = random.getrandbits, secret_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._bits, self._secret_bits = bits, secret_bits
        node = bits(16), bits(12), bits(12)
        self._node = f"{node[0]:04x}-4{node[1]:03x}-a{node[2]:03x}-"
        self._node_number = node[0] << 24 | node[1] << 12 | node[2]
        self._next = count(bits(46)).__next__
        self._next_session = count(bits(31)).__next__
        self._message = f"{bits(32):08x}-{self._node}"

    @classmethod
    def seeded(cls, seed: int) -> Ids:
        """Return a source that gives the same ids in the same order for the same seed."""
        bits = random.Random(seed).getrandbits
        return cls(bits, bits)

    def organization(self) -> str:
        """Return eight hexadecimal digits. The first is 1 to e, to keep the reserved ids free."""
        return f"{1 + self._bits(28) % 14:x}{self._bits(28):07x}"

    def context(self, organization: str) -> str:
        """Return a contextId that begins with its organisation."""
        count = self._next
        # `hex` takes two thirds of the time of a format, here and below
        return f"{organization}-{self._node}{count().to_bytes(6, 'big').hex()}"

    def message(self) -> str:
        """Return the id of an accepted message, a UUID."""
        count = self._next
        return f"{self._message}{count().to_bytes(6, 'big').hex()}"

    def session(self, seal: int) -> str:
        """Return a session id under the organisation's `seal`."""
        count = self._next_session
        first = count() * _SCATTER & 0xFFFFFFFF
        check = _check(first << 40 | self._node_number, seal)
        return f"{first.to_bytes(4, 'big').hex()}-{self._node}{check.to_bytes(6, 'big').hex()}"

    def seal(self) -> int:
        """Return the number that an organisation's session ids are checked with."""
        return self._secret_bits(63)

    def client(self, organization: str) -> str:
        """Return an OAuth client id, a UUID that begins with its organisation."""
        digits = f"{self._bits(88):022x}"
        return f"{organization}-{digits[:4]}-4{digits[4:7]}-a{digits[7:10]}-{digits[10:]}"

    def token(self, organization: str, client_id: str) -> str:
        """Return a bearer token: a secret of 210 bits between its organisation and its OAuth client.

        A checksum ends the secret, so that no other text is mistaken for a token.
        """
        start = organization + self.secret()[:-_SUM]
        return start + _sum_of(start.encode()).decode() + urlsafe_b64encode(client_id.encode()).decode().rstrip("=")

    def short(self) -> str:
        """Return 96 bits in 24 hexadecimal digits, which are base64url too, for an id that need not be secret."""
        return f"{self._bits(96):024x}"

    def secret(self) -> str:
        """Return 256 bits as 43 characters of base64url."""
        return urlsafe_b64encode(self._secret_bits(256).to_bytes(32, "big")).decode().rstrip("=")


def _check(number: int, seal: int) -> int:
    return ((number ^ seal) * _ODD >> 64) & _CHECK


def token_owner(token: str) -> tuple[str, str] | None:
    """Return the organisation and OAuth client in a token, None if this mock did not make it."""
    return _token_owner(token) if len(token) <= _LONGEST_TOKEN else None


@lru_cache(maxsize=1024)
def _token_owner(token: str) -> tuple[str, str] | None:
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    encoded = match[3]
    try:
        return match[1], urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None


def context_owner(context_id: str) -> str | None:
    """Return the organisation in a contextId, None if it is not a contextId."""
    match = _CONTEXT.fullmatch(context_id)
    return match[1] if match else None


def context_in(copied: str) -> str | None:
    """Return the contextId in copied text, which may be in capitals or follow a header's name. None if it has none."""
    match = _COPIED.search(copied)
    return match[0].lower() if match else None


def was_issued(session_id: str, seal: int) -> bool:
    """Return whether an organisation with this `seal` ever issued the session id, even if it has forgotten it."""
    match = _SESSION.fullmatch(session_id)
    return match is not None and _check(int("".join(match.groups()[:4]), 16), seal) == int(match[5], 16)


def pseudonym(token: str) -> str:
    """Return a short name for a token: always the same for the same token, and not reversible."""
    return "t:" + blake2b(token.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def digest(value: str) -> str:
    """Return a short name for a value, always the same for the same value."""
    return "k:" + blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def redact_tokens(text: str) -> str:
    """Return `text` with each of this mock's tokens replaced by its pseudonym."""
    letters = text.encode("ascii", "replace")
    if _RUN not in letters.translate(_SHAPES):
        return text
    shown, end = list[str](), 0
    for match in _START.finditer(text):
        at = match.start()
        if at >= end and letters[at + 43 : at + 51] == _sum_of(letters[at : at + 43]):
            token = _LETTERS.match(text, at)
            assert token is not None  # never None, because the match begins with letters of a token
            shown += [text[end:at], f"[REDACTED {pseudonym(token[0])}]"]
            end = token.end()
    return "".join([*shown, text[end:]]) if shown else text


def _sum_of(start: bytes) -> bytes:
    return b"%08x" % crc32(start)
