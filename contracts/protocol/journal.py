"""Reads the journal of a declared platform's mock as a trace of its clients.

The client's units of work are unknown, as in a HAR file. The journal has the ids of each request in place of its headers.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from contracts.errors import TraceMalformed
from contracts.history import CLOCKED, jump_of
from contracts.protocol.recording import Reading
from contracts.protocol.trace import FOREVER, PLAIN_FAULTS, DeclaredTrace, Happened, Journalled, TraceExchange
from contracts.report.words import perturbation_words
from mockserver.journal import Answer, Arrival, Entry, Header, Perturbed, merged
from mockserver.journal_queries import Pair, number, pair_up
from mockserver.platform.model import Platform

UNITS = dict.fromkeys(("A2", "N1", "R4", "R5"), "it is about one unit of work, and a journal does not tell one from another")
"""Clauses about calls that follow each other in one unit of work."""

MOVED = {"A4": "the mock's clock was moved or stood still, so the times in its journal are not the client's"}

CROSSED = {"N2": "the call may have left before the answer that brought the next one"}


def read(entries: Iterable[Entry], platform: Platform, *, complete: bool = False, sequential: bool = False) -> Reading:
    """Read a journal.

    `complete`: if it begins with its first entry, no id was issued before it. `sequential`: the client made one call at a time.
    Otherwise a request that came soon after an answer may have left before it. Raises TraceMalformed.
    """
    every = merged(entries)
    places = {id(entry): float(place) for place, entry in enumerate(every)}
    notes = [entry for entry in every if isinstance(entry, Perturbed)]
    found = pair_up(every)
    pairs = [pair for pair in found if pair.arrival.operation in platform.operations]
    events = [_happened(note, places[id(note)]) for note in notes]
    trace = DeclaredTrace(
        exchanges=[_exchange(nth, pair, places, platform) for nth, pair in enumerate(pairs, 1)],
        events=events,
        whole=complete and _is_whole(every),
        sharp=False,
        crossing=not sequential,
    )
    moved = any(note.what in CLOCKED for note in notes) or any(
        isinstance(one, Header) and one.clock == "mixed" for one in every
    )
    unsound = UNITS | (MOVED if moved else {}) | ({} if sequential else CROSSED)
    return Reading(platform, trace, len(pairs), len(found), unsound=unsound)


def _is_whole(entries: list[Entry]) -> bool:
    """Return True if the journal has its first entry, and no reset has forgotten what was issued before it."""
    first = next((number(entry) for entry in entries if not isinstance(entry, Header)), 1)
    return first == 1 and not any(isinstance(entry, Perturbed) and entry.what == "reset" for entry in entries)


def _exchange(nth: int, pair: Pair, places: dict[int, float], platform: Platform) -> TraceExchange:
    arrival, answer = pair
    path, _, query = arrival.path.partition("?")
    spoiled = answer is not None and bool(answer.fault) and not str(answer.fault).startswith(PLAIN_FAULTS)
    arrived = answer is not None and answer.delivery == "complete" and answer.status is not None
    left = places[id(arrival)]
    returned = FOREVER if answer is None else places.get(id(answer), left + 0.5)
    if answer is not None and returned < left:
        raise TraceMalformed(answer.seq, f"no request {answer.context_id!r} arrived before it; keep the lines in their order")
    return TraceExchange(
        number=nth,
        method=arrival.method,
        path=path,
        query=query,
        headers=[],
        body=_written(arrival.body) or (arrival.text or "").encode(),
        left=left,
        left_at=arrival.at,
        returned=returned,
        returned_at=arrival.at if answer is None else answer.at,
        status=answer.status if answer is not None and arrived else None,
        answer_headers=_retry_after(answer) if answer is not None and arrived else [],
        answer_body=_written(answer.body) if answer is not None and arrived else b"",
        accepted=answer is not None and answer.accepted,
        spoiled=spoiled,
        fault="" if answer is None else answer.fault or "",
        issued={} if answer is None else {kind: id for kind, id in _known(arrival, answer).items() if kind in platform.kinds},
        journalled=_ids(arrival, answer if arrived and not spoiled else None, platform),
    )


def _ids(arrival: Arrival, answer: Answer | None, platform: Platform) -> Journalled:
    """Return the ids of an exchange that the client wrote or could read."""
    name = arrival.operation or ""
    kinds = platform.kinds
    shown = {kind: id for kind, id in arrival.shown.items() if kind in kinds and name in kinds[kind].carried}
    if answer is None or answer.status is None:
        return Journalled(name, shown, {}, "" if answer is None else answer.reason)
    brought = {
        kind: id
        for kind, id in answer.brought.items()
        if kind in kinds and (kinds[kind].always or (name in kinds[kind].issued and answer.status < 400))
    }
    return Journalled(name, shown, brought, answer.reason, answer.acted)


def _known(arrival: Arrival, answer: Answer) -> dict[str, str]:
    """Return the ids that the platform knew or issued: it told of each that it did not know."""
    return {kind: id for kind, id in arrival.shown.items() if answer.reason != f"{kind}.unknown"} | answer.brought


def _retry_after(answer: Answer) -> list[tuple[str, str]]:
    written = answer.retry_after_text or ("" if answer.retry_after is None else str(answer.retry_after))
    return [("Retry-After", written)] if written else []


def _written(document: object) -> bytes:
    return b"" if document is UNSET else msgspec.json.encode(document)


def _happened(entry: Perturbed, place: float) -> Happened:
    words = perturbation_words(entry.what, entry.detail)
    return Happened(place, entry.at, words, jump_of(entry), entry.what, entry.detail)
