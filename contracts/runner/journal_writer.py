"""The world's entries in an organisation's journal: a message's beginning and end, and each return of an answer to
the client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from contracts.clients.base import Outcome
from contracts.clients.lines import question
from contracts.history import ON_ITS_WAY
from contracts.scenario import Advance, Message, Perturbation, noted
from mockserver.assemble import Assembly
from mockserver.control import Tenant
from mockserver.journal import Began, Ended, Entry, Perturbed, Returned

Make = Callable[[int, int], Entry]
"""Makes an entry from its number and its time in milliseconds."""


class JournalWriter:
    """Writes into the journal of one organisation, in which each entry gets its number among the mock's own."""

    def __init__(self, assembly: Assembly, tenant: Tenant) -> None:
        self._assembly, self._tenant = assembly, tenant

    def latest(self) -> int:
        """Return the number of the latest entry of the journal."""
        return self._assembly.store.newest(self._tenant.id)

    def write(self, make: Make) -> None:
        """Write one entry with the current time."""
        assembly = self._assembly
        assembly.store.load(self._tenant.id, (), _Note(make), assembly.platform.system())

    def returned(self, context_id: str, answered: bool, overtaken_by: int = 0, aside: bool = False) -> None:
        """Note that a request came back to the client; see `journal.Returned`."""
        self.write(lambda seq, at: Returned(seq, at, context_id, answered, overtaken_by, aside))

    def held_up(self, advance: Advance) -> None:
        """Note that the request which arrives next is held up for so long."""
        self.perturbed(advance, **{ON_ITS_WAY: True})

    def perturbed(self, perturbation: Perturbation, **more: Any) -> None:
        """Note a perturbation that the mock does not journal by itself."""
        what, detail = noted(perturbation)
        detail = {**detail, **more}
        self.write(lambda seq, at: Perturbed(seq, at, what, detail))


class _Note:
    """A journal entry that gets its number from the store."""

    weight = 0

    def __init__(self, make: Make) -> None:
        self._make = make

    def entry(self, seq: int, at: int) -> Entry:
        return self._make(seq, at)


class OpenIntent:
    """A message under way; see `clients.base.Intent`."""

    def __init__(self, writer: JournalWriter, number: int, item: int, message: Message) -> None:
        self._writer, self._number, self._item = writer, number, item
        self.guest, self.text = message.guest, message.text
        self._state: Literal["new", "open", "over"] = "new"

    def ask(self, client: Any) -> Any:
        """See `clients.base.Intent`."""
        return client.send(self.guest, self.text)

    def question(self, number: int) -> bytes:
        """See `clients.base.Intent`."""
        return question(number, self.guest, self.text)

    def began(self) -> None:
        """Note that the client is about to be asked."""
        self._state = "open"
        self._writer.write(lambda seq, at: Began(seq, at, self._number, self.guest, self.text, self._item))

    def ended(self, outcome: Outcome, error: str = "") -> None:
        """Note the outcome, unless the client was given up before."""
        if self._state == "open":
            self._end(outcome, error)

    def give_up(self, why: str) -> None:
        """Note that the client did not answer, unless it did."""
        if self._state == "new":
            self.began()
        if self._state == "open":
            self._end("never", why)

    def _end(self, outcome: Literal["accepted", "failed", "never"], error: str) -> None:
        self._state = "over"
        self._writer.write(lambda seq, at: Ended(seq, at, self._number, outcome, error))
