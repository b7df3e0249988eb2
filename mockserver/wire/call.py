"""A request on its way through the core, from its arrival to its answer."""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine.decide import Outcome, ParsedRequest, Seen, secret_of
from mockserver.engine.model import Operation, Reason
from mockserver.faults import NONE, Effect
from mockserver.journal import Entry
from mockserver.wire import notes
from mockserver.wire.credentials import shown_as
from mockserver.wire.message import Request, Response
from mockserver.wire.redaction import Secrets


class ArrivedCall(Struct, gc=False):
    """A request that has arrived, with the snapshot of the store and the fault that hits it.

    `operation` is None if the path is unknown. `detail`, `media` and `allow` fill in the messages of refusals. `refused` is the
    route's refusal; `secret` and `scopes` belong to a token request. `answered_with` is the answer if nothing is left to
    decide. `sent` is the answer that was rendered, if it is kept for the journal. `key_header` is the name, in lower case, of a
    header that makes a request idempotent. `weight` is the number of bytes, chosen by the sender, that the request keeps in
    memory.
    """

    request: Request
    operation: Operation | None
    ask: ParsedRequest
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
    sent: Response | None = None
    known_secrets: Secrets | None = None
    """Secrets of the OAuth clients seen before. A shared store needs the arrival's text before the client is read."""

    @property
    def delay(self) -> float:
        """Seconds to wait before the platform acts."""
        return self.effect.before / 1000

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """The secret of its OAuth client, in the forms in which it may be sent."""
        client = self.seen.client if self.seen is not None else None
        return () if client is None else shown_as(client.id, secret_of(client))

    @property
    def takes_forms(self) -> bool:
        """True if its body is to be a form."""
        return self.operation == "token"

    def entry(self, seq: int, at: int) -> Entry:
        return notes.arrival(self, seq, at)

    def answered(self, outcome: Outcome) -> notes.AnswerNote:
        """Return the journal entry for the answer that `outcome` leads to."""
        return notes.AnswerNote(self, outcome)
