"""Records and journal entries as bytes, for stores outside this process.

A record is its version, a colon, its counts, a colon and MessagePack, so that a script can compare versions and count without
decoding. Counts are numbers separated by spaces; only tokens and clients have any. An entry is a line of JSON that gets its
number and timestamp when it is read.
"""

from __future__ import annotations

from msgspec import DecodeError, msgpack
from msgspec.structs import replace

from mockserver import journal
from mockserver.engine.model import FaultPlan, OAuthClient, Organization, Session, Token
from mockserver.journal import Entry, Noted
from mockserver.stores.base import Kind, Record

_encoder = msgpack.Encoder()
_decoders: dict[Kind, msgpack.Decoder[Record]] = {
    "organization": msgpack.Decoder(Organization),
    "faults": msgpack.Decoder(FaultPlan),
    "client": msgpack.Decoder(OAuthClient),
    "token": msgpack.Decoder(Token),
    "session": msgpack.Decoder(Session),
}


_COUNTS: dict[Kind, tuple[str, ...]] = {
    "token": ("number", "window", "used", "last_used"),
    "client": ("issued", "evicted"),
}
"""The fields that scripts count, in the order of `commit.lua`."""


def encode_record(kind: Kind, record: Record) -> bytes:
    """Return the record with its version and its counts in front."""
    counts = " ".join(str(getattr(record, name)) for name in _COUNTS.get(kind, ()))
    return b"%d:%b:" % (record.version, counts.encode()) + _encoder.encode(record)


def decode_record(kind: Kind, value: bytes) -> Record:
    """Return the record in `value`. Raises msgspec.DecodeError if it is not a record of `kind`."""
    _, counts, encoded = value.split(b":", 2) if value.count(b":", 0, 120) > 1 else (b"", b"", b"")
    record = _decoders[kind].decode(encoded)
    if not counts:
        return record
    try:
        return replace(record, **dict(zip(_COUNTS[kind], map(int, counts.split()), strict=True)))
    except (KeyError, ValueError) as error:
        raise DecodeError(f"its counts are {counts!r}") from error


def encode_entry(noted: Noted) -> bytes:
    """Return the entry as a line of JSON, without its number and timestamp."""
    return journal.encode(noted.entry(0, 0))


def decode_entry(seq: int, at: int, line: bytes) -> Entry:
    """Return the entry that `encode_entry` wrote, with its number and timestamp. Raises TraceError if it is not one."""
    return replace(journal.decode(line), seq=seq, at=at)
