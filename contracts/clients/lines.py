"""The JSON Lines sent to a client process and read from it. The client's lines are checked, not trusted."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.clients.base import Credentials, hidden, told
from contracts.clients.errors import ClientProtocolError
from mockserver.journal import Guest

LONGEST_LINE = 1 << 20
"""The longest line of a client, in bytes; an answer has about twenty."""

SHOWN = 80


class IntentLine(Struct):
    """The request to a client: deliver `text` to `guest`."""

    guest: Guest
    text: str


class Question(Struct):
    """A line to the client."""

    id: int
    send: IntentLine


class ReplyLine(Struct):
    """A line from the client: whether intent `id` was accepted."""

    id: int
    ok: bool
    error: str | None = None


_decoder = msgspec.json.Decoder(ReplyLine)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")


def question(number: int, guest: Guest, text: str) -> bytes:
    """Return a line that asks for intent `number`, with U+2028 escaped, because the readline of Node 24 ends a line there."""
    line = msgspec.json.encode(Question(number, IntentLine(guest, text)))
    return line.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029") + b"\n"


def reply(line: bytes, credentials: Credentials) -> ReplyLine:
    """Return the reply in a line, with its error redacted. Raises ClientProtocolError, which quotes the line."""
    try:
        read = _decoder.decode(_whole(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientProtocolError(
            f'the client wrote {shown(line, credentials)} on stdout, where only lines such as {{"id": 1, "ok": true}} belong:'
            f" {error}"
        ) from error
    return replace(read, error=told(read.error or "", credentials))


def _whole(line: bytes) -> bytes:
    """Return the line with a replacement character for each lone surrogate. JavaScript leaves one if it cuts a string there."""
    if _SURROGATE.search(line) is None:
        return line
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):  # the decoder has the better message
        return line
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text).encode()


def shown(line: bytes, credentials: Credentials) -> str:
    """Return the beginning of a line, on one line, without secrets."""
    text = hidden(line.decode("utf-8", "replace"), credentials)
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}… ({len(line)} bytes)"


class Lines:
    """The lines of a client's standard output, without their ends. `pending` is what has come of the next one."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.pending = b""

    def read(self, descriptor: int) -> Iterator[bytes]:
        """Read a descriptor to its end. Raises ClientProtocolError at a line that is too long, or that has no end."""
        while chunk := os.read(descriptor, 1 << 16):
            yield from self.feed(chunk)
        self.end()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Return the lines that a chunk completes. Raises ClientProtocolError at one that is too long."""
        *lines, self.pending = (self.pending + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(self.pending) > LONGEST_LINE:
            raise ClientProtocolError(f"the client wrote a line of more than {LONGEST_LINE} bytes: {self._begun}")

    def end(self) -> None:
        """Nothing more comes. Raises ClientProtocolError if a line has no end."""
        if self.pending.strip():
            raise ClientProtocolError(f"the client's last line has no end: {self._begun}")

    @property
    def unfinished(self) -> str:
        """The complaint about an unfinished last line, "" if there is none."""
        return f"it has not ended its line {self._begun} with a newline" if self.pending.strip() else ""

    @property
    def _begun(self) -> str:
        return shown(self.pending, self._credentials)
