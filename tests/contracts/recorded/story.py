"""A client's requests, described once: as the journal of a mock, and as HAR files of three tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from contracts.clauses import CLAUSES
from contracts.har.opening import opened
from contracts.har.reader import reading
from contracts.judge import Parameters
from contracts.report.model import Report
from contracts.verify import Options, check
from mockserver.engine.model import Operation
from tests.contracts.har.recordings import MESSAGES, SECRET, SESSIONS, TOKEN, Har
from tests.contracts.har.test_tools import charles, devtools, playwright
from tests.contracts.tape import Tape, guest

UNJUDGED = [clause.code for clause in CLAUSES if clause.needs_report == "all"]
CANNOT = f"{len(UNJUDGED)} of {len(CLAUSES)} clauses cannot be judged"
"""Said of every recording."""

SCOPE_CODE = "app.not.authorized.for.scope"
FIRST = datetime(2026, 1, 1, 10, 0, 0, 137_000, tzinfo=UTC)
"""Not a whole second: stamps of which all end in zeros are read as coarse ones."""


@dataclass
class Exchange:
    """A request and what became of it. `status` is None if no answer came back; times are in seconds."""

    operation: Operation
    left: float
    took: float
    body: Any = None
    token: str | None = None
    status: int | None = 200
    brought: str | None = None
    retry_after: int | None = None
    code: str | None = None
    accepted: bool = False


@dataclass
class Story:
    """Exchanges one after the other, unless `at` says when one leaves. `wait` lets time pass."""

    exchanges: list[Exchange] = field(default_factory=list)
    now: float = 0.0
    shown: str = "token-0"
    created: int = 0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def _add(self, exchange: Exchange) -> Exchange:
        self.exchanges.append(exchange)
        self.now = max(self.now, exchange.left + exchange.took)
        return exchange

    def token(self, status: int = 200, *, at: float | None = None, took: float = 0.023, **answer: Any) -> str:
        """A login; what it brings is shown from then on."""
        name = f"token-{sum(one.operation == 'token' for one in self.exchanges) + 1}"
        self._add(Exchange("token", self.now if at is None else at, took, status=status, brought=name, **answer))
        self.shown = name if status == 200 else self.shown
        return name

    def create(
        self,
        name: str = "ann",
        status: int | None = 200,
        *,
        at: float | None = None,
        took: float = 0.031,
        token: str | None = None,
        **answer: Any,
    ) -> str:
        """A session for a guest; its id."""
        self.created += 1
        who, id = guest(name), f"session-{self.created}"
        left = self.now if at is None else at
        body = {"guest": {"name": who.name, "email": who.email}}
        self._add(Exchange("create", left, took, body, token or self.shown, status, id if status == 200 else None, **answer))
        return id

    def send(
        self,
        session: str,
        text: str = "hello",
        status: int | None = 200,
        *,
        at: float | None = None,
        took: float = 0.027,
        token: str | None = None,
        **answer: Any,
    ) -> None:
        """A message; accepted if it is answered 200, or if so said."""
        answer.setdefault("accepted", status == 200)
        body = {"webChatSessionId": session, "text": text}
        left = self.now if at is None else at
        self._add(Exchange("send", left, took, body, token or self.shown, status, **answer))

    def message(self, text: str = "hello", name: str = "ann", status: int | None = 200, **answer: Any) -> None:
        """A session and a message in it."""
        self.send(self.create(name), text, status, **answer)

    # -- as recordings -----------------------------------------------------------------------------------------------

    def journal(self) -> Tape:
        """As the mock keeps it."""
        tape = Tape("wall", "socket")
        start = tape.now
        ids: dict[str, str] = {}
        for one in sorted(self.exchanges, key=lambda one: one.left):
            tape.now = start + round(1000 * one.left)
            self._journalled(tape, one, ids)
        return tape

    def _journalled(self, tape: Tape, one: Exchange, ids: dict[str, str]) -> None:
        told: dict[str, Any] = {"status": one.status or 200, "delay": one.took}
        if one.status is None:
            told |= {"delivery": "lost_response", "fault": "lost response"}
        if one.retry_after is not None:
            told["retry_after"] = one.retry_after
        if one.code is not None:
            told["code"] = one.code
        if one.operation == "token":
            tape.answer_token(tape.leave_token(), one.brought or "", **told)
        elif one.operation == "create":
            name = one.body["guest"]["name"]
            made = tape.created(tape.leave_create(name, one.token), **told)
            if one.brought is not None:
                ids[one.brought] = made
        else:
            body = one.body
            sent = tape.leave_send(ids.get(body["webChatSessionId"], body["webChatSessionId"]), body["text"], one.token)
            tape.answer(sent, accepted=one.accepted, **told)

    def har(self) -> Har:
        """As a browser or a proxy records it."""
        har = Har()
        for one in sorted(self.exchanges, key=lambda one: one.left):
            har.entries.append(_entry(one))
        return har


def _entry(one: Exchange) -> dict[str, Any]:
    """An entry of a HAR file."""
    form = f"grant_type=client_credentials&client_id=app&client_secret={SECRET}"
    is_login = one.operation == "token"
    own: dict[str, Any] = {
        "took": 1000 * one.took,
        "startedDateTime": (FIRST + timedelta(seconds=one.left)).isoformat(timespec="milliseconds"),
    }
    if one.retry_after is not None:
        own["answered"] = {"Retry-After": str(one.retry_after)}
    if is_login:
        own |= {"text": form, "headers": {"Content-Type": "application/x-www-form-urlencoded", "Authorization": None}}
    else:
        own["headers"] = {"Authorization": f"Bearer {one.token}-that-is-a-long-one"}
    if one.status != 200:
        got: Any = {"message": "no", "code": one.code or f"code.{one.status}", "status": one.status, "contextId": str(one.left)}
    elif is_login:
        got = {"access_token": f"{one.brought}-that-is-a-long-one", "expires_in": 86_400}
    else:
        got = {"webChatSessionId": one.brought} if one.operation == "create" else {"id": "m"}
    url = {"token": TOKEN, "create": SESSIONS, "send": MESSAGES}[one.operation]
    return Har().add(url, one.body, None if one.status is None else got, one.status or 0, **own)


WRITERS: dict[str, Callable[[Har], bytes]] = {"devtools": devtools, "charles": charles, "playwright": playwright}


def reports(story: Callable[[Story], None], **parameters: Any) -> Iterator[tuple[str, Report]]:
    """The verdicts on a story by the kind of recording that has it."""
    options = Options(parameters=Parameters(**parameters))
    told = Story()
    story(told)
    yield "journal", check("journal", told.journal().entries, options, source="journal")
    for name, write in WRITERS.items():
        file = opened(BytesIO(write(told.har())), f"{name}.har")
        read = reading(file.file, f"{name}.har", None, file.attached)
        yield name, check(name, read.trace, options, read.extent, in_other_order=read.in_other_order)
