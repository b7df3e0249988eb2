"""The checks: each is a rule that a shim must keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Literal

from msgspec import Struct

from contracts.clients.conformance.subject import HOUR, NOON, PATIENCE, TRIES, NoHello, Process, ShimSubject, Violated
from contracts.clients.errors import ClientError
from contracts.clients.virtual.protocol import VERSION

MILLISECOND = 1000
"""Microseconds."""

MOST_RESTS = 100
"""How often a process may rest until another has ended."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

NO_SHIM = "load a shim with the command, or use one of the runtimes for which dayfly has one: Node, Python, Ruby"

Verdict = Literal["held", "violated"]


class CheckResult(Struct, frozen=True, omit_defaults=True):
    """The verdict on one check. If it is violated, `seen` is what happened, and `advice` what to do."""

    check: str
    verdict: Verdict
    rule: str
    seen: str = ""
    advice: str = ""


class ShimCheck(Struct, frozen=True):
    """`test` raises Violated if a shim breaks the `rule`."""

    name: str
    rule: str
    advice: str
    test: Callable[[ShimSubject], None]
    twice: bool = False


def run(words: Sequence[str], tries: int = TRIES, patience: float = PATIENCE) -> Iterator[CheckResult]:
    """Yield the verdict on each check.

    Raises ClientError if the command cannot be started or says no hello, OSError without Unix sockets.
    """
    for check in CHECKS:
        with ShimSubject(words, twice=check.twice, tries=tries, patience=patience) as subject:
            try:
                check.test(subject)
            except Violated as error:
                if isinstance(error, NoHello) and check is CHECKS[0]:
                    raise ClientError(f"{error}; {NO_SHIM}") from error
                yield CheckResult(check.name, "violated", check.rule, str(error), check.advice)
            else:
                yield CheckResult(check.name, "held", check.rule)


def _must(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise Violated(otherwise)


def _hello(subject: ShimSubject) -> None:
    process = subject.arrived(0)
    subject.look(0.2)
    _must(len(process.inbox) == 1, "it went on without an answer to its hello")
    _must(not subject.said(), "the program ran before the hello was answered")


def _still(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.look(0.2)
    _must(not process.inbox, "it went on without an answer to its idle message")
    _must(process.idle.at == NOON, f"it says that it is {process.idle.at}, and was told {NOON}")
    _must(process.idle.next is None, f"it waits for its input alone, and says that a timer is due at {process.idle.next}")


def _idle(subject: ShimSubject) -> None:
    process = subject.begun()
    for number in range(subject.tries):
        subject.set(id=number, do="tell")
        answers = subject.turn(process)
        _must(len(answers) == 1, "it said that it is idle while a line of its input waited to be read")


def _time(subject: ShimSubject, process: Process) -> int:
    """Return what the program's clock shows, in microseconds."""
    subject.set(id=0, do="tell")
    answers = subject.turn(process)
    _must(len(answers) == 1 and isinstance(answers[0].get("time"), int | float), f"the exercise `tell` got {answers}")
    return round(float(answers[0]["time"]) * MILLISECOND)


def _now(subject: ShimSubject) -> None:
    process = subject.begun()
    for moment, told in ((NOON, NOON), (NOON + HOUR, NOON + HOUR), (NOON, NOON + HOUR)):
        subject.now = moment
        shown = _time(subject, process)
        _must(shown == told, f"told {moment} after {told}, its clock shows {shown} instead of {told}")
        subject.look(0.05)
        _must(_time(subject, process) == told, "its clock went on while it was idle")


def _next(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.set(id=1, do="sleep", ms=HOUR // MILLISECOND)
    _must(not subject.turn(process), "it did not wait as long as it was asked to: an hour took no time")
    due = process.idle.next
    _must(due == NOON + HOUR, f"it waits until {NOON + HOUR}, and says that a timer is due at {due}")
    subject.now = NOON + HOUR - MILLISECOND
    _must(not subject.turn(process), "a timer struck a millisecond before its moment")
    subject.now = NOON + HOUR
    answers = subject.turn(process)
    _must(len(answers) == 1, "a timer did not strike at its moment")


def _order(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.set(id=1, do="timers", ms=[30, 10, 20, 10])
    subject.turn(process)
    subject.now += 50 * MILLISECOND
    answers = subject.turn(process)
    order = answers[0].get("order") if answers else None
    _must(order == [10, 10, 20, 30], f"timers of 30, 10, 20 and 10 ms, which were due at once, struck as {order}")


def _input(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.set(id=1, do="sleep", ms=1000)
    subject.turn(process)
    subject.now += 1000 * MILLISECOND
    subject.set(id=2, do="tell")
    ids = [answer.get("id") for answer in subject.turn(process)]
    _must(ids == [2, 1], f"a line of input and a timer were there at once, and were dealt with in the order {ids}")


def _work(subject: ShimSubject) -> None:
    process = subject.begun()
    for number in range(subject.tries):
        subject.set(id=number, do="work")
        answers = subject.turn(process)
        if not answers:
            subject.now = process.idle.next or subject.now
            answers = subject.turn(process)
        first = answers[0].get("first") if answers else None
        _must(first == "work", f"in try {number + 1} a timer of a millisecond struck while work was under way")


def _platform(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.set(id=1, do="fetch")
    subject.turn(process)
    try:
        connection, _ = subject.platform.accept()
    except BlockingIOError:
        raise Violated("it said that it is idle before it had connected to the platform") from None
    with connection:
        connection.setblocking(False)
        request = b""
        with suppress(BlockingIOError):
            request = connection.recv(1 << 16)
        _must(b"\r\n\r\n" in request, "it said that it is idle before its request had left it")
        connection.sendall(ANSWER)
        answers = subject.turn(process)
        _must(answers and answers[0].get("status") == 200, "it said that it is idle while an answer waited to be read")


def _rest(subject: ShimSubject) -> None:
    process = subject.begun()
    subject.set(id=1, do="sleep", ms=1000)
    subject.turn(process)
    _must(not subject.turn(process, rest=20), "a timer struck while it was to rest, though no time passed")
    _must(process.idle.at == NOON, f"time passed while it was to rest: it says that it is {process.idle.at}")


def _processes(subject: ShimSubject) -> None:
    parent = subject.begun()
    subject.set(id=1, do="spawn", ms=HOUR // MILLISECOND)
    parent.member.go(subject.now)
    child = subject.begun(1)
    subject.waits(parent)
    _must(child.idle.next == NOON + HOUR, f"a process that it started sleeps for an hour, and says {child.idle.next}")
    _must(parent.idle.children == 1, f"it has a process, and says that it has {parent.idle.children}")
    subject.now += HOUR
    child.member.go(subject.now)
    answers = subject.turn(parent)
    for _ in range(MOST_RESTS):
        if answers:
            break
        subject.let_end(child)
        answers = subject.turn(parent, rest=20)
    _must(answers, "it did not notice the end of the process that it had started")


def _end(subject: ShimSubject) -> None:
    process = subject.begun()
    process.member.go(subject.now)
    status = subject.ended()
    _must(status == 0, f"it ended with the exit status {status} at the end of its input")


def _closed(subject: ShimSubject) -> None:
    subject.close(subject.begun())


def _once(subject: ShimSubject) -> None:
    subject.begun()
    subject.look(0.2)
    _must(len(subject.processes) == 1, "a shim that is named twice said hello twice")


CHECKS = (
    ShimCheck(
        "hello",
        f"says hello, version {VERSION}, before the program's code runs, and waits for the answer",
        "connect to the socket in DAYFLY_TIME first of all, send the line, and block in a read",
        _hello,
    ),
    ShimCheck(
        "still",
        "says that it is idle once nothing can go on, and waits for the answer",
        "send `at` as the time it was told and `next` as null without a timer, and block in a read",
        _still,
    ),
    ShimCheck(
        "idle",
        "has read all that can be read before it says that it is idle",
        "look for input without waiting, and say idle only after a pass in which nothing happened",
        _idle,
    ),
    ShimCheck(
        "now",
        "shows the time that it was last told on every clock, and never goes back",
        "replace each clock of the runtime; time that passes in reality does not count",
        _now,
    ),
    ShimCheck(
        "next",
        "says when its first timer is due, and fires it then, not before",
        "keep timers in a list of your own, and say the earliest moment in whole microseconds, rounded up",
        _next,
    ),
    ShimCheck(
        "order",
        "fires due timers one at a time, in the order of their moments",
        "sort by moment, then by the order in which they were set",
        _order,
    ),
    ShimCheck(
        "input",
        "deals with what has come in before it fires a timer",
        "after each answer look for input first, and fire a timer only if there is none",
        _input,
    ),
    ShimCheck(
        "work",
        "is not idle while work of its own is under way, as in a thread",
        "count what is begun and not done, in thread pools, compilers, and files, and do not say idle before it is zero",
        _work,
    ),
    ShimCheck(
        "platform",
        "has sent its requests, and read the answers that are there, before it says that it is idle",
        "do not take a write that is under way for idle, and look at sockets after each answer",
        _platform,
    ),
    ShimCheck(
        "rest",
        "waits for real milliseconds when it is told to rest, and fires no timer meanwhile",
        "wait in the event loop on a real timer, and ask again",
        _rest,
    ),
    ShimCheck(
        "processes",
        "takes the processes that it starts along, says how many there are, and notices their end",
        "leave DAYFLY_TIME and the shim's own variable in their environment, and send `children`",
        _processes,
    ),
    ShimCheck(
        "end",
        "ends by itself once its input has ended and nothing is left to do",
        "when it is told to rest, let the process end if nothing keeps it alive",
        _end,
    ),
    ShimCheck(
        "closed",
        "ends when the socket is closed",
        "end the process, with the exit status 70, as soon as a read finds the end of the file",
        _closed,
    ),
    ShimCheck(
        "once",
        "says hello once if it is loaded twice",
        "remember in the process that the shim is there",
        _once,
        twice=True,
    ),
)
"""In an order in which the first that fails explains most of the others."""
