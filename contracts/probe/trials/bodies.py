"""P10: bodies that are wrong, and bodies that are just right."""

from __future__ import annotations

import json
from functools import partial

from contracts.platform_requests import for_message_as, for_session, message_body
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import BAD_BODY, OTHER_MEDIA_TYPE, TOO_LARGE, RequiredRefusal
from contracts.probe.trials.trial import Need, ProbeTrial
from mockserver.engine.model import SESSION_ID
from mockserver.wire.bodies import JSON

MAX_TEXT, MAX_BODY = 10, 300
BOUNDS = {"max_text": MAX_TEXT, "max_body": MAX_BODY}
LONGEST_NAME = 254

ID = b"ID"
"""Stands for a fresh session's id."""

BAD_MESSAGES = tuple(
    body.replace(b"session", SESSION_ID.encode())
    for body in (
        b"",
        b"null",
        b"[]",
        b'"Hello"',
        b'{"session":"ID","text":"Hello"',
        b'{"session":"ID","text":"Hello"} trailing',
        b"{'session':'ID','text':'Hello'}",
        b'{"session":"ID"}',
        b'{"text":"Hello"}',
        b'{"session":"","text":"Hello"}',
        b'{"session":["ID"],"text":"Hello"}',
        b'{"session":"ID","text":null}',
        b'{"session":"ID","text":5}',
        b'{"session":"ID","text":""}',
        b'{"session":"ID","text":"Hello","text":"Hello"}',
        b'{"session":"ID","text":"Hello","n":NaN}',
        b'{"session":"ID","text":"Hello\\ud800"}',
        b'{"session":"ID","text":"Hello\\u0000"}',
        b'{"session":"ID","text":"Hello\xff"}',
        b'{"session":"ID","text":"Hello","n":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    )
)

MEDIA_TYPES = (None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16")

BAD_GUESTS = (
    b"[]",
    b"{",
    b'{"guest":null}',
    b'{"guest":"Ann"}',
    b'{"guest":{"name":"Ann"}}',
    b'{"guest":{"name":5,"email":"ann@example.com"}}',
)

NO_GUEST = (b"", b"null", b"{}")
"""Bodies without a guest; official SDKs send all three."""


def a_bad_message(body: bytes, media_type: str | None, refusal: RequiredRefusal, world: ProbeRun) -> None:
    """A bad message is refused, and its session stays usable."""
    id = world.session()
    refused = world.ask(for_message_as(world.me.authorization, body.replace(ID, id.encode()), media_type))
    world.judge.refuses(refused, refusal)
    marks = ((f"with {refusal.cause}", refused),)
    world.judge.accepts(world.message(id), "P10", f"a message for a session that {refusal.cause} had named", marks)


def a_bad_guest(body: bytes, world: ProbeRun) -> None:
    """A bad guest is refused."""
    world.judge.refuses(world.ask(for_session(world.me.authorization, body)), BAD_BODY)


def no_guest(body: bytes, world: ProbeRun) -> None:
    """A create without a guest is accepted."""
    world.judge.accepts(
        world.ask(for_session(world.me.authorization, body, JSON if body else None)), "P10", "a create without a guest"
    )


def a_long_text(world: ProbeRun) -> None:
    """A text of the greatest length in code points is accepted, however many bytes it has."""
    text = "\N{BUTTERFLY}" * MAX_TEXT
    world.judge.accepts(
        world.message(world.session(), text=text), "P10", f"a text of {MAX_TEXT} characters, which are allowed,"
    )


def a_text_too_long(world: ProbeRun) -> None:
    """A text with one more code point is refused."""
    a_bad_message(message_body(ID.decode(), "x" * (MAX_TEXT + 1)), JSON, BAD_BODY, world)


def a_large_body(world: ProbeRun) -> None:
    """A body of the greatest size is accepted; white space counts."""
    body = message_body(world.session()).ljust(MAX_BODY)
    sent = world.ask(for_message_as(world.me.authorization, body))
    world.judge.accepts(sent, "P10", f"a body of {MAX_BODY} bytes, which are allowed,")


def a_body_too_large(world: ProbeRun) -> None:
    """A body with one more byte is refused."""
    id = world.session()
    refused = world.ask(for_message_as(world.me.authorization, message_body(id).ljust(MAX_BODY + 1)))
    world.judge.refuses(refused, TOO_LARGE)
    marks = ((f"with {TOO_LARGE.cause}", refused),)
    world.judge.accepts(world.message(id), "P10", f"a message for a session that {TOO_LARGE.cause} had named", marks)


def a_long_name(world: ProbeRun) -> None:
    """A guest's name has a greatest length too."""
    for length in (LONGEST_NAME, LONGEST_NAME + 1):
        body = json.dumps({"guest": {"name": "x" * length, "email": ""}}).encode()
        created = world.ask(for_session(world.me.authorization, body))
        if length == LONGEST_NAME:
            world.judge.accepts(created, "P10", f"a guest with a name of {length} characters")
        else:
            world.judge.refuses(created, BAD_BODY)


TRIALS = (
    *(ProbeTrial("P10", partial(a_bad_message, body, JSON, BAD_BODY)) for body in BAD_MESSAGES),
    *(ProbeTrial("P10", partial(a_bad_message, message_body("ID"), media, OTHER_MEDIA_TYPE)) for media in MEDIA_TYPES),
    *(ProbeTrial("P10", partial(a_bad_guest, body)) for body in BAD_GUESTS),
    *(ProbeTrial("P10", partial(no_guest, body)) for body in NO_GUEST),
    *(
        ProbeTrial("P10", trial, BOUNDS, Need.CONTROL)
        for trial in (a_long_text, a_text_too_long, a_large_body, a_body_too_large)
    ),
    ProbeTrial("P10", a_long_name, needs=Need.CONTROL),
)
