"""The protocol between a client's process and the simulation of its time: JSON Lines on a Unix socket.

The process asks, and blocks until it is answered. While it runs, time stands still. Times are whole microseconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

VERSION = 1
VARIABLE = "DAYFLY_TIME"
"""The environment variable that names the socket."""

HARNESS_GONE = 70
"""The exit status of a process whose socket has closed."""

LONGEST_LINE = 1 << 16
"""Bytes of one message; the longest are those of a process with many connections."""

MICROSECOND = 1000
"""Nanoseconds."""

Moment = Annotated[int, Meta(ge=0, lt=1 << 53)]
"""Microseconds since 1970, as far as a double can count them."""
Count = Annotated[int, Meta(ge=0, lt=1 << 53)]


class BadMessage(Exception):
    """A process said something that the protocol does not have; the text says what."""


class Hello(Struct, frozen=True):
    """The first message of a process; `runtime` is for people."""

    hello: int
    pid: int = 0
    runtime: str = ""


class Idle(Struct, frozen=True, kw_only=True):
    """The process can only go on when time passes or something comes in.

    `at` is its time, and `next` when its first timer is due; `keeps`: a timer keeps it alive. `worked`:
    something happened since the last answer. `foreign` is what it waits for that is beyond its shim, and
    `children` how many processes it has started that live. `sockets` are the bytes read and written on
    each connection to the platform, by the client's port. `real` is why its time cannot be virtual, if it cannot.
    """

    at: Moment
    next: Moment | None = None
    keeps: bool = True
    worked: bool = True
    foreign: str = ""
    children: Count = 0
    sockets: dict[int, tuple[Count, Count]] = {}
    real: str = ""


class Welcome(Struct, frozen=True):
    """The answer to Hello: the time, the platform's `ports`, a `seed` for random numbers, and variables to set."""

    now: int
    ports: list[int]
    seed: int
    env: dict[str, str]


class Go(Struct, frozen=True, omit_defaults=True):
    """The answer to Idle: it is `now`.

    `rest`: wait in the event loop for so many real milliseconds instead, and end if nothing is left to do.
    """

    now: int
    rest: int | None = None


_anything = msgspec.json.Decoder(dict[str, Any])
_hello, _idle = msgspec.json.Decoder(Hello), msgspec.json.Decoder(Idle)
_encoder = msgspec.json.Encoder()


def encode(message: Welcome | Go) -> bytes:
    """Return a message as its line."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes) -> Hello | Idle:
    """Return the message in a line. Raises BadMessage."""
    try:
        fields = _anything.decode(line)
        if "hello" in fields:
            return _hello.decode(line)
        if fields.get("idle") is True:
            return _idle.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(f"it sent {line[:80]!r}: {error}") from error
    raise BadMessage(f"it sent {line[:80]!r}, which is neither a hello nor an idle message")
