"""What a client process was asked and what it has answered, however it is driven."""

from __future__ import annotations

from contracts.clients import lines
from contracts.clients.base import Intent, Lost
from contracts.clients.child import ending
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

    def check_end(self, status: int | None, patience: float, words: str) -> None:
        """Raise Lost if the process has gone on after the end of its input (None), or ended before it was asked anything."""
        if status is None:
            silent = f"for {patience:g} s it neither ended nor made a request"
            raise Lost(f"the client went on after the end of its input: {silent}; it was killed", words, waited=True)
        if status != 0 and not self.has_begun:
            raise Lost(f"the client ended before it was asked anything: {ending(status)}", words)

    def settle(self, reply: lines.ReplyLine) -> None:
        """End the intent that an expected reply answers."""
        intent = self._asked[reply.id]
        assert intent is not None
        self._asked[reply.id] = None
        intent.ended("accepted" if reply.ok else "failed", reply.error or "")


def left_at_work(status: int | None, words: str) -> Lost:
    """Return the error for a process that has closed its output though it owes an answer, and ended (None: goes on)."""
    if status is None:
        return Lost("the client closed its stdout while it had work to do, and goes on", words, waited=True)
    return Lost(f"the client ended while it had work to do: {ending(status)}", words)


def hangs(patience: float, unfinished: str, words: str) -> Lost:
    """Return the error for a process that shows nothing; `unfinished` complains about its last line, if it has not ended it."""
    problem = f"the client hangs: for {patience:g} s neither an answer on stdout nor a request"
    return Lost(problem + (f"; {unfinished}" if unfinished else ""), words, waited=True)
