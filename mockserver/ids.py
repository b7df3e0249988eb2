"""Where randomness enters: ids, tokens and secrets.

An organisation's id is eight hexadecimal digits. A contextId is a UUID that begins with them, a token names its organisation
and its OAuth client around a secret part, and a session id is a UUID whose last twelve digits are a checksum of the others under
a key: so a forgotten id is told from one that was never issued, without remembering it.
"""

from __future__ import annotations

import random
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

_TOKEN = re.compile(r"([0-9a-f]{8})([A-Za-z0-9_-]{43})([A-Za-z0-9_-]+)")
_CONTEXT = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SESSION = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f]{3})-a([0-9a-f]{3})-([0-9a-f]{12})")


class Ids:
    """Makes ids. `bits` and `secret_bits` give that many random bits as an integer; tests hand in seeded ones."""

    def __init__(
        self, bits: Callable[[int], int] = random.getrandbits, secret_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._bits, self._secret_bits = bits, secret_bits

    @classmethod
    def seeded(cls, seed: int) -> Ids:
        """The same ids in the same order for the same seed."""
        bits = random.Random(seed).getrandbits
        return cls(bits, bits)

    def organization(self) -> str:
        """Eight hexadecimal digits; the first is 1 to e, so that the reserved ids stay free."""
        return f"{1 + self._bits(28) % 14:x}{self._bits(28):07x}"

    def context(self, organization: str) -> str:
        """A contextId that tells its organisation."""
        digits = f"{self._bits(96):024x}"
        return f"{organization}-{digits[:4]}-4{digits[5:8]}-a{digits[9:12]}-{digits[12:]}"

    def message(self) -> str:
        """The id of an accepted message, a UUID."""
        digits = f"{self._bits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def session(self, seal: str) -> str:
        """A session id sealed with the organisation's `seal`."""
        digits = f"{self._bits(72):018x}"
        check = blake2b(digits.encode(), digest_size=6, key=seal.encode()).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:]}-{check}"

    def client(self, organization: str) -> str:
        """An OAuth client id, a UUID that begins with its organisation."""
        return self.context(organization)

    def token(self, organization: str, client_id: str) -> str:
        """A bearer token, opaque to clients: 256 bits of secret between the names of its organisation and OAuth client."""
        return organization + self.secret() + urlsafe_b64encode(client_id.encode()).decode().rstrip("=")

    def secret(self) -> str:
        """256 bits as 43 characters of base64url."""
        return urlsafe_b64encode(self._secret_bits(256).to_bytes(32, "big")).decode().rstrip("=")


@lru_cache(maxsize=1024)
def token_owner(token: str) -> tuple[str, str] | None:
    """Organisation and OAuth client a token names; None where it is not of this mock's making."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    encoded = match[3]
    try:
        return match[1], urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None


def context_owner(context_id: str) -> str | None:
    """The organisation a contextId names; None where it is not a contextId."""
    match = _CONTEXT.fullmatch(context_id)
    return match[1] if match else None


def was_issued(session_id: str, seal: str) -> bool:
    """Whether an organisation with this `seal` issued the session id at some time, though it may have forgotten it since."""
    match = _SESSION.fullmatch(session_id)
    if match is None:
        return False
    digits = "".join(match.groups()[:4])
    return blake2b(digits.encode(), digest_size=6, key=seal.encode()).hexdigest() == match[5]


def pseudonym(token: str) -> str:
    """A short name for a token that is the same whenever the token is, and from which nobody gets the token back."""
    return "t:" + blake2b(token.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def redact_tokens(text: str) -> str:
    """`text` with every token of this mock's making replaced by its pseudonym."""
    return _TOKEN.sub(lambda match: f"[REDACTED {pseudonym(match[0])}]", text)
