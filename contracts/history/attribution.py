"""Attribution: finds the message for which a client made each request.

A trace does not record it. A request is attributed by its content, and by what the rest of the trace shows of it. A create is
attributed by its guest, and by the text that is later sent in its session. A send is attributed by the create of its session,
or by its text if that is unknown. Everything else belongs to the only open message.

Two kinds of client make that hard. Some go on with a message that they have reported: a queue, a background thread, a worker
whose caller timed out. Others mix up the guests or the texts of messages that they send at once. If the content leaves a doubt,
the request belongs to no message, and the doubt is recorded: a verdict that rests on it is uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from unicodedata import normalize

from contracts.history.calls import document, guest_of, message_in
from contracts.history.validate import Numbered
from mockserver.journal import Answer, Arrival, Began, Ended, Guest, Returned

LATE = "the client may have been at work on a message that it had reported before"
MIXED = "the client may have created sessions for the wrong one of the guests it served at once"

IDLE = 100
"""If at least these milliseconds lie between the last answer and a report of failure, the answer was not its cause."""


@dataclass(eq=False, slots=True)
class SentMessage:
    """A message that the client was asked to send. `sent`: a send of it, or in its session, left before its report.

    `restarted`: a new client took over after its report. That one goes on with the message only if it kept it in a file.
    """

    number: int
    guest: Guest
    text: str
    item: int
    began_at: int
    outcome: str = ""
    sent: bool = False
    restarted: bool = False

    @property
    def may_go_on(self) -> bool:
        """Return whether the client may still be at work on it after its report."""
        return not (self.outcome == "accepted" and self.sent)


@dataclass(eq=False, slots=True)
class AttributedRequest:
    """The content of a request: its guest, its text, the session it presents and the one it was issued."""

    operation: str | None
    item: int
    guest: Guest | None = None
    text: str | None = None
    presented: str | None = None
    issued: str | None = None


class Claim(NamedTuple):
    """The message of a request; None if it belongs to no message. `doubt` says why that is uncertain."""

    message: SentMessage | None
    doubt: str = ""


@dataclass(slots=True)
class Attribution:
    """The claim of each request by its contextId, and the numbers of the messages the client went on with after its report.

    `suspected` also has the messages that it reported as failed while it waited for something: a worker may still go on with
    those.
    """

    claims: dict[str, Claim] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    suspected: set[int] = field(default_factory=set)


def attributed(entries: Sequence[Numbered]) -> Attribution:
    """Attribute every request of a trace."""
    if not any(isinstance(entry, Began) for entry in entries):
        return Attribution()
    return _Attributing(entries).run()


class _Attributing:
    """Reads the content of all requests, then goes through them in order twice: for late work, and for attribution."""

    def __init__(self, entries: Sequence[Numbered]) -> None:
        self._entries = entries
        self._watched = {entry.context_id for entry in entries if isinstance(entry, Returned)}
        self._result = Attribution()
        self._requests: dict[str, AttributedRequest] = {}
        self._texts: dict[str | None, set[str]] = {}
        self._made_for: dict[str, Guest | None] = {}
        self._items: dict[int, list[SentMessage]] = {}
        self._creates: dict[int, list[AttributedRequest]] = {}
        self._open: list[SentMessage] = []
        self._over: list[SentMessage] = []
        self._flying: dict[str, AttributedRequest] = {}
        self._created: dict[str, SentMessage] = {}
        self._doubted: set[str] = set()
        self._heard: dict[Guest | str | None, int] = {}

    def run(self) -> Attribution:
        self._collect()
        self._go_through(self._look_for_late_work)
        self._go_through(self._attribute)
        return self._result

    # -- what the requests show --------------------------------------------------------------------------------------

    def _collect(self) -> None:
        item = -1
        for entry in self._entries:
            if isinstance(entry, Arrival):
                self._requests[entry.context_id] = self._read(entry, item)
            elif isinstance(entry, Began):
                item = entry.item
            elif isinstance(entry, Answer) and entry.issued is not None and entry.context_id in self._requests:
                create = self._requests[entry.context_id]
                create.issued, self._made_for[entry.issued] = entry.issued, create.guest

    def _read(self, entry: Arrival, item: int) -> AttributedRequest:
        request = AttributedRequest(entry.operation if entry.method == "POST" else None, item)
        if request.operation == "create":
            request.guest = guest_of(document(entry))
            self._creates.setdefault(item, []).append(request)
        elif request.operation == "send":
            request.presented, request.text = message_in(document(entry))
            if request.text is not None:
                self._texts.setdefault(request.presented, set()).add(request.text)
        return request

    def _texts_in(self, create: AttributedRequest) -> Collection[str]:
        """Return the texts that were sent in the session of a create."""
        return self._texts.get(create.issued, ()) if create.issued is not None else ()

    # -- which messages are open -------------------------------------------------------------------------------------

    def _go_through(self, see: Callable[[str, AttributedRequest], None]) -> None:
        self._open, self._over = [], []
        self._flying.clear()
        self._heard.clear()
        for entry in self._entries:
            if isinstance(entry, Arrival):
                request = self._flying[entry.context_id] = self._requests[entry.context_id]
                see(entry.context_id, request)
            elif isinstance(entry, (Answer, Returned)):
                self._hear(entry)
                if entry.context_id not in self._watched or isinstance(entry, Returned):
                    self._flying.pop(entry.context_id, None)
            elif isinstance(entry, Began):
                self._begin(entry)
            elif isinstance(entry, Ended):
                self._end(entry)
            elif entry.what == "restart_client":
                self._restart()

    def _restart(self) -> None:
        for message in self._over:
            message.restarted = True

    def _begin(self, entry: Began) -> None:
        message = SentMessage(entry.intent, entry.guest, entry.text, entry.item, entry.at)
        self._open.append(message)
        others = self._items.setdefault(entry.item, [])
        if all(other.number != message.number for other in others):
            others.append(message)

    def _end(self, entry: Ended) -> None:
        message = next(message for message in self._open if message.number == entry.intent)
        self._open.remove(message)
        self._over.append(message)
        message.outcome = entry.outcome
        if any(self._is_about(message, request) for request in self._flying.values()):
            self._is_late(message.number)
        heard = (self._heard.get(about, message.began_at) for about in (message.guest, message.text, None))
        if entry.outcome == "failed" and entry.at - max(message.began_at, *heard) >= IDLE:
            self._result.suspected.add(message.number)

    def _hear(self, entry: Answer | Returned) -> None:
        """Note when the client last heard about a guest, a text, or (None) anything else."""
        request = self._requests.get(entry.context_id)
        if request is not None:
            self._heard[request.guest or request.text] = entry.at

    def _is_about(self, message: SentMessage, request: AttributedRequest) -> bool:
        """Return whether a request is clearly for this message, and for no other that is open."""
        if request.operation == "send":
            return request.text == message.text and self._saying(request.text) is None
        return request.operation == "create" and request.guest == message.guest and not self._open

    def _naming(self, guest: Guest | None) -> SentMessage | None:
        """Return the open message to this guest, or None."""
        return next((message for message in self._open if message.guest == guest), None)

    def _saying(self, text: str | None) -> SentMessage | None:
        """Return the open message with this text, or None."""
        return next((message for message in self._open if message.text == text), None)

    # -- late work ---------------------------------------------------------------------------------------------------

    def _look_for_late_work(self, _: str, request: AttributedRequest) -> None:
        """Note late work: a text that belongs to no open message shows that the client went on with one it had reported."""
        if request.operation != "send" or self._saying(request.text) is not None:
            return
        guest = self._made_for.get(request.presented or "")
        if self._naming(guest) is None:
            self._is_late(*(message.number for message in self._over if message.text == request.text))

    def _is_late(self, *messages: int) -> None:
        self._result.late.update(messages)
        self._result.suspected.update(messages)

    def _may_go_on(self, messages: Sequence[SentMessage]) -> bool:
        """Return whether the client is known, or suspected, to go on with one of them. A new client is not suspected."""
        late, suspected = self._result.late, self._result.suspected
        return any(message.number in (late if message.restarted else suspected) for message in messages)

    # -- attribution -------------------------------------------------------------------------------------------------

    def _attribute(self, context_id: str, request: AttributedRequest) -> None:
        claim = self._claim(request)
        message = claim.message
        if message is not None and request.issued is not None:
            self._created[request.issued] = message
        is_late = message is not None and message.outcome != ""
        if (claim.doubt or is_late) and request.issued is not None:
            self._doubted.add(request.issued)
        if request.operation == "send":
            for sender in (message, self._created.get(request.presented or "")):
                if sender is not None and not sender.outcome:
                    sender.sent = True
        self._result.claims[context_id] = claim

    def _claim(self, request: AttributedRequest) -> Claim:
        if request.operation == "create":
            return self._claim_create(request)
        if request.operation == "send":
            return self._claim_send(request)
        return self._claim_of_the_rest()

    def _claim_of_the_rest(self) -> Claim:
        """A request without content belongs to the only open message, unless the client may be late with another."""
        if len(self._open) == 1 and self._may_go_on(self._over):
            return Claim(None, LATE)
        return Claim(self._only())

    def _only(self) -> SentMessage | None:
        return self._open[0] if len(self._open) == 1 else None

    def _claim_create(self, create: AttributedRequest) -> Claim:
        texts = self._texts_in(create)
        named = self._naming(create.guest)
        past = [message for message in self._over if message.guest == create.guest]
        said = next((message for message in self._open if message.text in texts), None)
        lates = [message for message in past if message.text in texts and message.may_go_on]
        late = lates[-1] if lates else None
        if named is not None:
            return self._claim_named(create, named, said, late, past)
        if (said is not None and late is not None) or len(lates) > 1:
            return Claim(None, LATE)
        if said is not None or late is not None:  # a wrong guest, or late work
            return Claim(said or late)
        unfinished = [message for message in past if message.may_go_on]
        if len(unfinished) == 1 and (unfinished[0].number in self._result.late or not self._open):
            return Claim(unfinished[0])
        return Claim(None, LATE) if unfinished else Claim(self._only())

    def _claim_named(
        self,
        create: AttributedRequest,
        named: SentMessage,
        said: SentMessage | None,
        late: SentMessage | None,
        past: Sequence[SentMessage],
    ) -> Claim:
        """Claim a create that names the guest of an open message. It may still be for another message."""
        if named.text in self._texts_in(create):
            doubtful = late is not None and (self._may_go_on([late]) or self._is_creating_for(create))
            return Claim(None, LATE) if doubtful else Claim(named)
        if late is not None:
            return Claim(late) if self._may_go_on([late]) else Claim(None, LATE)
        if said is not None:
            return self._claim_mistaken(create, named, said)
        if self._may_go_on(past):
            return Claim(None, LATE)
        return Claim(None, MIXED) if self._may_be_mistaken(create) else Claim(named)

    def _is_creating_for(self, create: AttributedRequest) -> bool:
        """Return whether another create for the same guest is under way."""
        flying = (other for other in self._flying.values() if other is not create)
        return any(other.operation == "create" and other.guest == create.guest for other in flying)

    def _claim_mistaken(self, create: AttributedRequest, named: SentMessage, said: SentMessage) -> Claim:
        """The guest is wrong, not the session, if that guest has its own create and the other guest is never named."""
        if any(other.guest == said.guest for other in self._creates.get(create.item, ())):
            return Claim(named)
        if self._is_served(named, create):
            return Claim(said)
        return Claim(None, MIXED) if self._may_be_mistaken(create) else Claim(named)

    def _is_served(self, message: SentMessage, but: AttributedRequest) -> bool:
        """Return whether another create named the message's guest, and its session carried the message's text."""
        others = (other for other in self._creates.get(but.item, ()) if other is not but)
        return any(other.guest == message.guest and message.text in self._texts_in(other) for other in others)

    def _may_be_mistaken(self, create: AttributedRequest) -> bool:
        """Return whether this guest is named more than once, while another one, served at the same time, is never named."""
        named = [other.guest for other in self._creates.get(create.item, ())]
        guests = {message.guest for message in self._items.get(create.item, ())}
        return named.count(create.guest) > 1 and not guests <= set(named)

    def _claim_send(self, send: AttributedRequest) -> Claim:
        creator, said = self._created.get(send.presented or ""), self._saying(send.text)
        if creator is None:
            return self._claim_by_text(send, said)
        if creator in self._open:
            return Claim(self._in_open_session(send, creator, said))
        return self._in_past_session(send, creator, said)

    def _claim_by_text(self, send: AttributedRequest, said: SentMessage | None) -> Claim:
        past = [message for message in self._over if message.text == send.text and message.may_go_on]
        doubtful = send.presented in self._doubted
        if said is not None:
            return Claim(None, LATE) if doubtful and past else Claim(said)
        if past:
            return Claim(None, LATE) if len(past) > 1 else Claim(past[-1])
        if doubtful:
            return Claim(None, LATE)
        is_alone = len(self._items.get(send.item, ())) == 1  # otherwise reported messages of the item may have sent it
        return self._claim_of_the_rest() if is_alone else Claim(None)

    def _in_open_session(self, send: AttributedRequest, creator: SentMessage, said: SentMessage | None) -> SentMessage:
        """Another message's text means that sessions were mixed up, unless it may be the creator's own text, altered."""
        if send.text is None or send.text == creator.text:
            return creator
        others = (message for message in self._items.get(creator.item, ()) if message.text == send.text)
        other = said or next(others, None)
        if other is None:
            return creator
        altered = may_become(creator.text, send.text) and not any(creator.text in texts for texts in self._texts.values())
        return creator if altered else other

    def _in_past_session(self, send: AttributedRequest, creator: SentMessage, said: SentMessage | None) -> Claim:
        if said is not None:  # a session that was kept, unless two messages have the same text
            late = send.text == creator.text and (not creator.sent or send.presented in self._doubted)
            return Claim(None, LATE) if late else Claim(said)
        if send.text == creator.text or not self._open:
            return Claim(creator)
        return Claim(None, LATE) if self._may_go_on([creator]) else Claim(self._only())


def may_become(given: str, sent: str) -> bool:
    """Return whether a text may be an alteration of another: cut, stripped, escaped, lower-cased or without some characters."""
    rest = iter(normalize("NFKC", given).casefold())
    return all(character in rest for character in normalize("NFKC", unescape(sent)).casefold())
