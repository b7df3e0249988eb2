"""Reports to look at, and what they look like: `python -m tests.contracts.report.stories` writes the snapshots anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from contracts.clauses import CLAUSES
from contracts.judge import Status
from contracts.output import OutputLine
from contracts.report.describe import describe
from contracts.report.model import ClauseResult, Counterexample, Expectation, Report
from contracts.report.style import Style
from contracts.report.text import render, summary
from contracts.scenario import Advance, EndSessions, Fault, Message, Scenario, Send, SendParallel, Trigger
from tests.contracts.tape import DEAD, LOST_RESPONSE, Tape, guest

SNAPSHOTS = Path(__file__).parent / "snapshots"

ANN, BOB = guest("ann"), guest("bob")

HOSTILE = "\x1b[31mred\x07 \u202etxt.exe\u202c\u200b\r\nnext 東京 👋 e\u0301"
"""A text that would paint, ring, turn round, hide and break lines, were it printed as it is."""


def reported(tape: Tape, code: str, scenario: Scenario | None = None, **found: Any) -> Report:
    """A report in which one clause has a counterexample and the others ended as they do in the tape."""
    judgement = tape.judged()
    verdict = judgement.of(code)
    told = Counterexample(
        message=verdict.message, evidence=verdict.evidence, trace=tuple(tape.entries), scenario=scenario, **found
    )
    results = tuple(
        ClauseResult(
            code=clause.code,
            name=clause.name,
            status=other.status if clause.code == code or other.status is not Status.VIOLATED else Status.INCONCLUSIVE,
            exercised=0 if other.status is Status.NOT_EXERCISED else 38,
            message="" if clause.code == code else other.message,
            counterexample=told if clause.code == code else None,
        )
        for clause, other in zip(CLAUSES, judgement.verdicts, strict=True)
    )
    return Report(target="clients/cached.py:make", clauses=results, seed=7, examples=38, elapsed_s=1.234)


def reused() -> Report:
    """The thread's own client: keeps an id."""
    tape = Tape(idle_timeout=30, ttl=300)
    tape.begin("0")
    tape.token()
    session = tape.create()
    tape.send(session)
    tape.end()
    tape.begin("0")
    tape.send(session, **DEAD)
    tape.end("failed")
    scenario = Scenario((Send(ANN, "0"), Send(ANN, "0")))
    facts: dict[str, Any] = {"shrunk_from": 11, "found_on": 4, "minimal": True, "replays": 10, "reproduced": 10}
    return reported(tape, "S1", scenario, file="corpus/S1-3f2a91bc.json", output="warning: old id\n" * 20, **facts)


def raced() -> Report:
    """Two messages at once, a fault on the way, a wait that is too short, and a client that was not always so."""
    tape = Tape(idle_timeout=30, ttl=300)
    tape.token()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    ann, bob = tape.leave_create("ann"), tape.leave_create("bob")
    tape.created(ann, status=429, retry_after=30, fault="status 429, Retry-After 30")
    session = tape.created(bob)
    tape.perturb("end_sessions", count=1)
    send = tape.leave_send(session, "for bob")
    tape.wait(2)
    again = tape.leave_create("ann")
    tape.answer(send, 403, reason="session.revoked", delay=0.5)
    tape.created(again)
    tape.wait(1)
    tape.end("failed")
    tape.end("failed")
    during = (Trigger("send", EndSessions()), Trigger("create", Advance(1.5), nth=2))
    scenario = Scenario(
        (SendParallel((Message(ANN, "for ann"), Message(BOB, "for bob")), during),), policy={"idle_timeout": 30, "ttl": 300}
    )
    return reported(tape, "R5", scenario, found_on=3, shrunk_from=2, minimal=False, replays=5, reproduced=4)


def noisy() -> Report:
    """A client that logs and prints a lot, sends another guest, and fails by an exception that it did not expect."""
    tape = Tape(idle_timeout=30, ttl=300)
    tape.begin("  I", "ann")
    began = len(tape.entries) - 1
    tape.token()
    tape.create("Ann  Lee")
    tape.end("failed")
    ended = len(tape.entries) - 1
    log = [
        *(OutputLine(began, "log", f"DEBUG:pool:connection  {number}") for number in range(9)),
        OutputLine(began, "stderr", "a  warning"),
        OutputLine(ended, "raised", "notifier.py:31 in send: id = answer['webChatSessionId']"),
        OutputLine(ended, "raised", "… 3 frames in json"),
    ]
    return reported(tape, "D5", Scenario((Send(ANN, "  I"),)), log=tuple(log))


def hostile() -> Report:
    """A client and a user that put into texts what terminals obey."""
    tape = Tape(token_ttl=60)
    tape.begin(HOSTILE, "ann\x1b[2J")
    tape.token()
    tape.send(tape.create(), HOSTILE + " ")
    tape.end()
    scenario = Scenario((Fault("send", "latency", seconds=0.5), Send(guest("ann\x1b[2J"), HOSTILE)))
    return reported(tape, "D4", scenario, output=HOSTILE * 3)


def recorded() -> Report:
    """A recording on a wall clock, without scenario and intents, with two tokens and an unanswered request."""
    tape = Tape("wall", "socket")
    tape.token("t:1")
    session = tape.create()
    tape.send(session, **LOST_RESPONSE)
    tape.wait(3)
    tape.send(session, token="t:2", **DEAD)
    tape.leave_send("{{id}}", token=None)
    return replace(
        reported(tape, "S1"),
        source="recording",
        target="shop.har",
        extent="read as requests to the platform: 5 of its 9 entries",
    )


def expected() -> Report:
    """A known violation, a clause that was expected to be violated but is not, and a corpus that has shrunk."""
    report = reused()
    known = Expectation("the cache goes with release 14", "known.toml")
    clauses = tuple(replace(result, expected=known if result.code in {"S1", "S4"} else None) for result in report.clauses)
    return replace(report, clauses=clauses, removed=("corpus/S1-00112233.json",))


STORIES: dict[str, Callable[[], str]] = {
    "reused-100": lambda: render(reused()),
    "reused-60": lambda: render(reused(), Style(columns=60)),
    "reused-colour": lambda: render(reused(), Style(columns=90, colour=True)),
    "raced-100": lambda: render(raced()),
    "raced-ascii": lambda: render(raced(), Style(columns=80, unicode=False)),
    "noisy-80": lambda: render(noisy(), Style(columns=80)),
    "hostile-60": lambda: render(hostile(), Style(columns=60)),
    "recorded-100": lambda: render(recorded()),
    "expected-100": lambda: render(expected()),
    "summary-60": lambda: summary(reused(), Style(columns=60)),
    "describe-S1": lambda: describe(CLAUSES[0]),
    "describe-60": lambda: "\n".join(describe(clause, Style(columns=60, unicode=False)) for clause in CLAUSES),
}


def write() -> None:
    SNAPSHOTS.mkdir(exist_ok=True)
    for name, story in STORIES.items():
        (SNAPSHOTS / f"{name}.txt").write_text(story(), encoding="utf-8")


if __name__ == "__main__":
    write()
