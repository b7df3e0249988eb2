"""Gives a trace names that are the same in every run, in place of those that must never be the same twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mockserver.journal import Answer, Arrival, Entry, decode, encode

CLIENT = "client"
"""What the OAuth client of a trace is called."""


def named(trace: Sequence[Entry], client_id: str) -> tuple[Entry, ...]:
    """The trace with its OAuth client called `client` and its tokens numbered as they come: so the same counterexample reads
    the same each time it is found, and two reports can be compared."""
    lines = [encode(entry) for entry in trace]
    names = {client_id: CLIENT} if client_id else {}
    for token in _tokens(trace):
        names.setdefault(token, f"t:{len(names):010x}")
    if not names:
        return tuple(map(decode, lines))
    known = {name.encode(): new.encode() for name, new in names.items()}
    pattern = re.compile(b"|".join(map(re.escape, known)))
    return tuple(decode(pattern.sub(lambda found: known[found[0]], line)) for line in lines)


def _tokens(trace: Iterable[Entry]) -> Iterator[str]:
    for entry in trace:
        if isinstance(entry, Arrival) and entry.credential.token is not None:
            yield entry.credential.token
        if isinstance(entry, Answer) and entry.token is not None:
            yield entry.token
