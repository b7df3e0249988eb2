"""A request on its way through the core, from its arrival to its answer."""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine.decide import Ask, Outcome, Seen
from mockserver.engine.model import Operation, Reason
from mockserver.faults import NONE
from mockserver.faults.effect import Effect
from mockserver.journal import Entry
from mockserver.wire import notes
from mockserver.wire.message import Request, Response
from mockserver.wire.redaction import Secrets


class Call(Struct, gc=False):
    """A request that has arrived: what was read of it, what was seen, and the fault that hits it.

    `operation` is None where the route leads to none. `detail`, `media` and `allow` word refusals; `refused` is the route's
    own, `secret` and `scopes` a token request's. `answered_with` is the answer where there is nothing left to decide.
    `key_header` names a header that makes a request idempotent, in lower case. `weight` is what the request keeps in memory, in
    bytes as far as its sender chooses them.
    """

    request: Request
    operation: Operation | None
    ask: Ask
    context_id: str
    detail: str = ""
    media: str = "application/json"
    allow: str = "POST"
    refused: Reason | None = None
    secret: str = ""
    scopes: tuple[str, ...] | None = None
    seen: Seen | None = None
    effect: Effect = NONE
    answered_with: Response | None = None
    key_header: str = ""
    weight: int = 0
    known_secrets: Secrets | None = None
    """Secrets of OAuth clients met before: a shared store words an arrival before its client is read."""

    @property
    def delay(self) -> float:
        """Seconds to wait before the platform acts."""
        return self.effect.before / 1000

    def entry(self, seq: int, at: int) -> Entry:
        """The journal entry for the arrival."""
        return notes.arrival(self, seq, at)

    def answered(self, outcome: Outcome) -> notes.AnswerNote:
        """The journal entry for the answer that `outcome` leads to."""
        return notes.AnswerNote(self, outcome)
