"""For each clause, the shortest trace that breaks it and one that keeps it.

`python -m tests.contracts.clauses.examples` writes them to `fixtures/traces`, from which the tests and `dayfly check` read
them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mockserver.journal import ShownCredential, encode
from tests.contracts.tape import DEAD, LOST_RESPONSE, OPAQUE, SCOPE, Tape, bearer

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
    tape.create(status=503, fault="status 503")
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


def bad_s3(tape: Tape) -> None:
    tape.token()
    tape.begin("for ann", "ann")
    session = tape.create("ann")
    tape.send(session, status=429, retry_after=600)
    tape.end("failed")
    tape.begin("for bob", "bob")
    tape.send(session)
    tape.end()


def good_s3(tape: Tape) -> None:
    tape.token()
    deliver(tape, "for ann", "ann")
    deliver(tape, "for bob", "bob")


def bad_s5(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create()
    tape.send("{{new_session_id}}", status=403, reason="session.unknown")
    tape.end("failed")


def good_s5(tape: Tape) -> None:
    tape.begin("{{name}}, null is not undefined")
    tape.token()
    tape.send(tape.create())
    tape.end()


def bad_s6(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create()
    tape.send(tape.create())
    tape.end()


def good_s6(tape: Tape) -> None:
    good_s1(tape)


def bad_r1(tape: Tape) -> None:
    tape.begin()
    tape.token()
    session = tape.create()
    tape.perturb("end_sessions")
    tape.send(session, status=403, reason="session.revoked")
    tape.send(session, status=403, reason="session.revoked")
    tape.send(tape.create())
    tape.end()


def good_r1(tape: Tape) -> None:
    good_d2(tape)


def bad_r2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.send(tape.create(), **OPAQUE)
    tape.send(tape.create(), **OPAQUE)
    tape.send(tape.create())
    tape.end()


def good_r2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.send(tape.create(), **OPAQUE)
    tape.send(tape.create(), **OPAQUE)
    tape.end("failed")


def bad_r4(tape: Tape) -> None:
    tape.begin()
    tape.token()
    for _ in range(6):
        tape.create(status=503, fault="status 503")
        tape.wait(1)
    tape.end("failed")


def good_r4(tape: Tape) -> None:
    tape.begin()
    tape.token()
    for _ in range(5):
        tape.create(status=503, fault="status 503")
        tape.wait(1)
    tape.end("failed")


def bad_r5(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=429, retry_after=30, fault="status 429, Retry-After 30")
    tape.wait(29.998)
    tape.send(tape.create())
    tape.end()


def good_r5(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=429, retry_after=30, fault="status 429, Retry-After 30")
    tape.wait(30)
    tape.send(tape.create())
    tape.end()


def bad_r6(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=503, fault="status 503")
    tape.send(tape.create())
    tape.end()


def good_r6(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=503, fault="status 503")
    tape.wait(0.1)
    tape.send(tape.create())
    tape.end()


def bad_r7(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=413, fault="status 413")
    tape.send(tape.create())
    tape.end()


def good_r7(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create(status=413, fault="status 413")
    tape.end("failed")
    deliver(tape)


def bad_a1(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.perturb("revoke_tokens")
    tape.create(status=401)
    tape.create(status=401)
    tape.send(tape.create(token=tape.token("t:2")), token="t:2")
    tape.end()


def good_a1(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.perturb("revoke_tokens")
    tape.create(status=401)
    tape.send(tape.create(token=tape.token("t:2")), token="t:2")
    tape.end()


def _renewals(tape: Tape, times: int) -> None:
    tape.begin()
    tape.perturb("reject_tokens")
    tape.create(token=tape.token(), status=401)
    for number in range(times):
        tape.create(token=tape.token(f"t:new-{number}"), status=401)
    tape.end("failed")


def bad_a2(tape: Tape) -> None:
    _renewals(tape, 6)


def good_a2(tape: Tape) -> None:
    _renewals(tape, 5)


def _two_refused(tape: Tape) -> None:
    tape.token()
    tape.perturb("expire_tokens")
    tape.begin("for ann", "ann", item=1)
    tape.begin("for bob", "bob", item=1)
    ann, bob = tape.leave_create("ann"), tape.leave_create("bob")
    tape.answer(ann, 401, code="credentials.expired")
    tape.answer(bob, 401, code="credentials.expired")


def bad_a3(tape: Tape) -> None:
    _two_refused(tape)
    first, second = tape.leave_token(), tape.leave_token()
    tape.answer_token(first, "t:2")
    tape.answer_token(second, "t:3")
    tape.send(tape.create("ann", token="t:2"), "for ann", token="t:2")
    tape.send(tape.create("bob", token="t:3"), "for bob", token="t:3")
    tape.end()
    tape.end()


def good_a3(tape: Tape) -> None:
    _two_refused(tape)
    tape.token("t:2")
    tape.send(tape.create("ann", token="t:2"), "for ann", token="t:2")
    tape.send(tape.create("bob", token="t:2"), "for bob", token="t:2")
    tape.end()
    tape.end()


def bad_a4(tape: Tape) -> None:
    for number in range(3):
        tape.begin(f"message {number}")
        token = tape.token(f"t:{number}")
        tape.send(tape.create(token=token), token=token)
        tape.end()


def good_a4(tape: Tape) -> None:
    tape.token()
    deliver(tape)
    tape.perturb("advance", seconds=86_400 - 300)
    tape.begin("a day later")
    token = tape.token("t:2")
    tape.send(tape.create(token=token), token=token)
    tape.end()


def bad_a5(tape: Tape) -> None:
    tape.begin()
    tape.create(token=None, status=401, credential=ShownCredential("literal", literal="null"))
    token = tape.token()
    tape.send(tape.create(token=token), token=token)
    tape.end()


def good_a5(tape: Tape) -> None:
    good_a1(tape)


def bad_d1(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.send(tape.create())
    tape.end()


def good_d1(tape: Tape) -> None:
    good_d3(tape)


def bad_d4(tape: Tape) -> None:
    tape.begin("Grüße \U0001f44b ")
    tape.token()
    tape.send(tape.create(), "Grüße \U0001f44b")
    tape.end()


def good_d4(tape: Tape) -> None:
    tape.begin("Grüße \U0001f44b ")
    tape.token()
    tape.send(tape.create())
    tape.end()


def bad_d5(tape: Tape) -> None:
    tape.begin("for ann", "ann")
    tape.token()
    tape.send(tape.create("Ann"))
    tape.end()


def good_d5(tape: Tape) -> None:
    good_s3(tape)


def bad_d6(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.create()
    tape.end("never")


def good_d6(tape: Tape) -> None:
    good_s1(tape)


def bad_w2(tape: Tape) -> None:
    tape.begin()
    tape.token()
    tape.answer(tape.leave(None, bearer("t:1"), path="/webchat/sessions"), 404)
    tape.send(tape.create())
    tape.end()


def good_w2(tape: Tape) -> None:
    good_s1(tape)


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
