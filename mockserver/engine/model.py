"""The engine's records: frozen, without behaviour of their own.

Times are integers of milliseconds since the epoch on the organisation's clock, durations integers of milliseconds. Every record
has a `version`: 1 at first, one more with each change. Stores compare versions only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

Operation: TypeAlias = str
"""The name of an operation: one of OPERATIONS, or one that a declaration gives."""

OPERATIONS: tuple[Operation, ...] = ("token", "create", "send")
"""The operations that this engine decides."""

TOKENS = "/oauth/token"
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"

ROUTES: dict[str, Operation] = {TOKENS: "token", "/login/oauth/token": "token", SESSIONS: "create", MESSAGES: "send"}
"""The operations by their paths, as `platforms/webchat.yaml` has them."""

SESSION_ID = "webChatSessionId"
"""The member that has a session's id, in the answer to its creation and in each send."""

WRITE_SCOPE = "webchat:session:write"
"""The scope named in the thread. No public specification lists it."""

DEFAULT_ORGANIZATION = "00000000"
"""The organisation that every server starts with; `default` is its readable name."""

UNASSIGNED = "ffffffff"
"""The organisation in which requests that name none are journalled; `unassigned` is its readable name."""


CAUSES = ("ended", "evicted", "spent", "succeeded", "idle", "expired")
"""Ways for a credential to end, in order of precedence at equal milliseconds. The first four are acts, the others deadlines."""

NEVER = 1 << 53
"""A time that never comes: beyond every clock, and still exact as a double."""


class State(StrEnum):
    """The states of a session. All but ACTIVE are final."""

    ACTIVE = "active"
    REVOKED = "revoked"
    CONSUMED = "consumed"
    IDLE = "idle"
    EXPIRED = "expired"


STATES = {
    "": State.ACTIVE,
    "ended": State.REVOKED,
    "spent": State.CONSUMED,
    "idle": State.IDLE,
    "expired": State.EXPIRED,
}
"""The state of a session that ended by a cause."""


class Reason(StrEnum):
    """The reason for an answer, in the mock's own terms. It is shown in the journal and in `Dayfly-Reason`."""

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

    __hash__ = str.__hash__  # the hash of an enumeration is written in Python, which slows every table lookup


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules an organisation enforces. Durations are in milliseconds; `None` switches a rule off.

    Defaults that the thread does not give are the project's own. For the names in files see `mockserver.settings`.
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
    """An organisation's clock: system time plus `offset`, or frozen at `frozen_at` if that is not None."""

    offset: int = 0
    frozen_at: int | None = None

    def reading(self, system: int) -> int:
        """Return this clock's time at the system's time `system`, both in milliseconds."""
        return system + self.offset if self.frozen_at is None else self.frozen_at


class Organization(Struct, frozen=True, kw_only=True):
    """A tenant. Its session ids are checked with `seal`. With `rejects_tokens` every bearer token is answered with 401."""

    id: str
    version: int = 1
    name: str = ""
    policy: Policy = Policy()
    clock: ClockState = ClockState()
    seal: int = 0
    rejects_tokens: bool = False


class Counts(Struct, frozen=True, kw_only=True, gc=False):
    """The counts of a credential, which the store keeps without changing `version`, because several requests count at once.

    `number` is its number among its owner's, from 1; 0 if no operation issued it. `window` is the start of the minute that is
    counted for the rate limit, `requests` the requests in it. As an owner, it has issued `issued` credentials so far, and those
    up to the number `evicted` are evicted.
    """

    number: int = 0
    window: int = 0
    requests: int = 0
    issued: int = 0
    evicted: int = 0


UNCOUNTED = Counts()


class Credential(Struct, frozen=True, kw_only=True, gc=False):
    """A session, a token, an OAuth client, or a credential of any other kind. `mockserver.engine.life` has its rules.

    Deadlines are set at issue and at each use, and only then. `ended_at` and `ended_by` are the act that ended it, or will
    after a grace. `left` counts its remaining uses, None if they are unlimited.
    """

    kind: str
    id: str
    version: int = 1
    within: str = ""
    """The id of its owner: the OAuth client of a token or a session."""
    issued_at: int = 0
    last_used: int = 0
    idle_at: int = NEVER
    expires_at: int = NEVER
    ended_at: int = NEVER
    ended_by: str = ""
    left: int | None = None
    bound: tuple[str | None, ...] = ()
    """Values that must be equal at each use: the secret of an OAuth client."""
    scopes: tuple[str, ...] | None = None
    """Its scopes, which are checked at every request; None means all that its owner has."""
    about: str = ""
    """What it was issued for: the name of an OAuth client, or a session's guest, name and email with a NUL between them. No
    request can have one, and a text takes half the memory of a tuple."""
    counts: Counts = UNCOUNTED

    @property
    def parts(self) -> list[str]:
        """The parts of `about`: a guest's name and email."""
        return self.about.split("\0")

    @property
    def ends_at(self) -> int:
        """The time at which it ends or ended, if nothing else happens to it."""
        deadline = self.idle_at if self.idle_at < self.expires_at else self.expires_at
        return deadline if deadline < self.ended_at else self.ended_at


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
"""How the Retry-After header is written: as the platform does, or in another form that clients meet."""

UnusableBody = Literal["cut", "html", "blank", "list", "no_field", "null", "empty", "number"]
"""The body of a complete 200 that a client cannot use: not JSON, not an object, or without a valid value in its field."""


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault to come, as data. The effect of each kind is in `mockserver.faults`.

    It skips `skip` requests of `operation` (None: any), and hits the next `times` of them (None: all), each with `probability`.
    """

    kind: FaultKind
    operation: Operation | None = None
    times: int | None = 1
    probability: float = 1.0
    skip: int = 0
    status: int = 503
    """For `status`: 400, 413, 429, 500, 502, 503 …; for `redirect`: 301, 302, 303, 307 or 308."""
    retry_after: int | None = None
    """For `status`: the Retry-After header, in whole seconds."""
    retry_after_form: RetryAfterForm = "seconds"
    """For `status`: the form of that header."""
    body: UnusableBody = "cut"
    """For `unusable_body`: the body in place of the platform's own."""
    after_acting: bool = False
    """For `status`: the platform acts first, then answers with the error."""
    milliseconds: int = 0
    """For `latency`: its length."""
    where: Literal["before", "after"] = "before"
    """For `latency`: before the platform acts, or after."""


class FaultPlan(Struct, frozen=True, kw_only=True):
    """An organisation's faults to come; the first that fits hits. `seed` and `drawn` make chances repeatable."""

    version: int = 1
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    drawn: int = 0
