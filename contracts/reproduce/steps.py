"""What a recording tells, whatever wrote it: requests with what came back, what was done to the world, and what is wrong.

Times are integers of milliseconds since the epoch. Secrets are gone: tokens are pseudonyms, bodies are as they were redacted.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from mockserver.engine.model import Fault, Operation
from mockserver.journal import Credential

SCOPE_CODE = "app.not.authorized.for.scope"
"""The code that tells a 403 for a missing scope from every other."""

Effect = Literal["accepted", "refused", "uncertain", "none"]
"""What a send did to its session, as far as the recording tells: `uncertain` where its answer was lost or a server's error."""


class Step(Struct, frozen=True, kw_only=True, gc=False):
    """A request. `number` is its entry's in the file, `context` its contextId where one was told.

    The platform acted between `earliest` and `latest`; both are the same where the recording knows it to the millisecond.
    `path` is the platform's own, without what a gateway puts before it. `body` is None where the recording does not hold it.
    `status` is None where nothing came back. `reason` is the mock's own word, where a mock was recorded that tells it.
    `issued` is the id of a session created, `token` the pseudonym of a token issued, good for `expires_in` seconds.
    `order` is that of two steps at one millisecond; of steps in two epochs nobody knows how much time lies between them.
    `told` is whether a refusal says what it is. `known` is what a send did, where the recording has it from the platform
    itself. `fault` is what kept the platform's own answer from the client, where that is known. `doubt` is why it is not known
    which session a send presents, if that is not because it is older than the recording.
    """

    number: int
    method: str
    path: str
    operation: Operation | None
    credential: Credential
    earliest: int
    latest: int
    order: int = 0
    epoch: int = 0
    host: str = ""
    context: str = ""
    media_type: str | None = None
    body: bytes | None = None
    size: int = 0
    session: str | None = None
    text_length: int | None = None
    client: str | None = None
    scopes: str = ""
    status: int | None = None
    code: str | None = None
    reason: str | None = None
    told: bool = True
    issued: str | None = None
    token: str | None = None
    expires_in: int | None = None
    retry_after: int | None = None
    known: Effect | None = None
    fault: Fault | None = None
    doubt: str = ""

    @property
    def scope_refused(self) -> bool:
        """Whether a scope was missing."""
        return self.status == 403 and self.code == SCOPE_CODE

    @property
    def broken(self) -> bool:
        """Whether nobody knows what the platform did: no answer came, or one that a server in trouble gives."""
        return self.status is None or self.status >= 500 or self.status == 408

    @property
    def may_act_later(self) -> bool:
        """Whether the platform may act even after the client was told so: where nobody waited for it."""
        return self.status in {None, 408, 502, 504}

    @property
    def effect(self) -> Effect:
        """What it did to the session it presented."""
        if self.operation != "send" or self.session is None:
            return "none"
        if self.known is not None:
            return self.known
        if self.broken:
            return "uncertain"
        if self.status == 200:
            return "accepted"
        dead = self.status == 403 and self.told and not self.scope_refused and self.reason != "fault.injected"
        return "refused" if dead else "none"


class WorldStep(Struct, frozen=True, kw_only=True):
    """Something done to the organisation from outside, as a trace of the mock notes it: see `journal.Perturbed`."""

    number: int
    at: int
    order: int
    what: str
    epoch: int = 0
    detail: dict[str, Any] = {}


class Problem(Struct, frozen=True):
    """What is wrong with a recording, in the entry `number` of the file (None: in no one of them). The rest is read."""

    number: int | None
    text: str

    def words(self, unit: str) -> str:
        """The problem and where it is; `unit` is what the file's numbers count."""
        return self.text if self.number is None else f"{unit} {self.number}: {self.text}"


class Recording(Struct, frozen=True, kw_only=True):
    """A recording as it was read, its steps in the order in which they happened.

    `slack` is by how many milliseconds a stamp may be off, `policy` what the recording says was in force (names and seconds of
    policy files): when it began, or when it ended where it is `policy_at_end`. `sanitized` is whether a tool has taken out the
    credentials, `unit` what `number` counts: entries, or lines.
    """

    source: str
    kind: str
    steps: list[Step]
    world: list[WorldStep] = []
    problems: list[Problem] = []
    slack: int = 0
    policy: dict[str, Any] = {}
    policy_at_end: bool = False
    sanitized: bool = False
    unit: str = "entry"
