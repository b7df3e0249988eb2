"""What is said to a client process and what it says back: JSON Lines, read with suspicion."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.clients.base import Credentials, hidden, shortened
from contracts.clients.errors import ClientProtocolError
from mockserver.journal import Guest

LONGEST_LINE = 1 << 20
"""Bytes a client's line may have; an answer has some twenty."""

SHOWN = 80


class Ask(Struct):
    """What a client is asked: to deliver `text` to `guest`."""

    guest: Guest
    text: str


class Question(Struct):
    """A line to the client."""

    id: int
    send: Ask


class Reply(Struct):
    """A line from the client: whether intent `id` was accepted."""

    id: int
    ok: bool
    error: str = ""


_decoder = msgspec.json.Decoder(Reply)


def question(number: int, guest: Guest, text: str) -> bytes:
    """A line that asks for intent `number`."""
    return msgspec.json.encode(Question(number, Ask(guest, text))) + b"\n"


def reply(line: bytes, credentials: Credentials) -> Reply:
    """The reply in a line, its error as it is to be told. Raises ClientProtocolError that shows what was there instead."""
    try:
        read = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientProtocolError(
            f'the client wrote {shown(line, credentials)} on stdout, where only lines such as {{"id": 1, "ok": true}} belong:'
            f" {error}"
        ) from error
    return replace(read, error=shortened(hidden(read.error, credentials)))


def shown(line: bytes, credentials: Credentials) -> str:
    """The beginning of a line, on one line, without secrets."""
    text = hidden(line.decode("utf-8", "replace"), credentials)
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}… ({len(line)} bytes)"


def read(descriptor: int, credentials: Credentials) -> Iterator[bytes]:
    """The lines of a stream, without their ends. Raises ClientProtocolError at one that is too long, or that has no end."""
    pending = b""
    while chunk := os.read(descriptor, 1 << 16):
        *lines, pending = (pending + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(pending) > LONGEST_LINE:
            raise ClientProtocolError(
                f"the client wrote a line of more than {LONGEST_LINE} bytes: {shown(pending, credentials)}"
            )
    if pending.strip():
        raise ClientProtocolError(f"the client's last line has no end: {shown(pending, credentials)}")
