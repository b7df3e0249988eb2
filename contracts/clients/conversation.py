"""What a client process was asked and what it has answered, however it is driven."""

from __future__ import annotations

from contracts.clients import lines
from contracts.clients.base import Intent
from contracts.clients.errors import ClientProtocolError


class Conversation:
    """The intents that one process was asked for, by their numbers."""

    def __init__(self) -> None:
        self._asked: dict[int, Intent | None] = {}
        self._answered: set[int] = set()

    @property
    def has_begun(self) -> bool:
        """Whether the client was asked anything."""
        return bool(self._asked)

    @property
    def is_open(self) -> bool:
        """Whether the client owes an answer."""
        return any(self._asked.values())

    def ask(self, intent: Intent) -> bytes:
        """Return the line that asks for an intent, which begins."""
        number = len(self._asked) + 1
        self._asked[number] = intent
        intent.began()
        return intent.question(number)

    def expected(self, reply: lines.ReplyLine) -> lines.ReplyLine:
        """Return the reply. Raises ClientProtocolError if it answers what was not asked, or not any more."""
        if reply.id not in self._asked:
            raise ClientProtocolError(f"the client answered intent {reply.id}, which it was never asked")
        if reply.id in self._answered:
            raise ClientProtocolError(f"the client answered intent {reply.id}, a second time")
        self._answered.add(reply.id)
        return reply

    def settle(self, reply: lines.ReplyLine) -> None:
        """End the intent that an expected reply answers."""
        intent = self._asked[reply.id]
        assert intent is not None
        self._asked[reply.id] = None
        intent.ended("accepted" if reply.ok else "failed", reply.error or "")
