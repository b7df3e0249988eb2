"""For each clause the shortest trace that breaks it and one that keeps it: `python -m tests.contracts.clauses.examples` writes
them to `fixtures/traces`, where the tests and `dayfly check` read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mockserver.journal import encode
from tests.contracts.tape import DEAD, LOST_RESPONSE, SCOPE, Tape

DIRECTORY = Path(__file__).parents[3] / "fixtures" / "traces"

Story = Callable[[Tape], None]


def deliver(tape: Tape, text: str = "hello", name: str = "ann") -> str:
    """One message, as it should be; the id it used up."""
    tape.begin(text, name)
    session = tape.create()
    tape.send(session)
    tape.end()
    return session


def bad_s1(tape: Tape) -> None:
    tape.token()
    session = deliver(tape)
    tape.begin("again")
    tape.send(session, **DEAD)
    tape.send(tape.create())
    tape.end()


def good_s1(tape: Tape) -> None:
    tape.token()
    deliver(tape)
    deliver(tape, "again")


def bad_s2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    session = tape.create()
    tape.wait(5.001)
    tape.send(session)
    tape.end()


def good_s2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    session = tape.create()
    tape.wait(5)
    tape.send(session)
    tape.end()


def bad_s4(tape: Tape) -> None:
    tape.begin("Welcome back")
    tape.token()
    tape.send("prev-session-uuid", status=403, reason="session.unknown")
    tape.send(tape.create())
    tape.end()


def good_s4(tape: Tape) -> None:
    tape.begin("Welcome back")
    tape.token()
    tape.send(tape.create())
    tape.end()


def bad_r3(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(**SCOPE)
    tape.create(**SCOPE)
    tape.end("failed")


def good_r3(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(**SCOPE)
    tape.end("failed")
    tape.perturb("grant_scope")
    deliver(tape)


def bad_d2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    session = tape.create()
    tape.perturb("end_sessions")
    tape.send(session, status=403, reason="session.revoked")
    tape.end("failed")


def good_d2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    session = tape.create()
    tape.perturb("end_sessions")
    tape.send(session, status=403, reason="session.revoked")
    tape.send(tape.create())
    tape.end()


def bad_d3(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.end("accepted")


def good_d3(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.end("failed")
    deliver(tape)


def bad_w1(tape: Tape) -> None:
    tape.begin("x" * 4001)
    tape.token()
    tape.send(tape.create(), status=400)
    tape.end("failed")


def good_w1(tape: Tape) -> None:
    tape.begin("x" * 4000)
    tape.token()
    tape.send(tape.create())
    tape.end()


BAD: dict[str, Story] = {name[4:].upper(): story for name, story in list(globals().items()) if name.startswith("bad_")}
GOOD: dict[str, Story] = {name[5:].upper(): story for name, story in list(globals().items()) if name.startswith("good_")}


def recorded(story: Story) -> bytes:
    """The story as a JSON Lines trace."""
    tape = Tape(idle_timeout=30, ttl=300)
    story(tape)
    return b"".join(encode(entry) + b"\n" for entry in tape.entries)


def write() -> None:
    for kind, stories in (("bad", BAD), ("good", GOOD)):
        (DIRECTORY / kind).mkdir(parents=True, exist_ok=True)
        for code, story in stories.items():
            (DIRECTORY / kind / f"{code}.jsonl").write_bytes(recorded(story))


if __name__ == "__main__":
    write()
