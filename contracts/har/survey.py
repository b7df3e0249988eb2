"""Looks at all requests of a recording together, for what no single one shows.

It finds the platform's hosts, entries of the same exchange, ids and tokens that a sanitizer has masked, and the resolution of
the time stamps. Little is kept of each request, because there may be many.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from math import floor
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from contracts.har import secrets
from contracts.har.requests import HarRequest
from contracts.har.routes import RouteTraits, platforms
from contracts.har.secrets import looks_masked
from mockserver.journal import CredentialForm

COARSE = (60_000, 1000, 100, 10)
"""Milliseconds to which a tool may have cut its time stamps."""

UNKNOWN = 1 << 40
"""The resolution of time stamps that are all the same: nothing is known of time."""

NEAR = 50
"""Milliseconds within which two tools see the same request."""


class KeptRequest(Struct, frozen=True, gc=False):
    """The part of a request that is kept. `request` and `answer` are digests; None without a body."""

    number: int
    asked: RouteTraits
    began: float
    returned: float
    status: int | None
    request: bytes | None
    answer: bytes | None
    path: str
    correlation: str
    via_worker: bool
    form: CredentialForm | Literal["masked"]
    created: str | None
    logged_in: str | None
    presented: str | None
    lacks_id: bool


class Survey:
    """Takes each request in turn, and then returns what all of them show."""

    def __init__(self) -> None:
        self.notes: list[KeptRequest] = []

    def take(self, one: HarRequest) -> None:
        """Take a request into account."""
        self.notes.append(note_of(one))

    def findings(self, hosts: Collection[str] = ()) -> Findings:
        """Return what the requests to `hosts` show; by default those to the platform's hosts."""
        wanted = {host.lower() for host in hosts} or platforms([note.asked for note in self.notes])
        notes = [note for note in self.notes if wanted & {note.asked.host, note.asked.host.partition(":")[0]}]
        step = resolution([note.began for note in notes])
        doubled = dict(_doubled(notes, step))
        single = [note for note in notes if note.number not in doubled]
        masked = _masked_ids(single)
        return Findings(
            notes=single,
            kept=frozenset(note.number for note in single),
            doubled=doubled,
            resolution=step,
            direction=_direction([note.began for note in notes]),
            masked=frozenset(
                note.number for note in single if note.lacks_id or note.presented in masked or note.created in masked
            ),
            masked_tokens=_masked_tokens(single),
            sanitized=_is_sanitized(single),
        )


Direction = Literal["forward", "backward", "unknown"]


class Findings(NamedTuple):
    """The findings from all requests together.

    `notes` are of the requests to the platform, each once, and `kept` their numbers. `doubled` maps each further entry to the
    one that is kept of the same exchange. `resolution` is in milliseconds. `direction` is the order of time in the file.
    `masked` are the requests whose session id is masked or removed, `masked_tokens` the pseudonyms that stand for more than one
    token.
    """

    notes: list[KeptRequest]
    kept: frozenset[int]
    doubled: dict[int, int]
    resolution: int
    direction: Direction
    masked: frozenset[int]
    masked_tokens: frozenset[str]
    sanitized: bool


def note_of(one: HarRequest) -> KeptRequest:
    """Return what is kept of a request."""
    sent = one.sent if one.sent is not UNSET else one.body
    is_send = one.is_call and one.operation == "send"
    return KeptRequest(
        number=one.number,
        asked=one.asked if one.is_call else one.asked._replace(operation=None),
        began=one.began,
        returned=one.returned,
        status=one.status,
        request=None if one.body is None else _digest(sent),
        answer=None if one.got is UNSET else _digest(one.got),
        path=f"{one.method} {one.path}?{one.query}",
        correlation="" if looks_masked(one.correlation) else one.correlation,
        via_worker=one.via_worker,
        form=_form(one.authorization),
        created=one.created,
        logged_in=one.logged_in,
        presented=one.presented if is_send else None,
        lacks_id=is_send and one.status == 200 and isinstance(one.sent, dict) and one.presented is None,
    )


def _form(authorization: str | None) -> CredentialForm | Literal["masked"]:
    form = secrets.credential_of(authorization).form
    masked = form == "bearer" and looks_masked((authorization or "").partition(" ")[2])
    return "masked" if masked and "[REDACTED t:" not in (authorization or "") else form


def _digest(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value, order="deterministic")
    return hashlib.blake2b(raw, digest_size=12).digest()


# -- time --------------------------------------------------------------------------------------------


def resolution(stamps: Collection[float]) -> int:
    """Return the resolution of time stamps in milliseconds: the coarsest that all of them fit."""
    if len(stamps) > 2 and len(set(stamps)) == 1:
        return UNKNOWN
    fitting = (step for step in COARSE if stamps and all(floor(stamp) % step == 0 for stamp in stamps))
    return next(fitting, 1)


def _direction(stamps: list[float]) -> Direction:
    pairs = list(pairwise(stamps))
    if len(set(stamps)) == 1 and len(stamps) > 1:
        return "unknown"
    if all(first <= then for first, then in pairs):
        return "forward"
    return "backward" if all(first >= then for first, then in pairs) else "unknown"


# -- entries of the same exchange --------------------------------------------------------------------


def _doubled(notes: list[KeptRequest], step: int) -> Iterator[tuple[int, int]]:
    """Yield each further entry of an exchange, and the one that is kept: the first of the most complete ones."""
    left: dict[int, KeptRequest] = {note.number: note for note in notes}
    for group in _by_correlation(notes):
        yield from _all_but_the_best(group, left)
    rows: dict[tuple[str, int | None, bytes | None], list[KeptRequest]] = defaultdict(list)
    for note in left.values():
        rows[(note.path, note.status, note.request)].append(note)
    for row in rows.values():
        row.sort(key=lambda note: note.began)
        for first, then in pairwise(row):
            if _is_same_exchange(first, then, step):
                yield from _all_but_the_best([first, then], left)


def _by_correlation(notes: list[KeptRequest]) -> Iterable[list[KeptRequest]]:
    """Yield groups of entries with the same correlation id, unless they are of different exchanges."""
    groups: dict[str, list[KeptRequest]] = defaultdict(list)
    for note in notes:
        if note.correlation:
            groups[note.correlation].append(note)
    for group in groups.values():
        alike = {(note.path, note.status) for note in group}
        bodies = {note.request for note in group} - {None}
        answers = {note.answer for note in group} - {None}
        if len(group) > 1 and len(alike) == 1 and len(bodies) <= 1 and len(answers) <= 1:
            yield group


def _all_but_the_best(group: list[KeptRequest], left: dict[int, KeptRequest]) -> Iterator[tuple[int, int]]:
    alive = [note for note in group if note.number in left]
    if len(alive) < 2:
        return
    best = max(alive, key=lambda note: (note.request is not None, note.answer is not None, -note.number))
    for note in alive:
        if note is not best:
            del left[note.number]
            yield note.number, best.number


def _is_same_exchange(first: KeptRequest, then: KeptRequest, step: int) -> bool:
    """Return whether two equal requests without a correlation id are one.

    They must have equal answers, and have come at the same moment, or a service worker made one for the other.
    """
    if first.answer != then.answer or first.correlation != then.correlation or first.correlation:
        return False
    worker = first.via_worker or then.via_worker
    if worker and then.began <= first.returned:
        return True
    if then.began >= first.returned and then.began != first.began:
        return False  # one after the other: a retry
    if step > NEAR:  # with whole seconds equal time stamps say little, but an equal duration does
        return first.began == then.began and first.returned == then.returned
    return then.began - first.began <= NEAR


# -- masks -------------------------------------------------------------------------------------------


def _masked_ids(notes: list[KeptRequest]) -> frozenset[str]:
    """Return ids that stand for several: issued more than once, or a mask that no real id refutes."""
    issued = Counter(note.created for note in notes if note.created is not None)
    several = {id for id, count in issued.items() if count > 1}
    words = {id for id in issued if looks_masked(id)}
    real = set(issued) - several - words
    shown = {note.presented for note in notes if note.presented and looks_masked(note.presented)}
    return frozenset(several | words | (set() if real else shown))


def _masked_tokens(notes: list[KeptRequest]) -> frozenset[str]:
    """Return the pseudonyms of tokens that stand for several."""
    issued = Counter(note.logged_in for note in notes if note.logged_in is not None)
    masks = {token for token, count in issued.items() if count > 1 or looks_masked(token)}
    return frozenset(secrets.name_of(token) for token in masks)


def _is_sanitized(notes: list[KeptRequest]) -> bool:
    """Return whether a tool has removed Authorization headers, or their values.

    A request that was accepted must have had one. So must one that was answered 403, because without a token the platform
    answers 401. If other requests have theirs, a gateway may have refused that one before the platform saw it.
    """
    calls = [note for note in notes if note.asked.operation in {"create", "send"}]
    if any(note.status == 200 and note.form != "bearer" for note in calls):
        return True
    return any(note.status == 403 for note in calls) and all(note.form != "bearer" for note in calls)
