"""Records and journal entries as bytes, for stores outside this process.

A record is its version, a colon and MessagePack: so a script can compare versions without decoding. An entry is a line of JSON,
numbered and stamped only when it is read.
"""

from __future__ import annotations

from msgspec import msgpack
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


def encode_record(record: Record) -> bytes:
    """The record with its version in front."""
    return b"%d:" % record.version + _encoder.encode(record)


def decode_record(kind: Kind, value: bytes) -> Record:
    """Raises msgspec.DecodeError for what is no record of `kind`."""
    return _decoders[kind].decode(value[value.find(b":") + 1 :])


def encode_entry(noted: Noted) -> bytes:
    """The entry as a line of JSON, its number and stamp still open."""
    return journal.encode(noted.entry(0, 0))


def decode_entry(seq: int, at: int, line: bytes) -> Entry:
    """The entry that `encode_entry` wrote, numbered and stamped. Raises TraceError for what is none."""
    return replace(journal.decode(line), seq=seq, at=at)
