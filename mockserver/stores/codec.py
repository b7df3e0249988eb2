"""Records and journal entries as bytes, for stores outside this process.

A record is its version, a colon, its counts, a colon and MessagePack, so that a script can compare versions and count without
decoding. Counts are numbers separated by spaces; only tokens and clients have any. An entry is a line of JSON that gets its
number and timestamp when it is read.
"""

from __future__ import annotations

from msgspec import DecodeError, msgpack
from msgspec.structs import replace

from mockserver import journal
from mockserver.engine.model import Counts, Credential, FaultPlan, Organization
from mockserver.journal import Entry, PendingEntry
from mockserver.stores.base import Kind, Record

_encoder = msgpack.Encoder()
_decoders: dict[Kind, msgpack.Decoder[Record]] = {
    "organization": msgpack.Decoder(Organization),
    "faults": msgpack.Decoder(FaultPlan),
    "client": msgpack.Decoder(Credential),
    "token": msgpack.Decoder(Credential),
    "session": msgpack.Decoder(Credential),
    "registered": msgpack.Decoder(Credential),
    "credential": msgpack.Decoder(Credential),
}


_COUNTS: dict[Kind, tuple[str, ...]] = {
    "token": ("number", "window", "requests", "last_used"),
    "client": ("issued", "evicted"),
}
"""The fields that scripts count, in the order of `commit.lua`."""


def encode_record(kind: Kind, record: Record) -> bytes:
    """Return the record with its version and its counts in front."""
    counts = " ".join(map(str, _counts(record, _COUNTS[kind]))) if isinstance(record, Credential) and kind in _COUNTS else ""
    return b"%d:%b:" % (record.version, counts.encode()) + _encoder.encode(record)


def _counts(record: Credential, names: tuple[str, ...]) -> list[int]:
    return [record.last_used if name == "last_used" else getattr(record.counts, name) for name in names]


def decode_record(kind: Kind, value: bytes) -> Record:
    """Return the record in `value`. Raises msgspec.DecodeError if it is not a record of `kind`."""
    _, counts, encoded = value.split(b":", 2) if value.count(b":", 0, 120) > 1 else (b"", b"", b"")
    record = _decoders[kind].decode(encoded)
    if not counts or not isinstance(record, Credential):
        return record
    try:
        counted = dict(zip(_COUNTS[kind], map(int, counts.split()), strict=True))
        last_used = counted.pop("last_used", record.last_used)
        return replace(record, counts=Counts(**counted), last_used=last_used)
    except (KeyError, ValueError) as error:
        raise DecodeError(f"its counts are {counts!r}") from error


def encode_entry(noted: PendingEntry) -> bytes:
    """Return the entry as a line of JSON, without its number and timestamp."""
    return journal.encode(noted.entry(0, 0))


def decode_entry(seq: int, at: int, line: bytes) -> Entry:
    """Return the entry that `encode_entry` wrote, with its number and timestamp. Raises TraceError if it is not one."""
    return replace(journal.decode(line), seq=seq, at=at)
