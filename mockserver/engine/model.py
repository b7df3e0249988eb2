"""The values the engine decides over: frozen, without behaviour beyond reading themselves.

Times are integers of milliseconds since the epoch on the organisation's clock, durations are integers of milliseconds.
Every record carries a `version`: 1 when it is first written, one more with each change. A store compares it, nothing else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

Operation = Literal["token", "create", "send"]

OPERATIONS: tuple[Operation, ...] = ("token", "create", "send")

WRITE_SCOPE = "webchat:session:write"
"""The scope the thread names; no public specification lists it."""

DEFAULT_ORGANIZATION = "00000000"
"""The organisation every server starts with; `default` is its name for people."""

UNASSIGNED = "ffffffff"
"""Where requests are journalled that name no organisation; `unassigned` is its name for people."""


class State(StrEnum):
    """States of a session. All but ACTIVE are final; the order is the precedence at equal milliseconds."""

    ACTIVE = "active"
    REVOKED = "revoked"
    CONSUMED = "consumed"
    IDLE = "idle"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why a request was answered as it was: the mock's own words, told in the journal and in `Dayfly-Reason`."""

    TOKEN_ISSUED = "token.issued"
    SESSION_CREATED = "session.created"
    MESSAGE_ACCEPTED = "message.accepted"

    AUTH_MISSING = "auth.missing"
    AUTH_MALFORMED = "auth.malformed"
    AUTH_UNKNOWN = "auth.unknown"
    AUTH_EXPIRED = "auth.expired"
    AUTH_IDLE = "auth.idle"
    AUTH_REVOKED = "auth.revoked"
    AUTH_EVICTED = "auth.evicted"
    AUTH_REJECTED = "auth.rejected"

    SCOPE_MISSING = "scope.missing"

    MEDIA_TYPE = "body.media-type"
    TOO_LARGE = "body.too-large"
    NOT_JSON = "body.not-json"
    NOT_OBJECT = "body.not-object"
    INVALID = "body.invalid"

    RATE_LIMITED = "rate.limited"

    SESSION_CONSUMED = "session.consumed"
    SESSION_IDLE = "session.idle"
    SESSION_EXPIRED = "session.expired"
    SESSION_REVOKED = "session.revoked"
    SESSION_UNKNOWN = "session.unknown"
    SESSION_FOREIGN = "session.foreign"
    SESSION_FORGOTTEN = "session.forgotten"

    OAUTH_UNKNOWN_CLIENT = "oauth.unknown-client"
    OAUTH_WRONG_SECRET = "oauth.wrong-secret"
    OAUTH_UNSUPPORTED_GRANT = "oauth.unsupported-grant"
    OAUTH_INVALID_SCOPE = "oauth.invalid-scope"
    OAUTH_INVALID_REQUEST = "oauth.invalid-request"

    ROUTE_UNKNOWN = "route.unknown"
    ROUTE_METHOD = "route.method"

    CAPACITY = "capacity.sessions"
    CAPACITY_BODIES = "capacity.bodies"
    BUSY = "server.busy"
    STORE_UNAVAILABLE = "store.unavailable"
    STORE_CONTENDED = "store.contended"
    INTERNAL = "internal.error"
    FAULT = "fault.injected"

    __hash__ = str.__hash__  # an enumeration's own is written in Python, and every look into a table would pay for it


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organisation enforces. Durations in milliseconds; `None` switches a rule off.

    The values are the project's own where the thread gives none: see `mockserver.settings` for the names in files.
    """

    ttl: int = 300_000
    idle_timeout: int = 30_000
    handshakes: int = 1
    retention: int = 86_400_000
    create_scopes: tuple[str, ...] = (WRITE_SCOPE,)
    send_scopes: tuple[str, ...] = (WRITE_SCOPE,)
    token_ttl: int = 86_400_000
    token_idle_timeout: int | None = None
    max_tokens_per_client: int | None = None
    rate_limit_per_minute: int | None = None
    max_text: int = 4000
    max_body: int = 1 << 20


class ClockState(Struct, frozen=True):
    """An organisation's clock: running (`frozen_at` is None: system time plus `offset`) or standing at `frozen_at`."""

    offset: int = 0
    frozen_at: int | None = None

    def reading(self, system: int) -> int:
        """What this clock shows when the system's shows `system`; both in milliseconds."""
        return system + self.offset if self.frozen_at is None else self.frozen_at


class Organization(Struct, frozen=True, kw_only=True):
    """A tenant. `seal` is what its session ids are checked with; `rejects_tokens` answers 401 to every bearer."""

    id: str
    version: int = 1
    name: str = ""
    policy: Policy = Policy()
    clock: ClockState = ClockState()
    seal: int = 0
    rejects_tokens: bool = False


class OAuthClient(Struct, frozen=True, kw_only=True):
    """A client-credentials client. `scopes` are looked at with every request, so taking one acts on live tokens at once."""

    id: str
    version: int = 1
    organization: str
    secret: str
    scopes: tuple[str, ...] = (WRITE_SCOPE,)
    name: str = ""
    issued: int = 0
    """Tokens issued to it so far."""
    evicted: int = 0
    """The number of the newest of its tokens that is evicted, and all before it with it."""


class Token(Struct, frozen=True, kw_only=True, gc=False):
    """A bearer token. `ended_by` is the reason for which the control API ended it; None while it stands.

    `number`, `last_used`, `window` and `used` are counted by the store, and leave `version` alone.
    """

    value: str
    version: int = 1
    client_id: str
    issued: int
    expires_at: int
    scopes: tuple[str, ...] | None = None
    """What the token was asked for; None means all that its client has."""
    last_used: int = 0
    ended_by: Reason | None = None
    number: int = 0
    """Which of its client's tokens it is, from 1; 0 if it was not issued by the token operation."""
    window: int = 0
    """Start of the minute being counted, for the rate limit."""
    used: int = 0
    """Requests counted in that minute."""


class Session(Struct, frozen=True, kw_only=True, gc=False):
    """A web-chat session. Deadlines are stamped at creation and at each accepted send, and only then.

    `ended_at` and `ended_by` are set where an act ended it (consumed, revoked); idle and expired follow from the deadlines.
    """

    id: str
    version: int = 1
    client_id: str
    created: int
    last_activity: int
    idle_at: int
    expires_at: int
    handshakes_left: int
    ended_at: int | None = None
    ended_by: State | None = None
    guest_name: str = ""
    guest_email: str = ""


FaultKind = Literal[
    "status",
    "opaque_403",
    "lost_request",
    "lost_response",
    "latency",
    "truncated_body",
    "unusable_body",
    "redirect",
    "split_body",
]

RetryAfterForm = Literal["seconds", "fraction", "date", "malformed", "absent"]
"""How the header Retry-After is written: as the platform does, or in another way that clients meet."""

UnusableBody = Literal["cut", "html", "blank", "list", "no_field", "null", "empty", "number"]
"""The body of a complete 200 that a client cannot use: not JSON, not an object, or without a proper value in its field."""


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault to come, as data; what each kind does is in `mockserver.faults`.

    It hits the next `times` requests (None: all) of `operation` (None: any), each with `probability`.
    """

    kind: FaultKind
    operation: Operation | None = None
    times: int | None = 1
    probability: float = 1.0
    status: int = 503
    """For `status`: 400, 413, 429, 500, 502, 503 …; for `redirect`: 301, 302, 303, 307 or 308."""
    retry_after: int | None = None
    """For `status`: the Retry-After header, in whole seconds."""
    retry_after_form: RetryAfterForm = "seconds"
    """For `status`: how that header is written."""
    body: UnusableBody = "cut"
    """For `unusable_body`: what stands in place of the platform's own."""
    after_acting: bool = False
    """For `status`: the platform acts first, then answers with the error."""
    milliseconds: int = 0
    """For `latency`: how long."""
    where: Literal["before", "after"] = "before"
    """For `latency`: before the platform acts, or after."""


class FaultPlan(Struct, frozen=True, kw_only=True):
    """The faults an organisation has in store, first come first hit; `seed` and `drawn` make chances repeatable."""

    version: int = 1
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    drawn: int = 0
