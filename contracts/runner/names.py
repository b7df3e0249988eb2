"""Replaces random names in a trace by names that are the same in every run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from contracts.output import OutputLine
from mockserver.journal import Answer, Arrival, Entry, decode, encode

CLIENT = "client"
"""The name of the OAuth client in a trace."""


def named(trace: Sequence[Entry], client_id: str) -> tuple[Entry, ...]:
    """Return the trace with its OAuth client called `client` and its tokens numbered in order of appearance.

    So the same counterexample reads the same each time it is found, and two reports can be compared.
    """
    lines, names = [encode(entry) for entry in trace], _names(trace, client_id)
    if not names:
        return tuple(map(decode, lines))
    known = {name.encode(): new.encode() for name, new in names.items()}
    pattern = re.compile(b"|".join(map(re.escape, known)))
    return tuple(decode(pattern.sub(lambda found: known[found[0]], line)) for line in lines)


def named_log(log: Sequence[OutputLine], trace: Sequence[Entry], client_id: str) -> tuple[OutputLine, ...]:
    """Return the client's output, with the names that `named` gives to its trace."""
    names = _names(trace, client_id) if log else {}
    if not names:
        return tuple(log)
    pattern = re.compile("|".join(map(re.escape, names)))
    return tuple(replace(line, text=pattern.sub(lambda found: names[found[0]], line.text)) for line in log)


def _names(trace: Sequence[Entry], client_id: str) -> dict[str, str]:
    names = {client_id: CLIENT} if client_id else {}
    for entry in trace:
        token = entry.credential.token if isinstance(entry, Arrival) else entry.token if isinstance(entry, Answer) else None
        if token is not None:
            names.setdefault(token, f"t:{len(names):010x}")
    return names
