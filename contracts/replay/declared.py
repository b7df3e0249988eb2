"""Replays a recording of a declared platform on a mock of it, whose clock follows the recording's.

The mock issues the recorded ids, so the recorded requests are made as they are. A journal has the ids of its requests, from
which the declaration builds them again.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from operator import itemgetter
from urllib.parse import quote

from msgspec.structs import replace

from contracts.clients.names import BASE_URL
from contracts.history import Call
from contracts.protocol.asking import request
from contracts.protocol.history import history_of
from contracts.protocol.recording import Reading
from contracts.protocol.trace import Happened, TraceExchange
from contracts.protocol.wire import code_of
from contracts.remote.web import NoAnswer, Web
from contracts.replay.earlier import earlier, fault_of
from contracts.replay.minimize import NotReproduced, distil_declared
from contracts.replay.minimize.declared import unlike
from contracts.replay.recording import RecordingError, RecordingProblem
from contracts.replay.results import Inference, RefusalGroup, ReplayedAnswer, ReplayedRequest, ReproductionReport
from contracts.replay.words import no_story
from contracts.stories.declared import DeclaredStory
from mockserver.declared.explain import explained
from mockserver.declared.handler import CONTEXT, REASON, DeclaredHandler
from mockserver.declared.mock import Mock, Registered
from mockserver.declared.past import past_of
from mockserver.errors import NotFound
from mockserver.inprocess import Transport
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Kind, Platform

UNSENT = {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
"""Headers that the transport of a request has, and not its meaning."""

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))

_REQUEST = re.compile(r"\brequest (\d+)\b")

NO_POLICY = Inference(findings=[], explanations=[], notes=[], policy={}, explains_all=False)


class _Issuing(Mock):
    """A mock that issues the ids that it is given in `next`, by kind, at the time in `at`."""

    def __init__(self, platform: Platform, at: int) -> None:
        self.at, self.next, self.beside = at, dict[str, str](), dict[str, str]()
        super().__init__(platform, system=lambda: self.at)

    def mint(self, kind: str) -> str:
        """Return the id to issue."""
        return self.next.pop(kind, None) or super().mint(kind)

    def _owner_of_registered(self, kind: Kind, among: Mapping[str, Registered] | None = None) -> str:
        return self.beside.get(kind.within or "") or super()._owner_of_registered(kind, among)

    def register(self, name: str, given: Registered | None = None) -> Registered:
        """Issue a credential as it was recorded, however short its secret is: this journal is not written."""
        kind = self.kind(name)
        made = self._made(kind, given)
        self._put(kind, made)
        self._know(name, made)
        self._note("register", {"kind": name, "id": self.told_as(name, made.id)})
        return made


class DeclaredReplay:
    """Replays a recording, once. `named` is the name or file of its platform, `policy` tells which one it has."""

    def __init__(self, reading: Reading, named: str, source: str, policy: str = "as declared") -> None:
        self._reading, self._named, self._source, self._policy = reading, named, source, policy
        self._history = history_of(reading.platform, reading.trace)
        self._is_journal = any(one.journalled for one in reading.trace.exchanges)
        self._contexts: dict[int, str] = {}
        self._numbers: list[int] = []
        found = list(earlier(self._history))
        self._taken: dict[int, str] = {}
        for one in found:
            self._taken[one.number] = "; ".join(filter(None, (self._taken.get(one.number), one.taken)))
        known = sorted([(one.at, one) for one in found if one.at is not None], key=itemgetter(0))
        start = min([*(at for at, _ in known), *(one.left_at for one in reading.trace.exchanges)], default=0)
        self._before = {(one.kind, one.id) for _, one in known if not reading.platform.kinds[one.kind].registered}
        self._past: dict[int, set[str]] = {}
        self._mock = _Issuing(reading.platform, start)
        self._web = Web(BASE_URL, transport=Transport(DeclaredHandler(self._mock), lambda _: None))
        self._to_issue = deque(known)

    @property
    def unit(self) -> str:
        """The unit that numbers count."""
        return "entry" if any(one.entry for one in self._reading.trace.exchanges) else "request"

    def report(self) -> ReproductionReport:
        """Replay everything, and report what that shows. Raises RecordingError without a call of the platform."""
        if not self._reading.calls:
            raise RecordingError(self._source, f"{self._reading.extent}; is it the right platform?")
        refusals: dict[str, RefusalGroup] = {}
        results = [self._counted(result, refusals) for result in self._results()]
        return ReproductionReport(
            source=self._source,
            kind=f"{self._reading.platform.name}, {self._reading.extent}",
            unit=self.unit,
            resolution=1,
            policy={},
            policy_from=self._policy,
            results=results,
            refusals=list(refusals.values()),
            problems=[RecordingProblem(None, f"skipped: {why}") for why in self._reading.skipped],
            inference=NO_POLICY,
        )

    def smallest(self, number: int | None) -> DeclaredStory:
        """Return the smallest story that is refused as entry `number` is (None: the first one). Raises RecordingError."""
        for result in self._results():
            if result.number == number or (number is None and (result.recorded.status or 0) >= 400):
                if not result.agrees:
                    raise RecordingError(self._source, no_story(result, self.unit))
                try:
                    return distil_declared(past_of(self._mock), self._contexts.get(result.number, ""), self._named)
                except NotReproduced as error:
                    raise RecordingError(self._source, f"no story of {self.unit} {result.number}: {error.why}") from error
        missing = "nothing in it was refused" if number is None else f"there is no {self.unit} {number} of the platform in it"
        raise RecordingError(self._source, f"{missing}, so there is no story to write")

    def _results(self) -> Iterator[ReplayedRequest]:
        """Make the requests, and the changes between them, in their order."""
        events = iter(sorted(self._reading.trace.events, key=lambda event: event.place))
        waiting = next(events, None)
        for call in self._history.calls:
            while waiting is not None and waiting.place < call.left:
                self._pass_time(waiting.at)
                self._repeat(waiting)
                waiting = next(events, None)
            exchange = self._history.exchange(call)
            acted = exchange.journalled.acted if exchange.journalled is not None else None
            self._pass_time(acted or exchange.left_at)
            yield self._ask(call, exchange)

    def _pass_time(self, now: int) -> None:
        """Set the clock to `now`, and issue on the way what the recording does not show to be issued, each at its time."""
        while self._to_issue and self._to_issue[0][0] <= now:
            self._mock.at, one = self._to_issue.popleft()
            self._mock.beside = {kind: self._own(id) for kind, id in one.beside.items()}
            self._mock.register(one.kind, Registered(self._own(one.id), one.bound))
            if one.ended:
                self._mock.end(one.kind, self._own(one.id))
        self._mock.at = max(self._mock.at, now)

    def _repeat(self, event: Happened) -> None:
        """Repeat a change from outside. The clock follows the stamps anyway, and answers have the faults."""
        kind, id = event.detail.get("kind"), event.detail.get("id")
        if event.what == "reset":
            self._mock.reset()
            self._numbers.clear()
        elif not isinstance(kind, str) or kind not in self._reading.platform.kinds or not isinstance(id, str | None):
            return  # a journal of another declaration, or an edited one
        elif event.what == "register" and id is not None:
            self._mock.register(kind, Registered(self._own(id), {}))
        elif event.what == "end":
            with suppress(NotFound):  # it is from before, and nothing showed it
                self._mock.end(kind, None if id is None else self._own(id), by=event.detail.get("by", "ended"))

    def _own(self, id: str) -> str:
        """Return the id that the mock issues in place of a recorded one. A journal's pseudonyms do not fit in a header."""
        return id.replace(":", "-") if self._is_journal else id

    # -- requests ----------------------------------------------------------------------------------------------------

    def _ask(self, call: Call, exchange: TraceExchange) -> ReplayedRequest:
        number = exchange.entry or exchange.number
        shown = call.shown | call.ended
        self._numbers.append(number)
        self._past[number] = {kind for kind, id in shown.items() if (kind, id) in self._before}
        fault = fault_of(self._reading.platform, call, exchange)
        if fault is not None:
            self._mock.plan(fault)
        self._mock.next = {kind: self._own(id) for kind, id in call.brought.items()}
        reproduced = self._answer(exchange, {kind: self._own(id) for kind, id in shown.items()}, number)
        answer = HttpMessage(headers=exchange.answer_headers, body=exchange.answer_body)
        code = None if call.status is None else code_of(self._reading.platform, answer)
        recorded = ReplayedAnswer(status=call.status, code=None if code is None else str(code))
        same_code = None in {recorded.code, reproduced.code} or recorded.code == reproduced.code
        names = [self._history.credentials[kind][id].name for kind, id in shown.items()]
        return ReplayedRequest(
            number=number,
            at=exchange.left_at,
            request=call.operation or f"{exchange.method} {exchange.path}",
            session=", ".join(names) or None,
            recorded=recorded,
            reproduced=reproduced,
            agrees=recorded.status == reproduced.status and (same_code or fault is not None),
            taken=self._taken.get(call.number) or None,
        )

    def _answer(self, exchange: TraceExchange, shown: Mapping[str, str], number: int) -> ReplayedAnswer:
        method, address, headers, body = self._request(exchange, shown)
        try:
            reply = self._web.ask(method, address, headers=headers, content=body)
        except NoAnswer:
            return ReplayedAnswer(status=None)
        self._contexts[number] = reply.headers.get(CONTEXT.lower(), "")
        code = code_of(self._reading.platform, HttpMessage(body=reply.body))
        reason = reply.headers.get(REASON.lower())
        return ReplayedAnswer(status=reply.status, code=None if code is None else str(code), reason=reason)

    def _request(self, exchange: TraceExchange, shown: Mapping[str, str]) -> tuple[str, str, list[tuple[str, str]], bytes]:
        told, platform = exchange.journalled, self._reading.platform
        operation = None if told is None else platform.operations.get(told.operation or "")
        if told is None or operation is None:
            kept = [(name, value) for name, value in exchange.headers if name.lower() not in UNSENT and name[:1] != ":"]
            address = exchange.path + (f"?{exchange.query}" if exchange.query else "")
            return (
                exchange.method,
                quote(address, safe=PRINTABLE),
                [one for one in kept if "".join(one).isascii()],
                exchange.body,
            )
        registered = {kind: self._mock.registered[kind].bound for kind in shown if kind in self._mock.registered}
        made = request(platform, operation, shown, registered, unlike(platform, operation.name, told.reason))
        return made.method, made.path, list(made.headers.items()), made.body

    def _counted(self, result: ReplayedRequest, refusals: dict[str, RefusalGroup]) -> ReplayedRequest:
        """Count a refusal; explain the first of each kind."""
        reason, status = result.reproduced.reason, result.reproduced.status or 0
        if reason is None or status < 400 or reason == "fault.injected":
            return result
        known = refusals.get(reason)
        if known is not None:
            refusals[reason] = replace(known, count=known.count + 1)
            return result
        told = explained(past_of(self._mock), self._contexts[result.number])
        kind = self._reading.platform.kinds.get(reason.partition(".")[0])
        before = None
        if kind is not None and kind.name in self._past[result.number]:
            before = f"The {kind.noun} is from before the recording began, so the recording does not show what became of it."
        refusals[reason] = RefusalGroup.first(result, told, partial(_REQUEST.sub, self._in_entries), before)
        return result

    def _in_entries(self, found: re.Match[str]) -> str:
        """Return the recording's number in place of the mock's."""
        place = int(found[1]) - 1
        return f"{self.unit} {self._numbers[place]}" if place < len(self._numbers) else found[0]
