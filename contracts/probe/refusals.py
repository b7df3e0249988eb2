"""The guards of the platform, in their order, and the refusals at each."""

from __future__ import annotations

from typing import NamedTuple

from contracts.platform_requests import PlatformReply


class RequiredRefusal(NamedTuple):
    """A required refusal: the clause that requires it, the status and `code` (None: any), and its cause."""

    clause: str
    status: int
    code: str | None
    cause: str

    def is_told_by(self, reply: PlatformReply) -> bool:
        """Return whether the answer is this refusal."""
        return reply.status == self.status and self.code in {None, reply.code}

    def __str__(self) -> str:
        return f"{self.status} {self.code}" if self.code else str(self.status)


NO_TOKEN = RequiredRefusal("P8", 401, "authentication.required", "no token")
WRONG_TOKEN = RequiredRefusal("P8", 401, "bad.credentials", "a token that was never issued")
MALFORMED_TOKEN = RequiredRefusal("P8", 401, "bad.credentials", "an Authorization that is not a bearer token")
EVICTED_TOKEN = RequiredRefusal("P8", 401, "bad.credentials", "a token that was evicted")
EXPIRED_TOKEN = RequiredRefusal("P8", 401, "credentials.expired", "a token that has expired")
IDLE_TOKEN = RequiredRefusal("P8", 401, "credentials.expired", "a token that was idle for too long")

NO_SCOPE = RequiredRefusal("P7", 403, "app.not.authorized.for.scope", "a scope that is missing")

OTHER_MEDIA_TYPE = RequiredRefusal("P10", 415, None, "another media type")
TOO_LARGE = RequiredRefusal("P10", 413, None, "a body that is too large")
BAD_BODY = RequiredRefusal("P10", 400, None, "a body that is wrong")

OVER_THE_LIMIT = RequiredRefusal("P12", 429, None, "a rate limit that was reached")

USED_UP = RequiredRefusal("P2", 403, "not.authorized", "an id that was used up")
TTL_OVER = RequiredRefusal("P4", 403, "not.authorized", "an id whose time to live was over")
IDLE = RequiredRefusal("P5", 403, "not.authorized", "an id that was idle for too long")
UNKNOWN = RequiredRefusal("P6", 403, "not.authorized", "an id that was never issued")
FOREIGN = RequiredRefusal("P6", 403, "not.authorized", "an id of another client")

SESSION = frozenset({USED_UP, TTL_OVER, IDLE, UNKNOWN, FOREIGN})
"""Refusals of the last guard, which must all be alike."""

STRANGER = frozenset({UNKNOWN, FOREIGN})
