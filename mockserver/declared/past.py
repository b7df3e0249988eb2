"""The known requests and credentials of a platform: those of a mock with its store, or of a journal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mockserver.declared.decide import is_counted, new
from mockserver.declared.entries import Recorded, is_struck, recorded, within
from mockserver.declared.mock import Mock
from mockserver.engine import life
from mockserver.engine.model import Credential
from mockserver.errors import NotFound
from mockserver.journal import Entry, Perturbed
from mockserver.journal_queries import Reader, pair_up
from mockserver.platform.model import Kind, Platform

Named = tuple[str, str]
"""A kind, and the name that the journal has for a credential of it."""

LATEST = 1 << 62


class PastCredential(NamedTuple):
    """A credential, and its owner after its own owners' effect on it."""

    record: Credential
    owner: Credential | None

    @property
    def end(self) -> life.EndOfLife:
        """When and why it ended, or will if nothing happens."""
        return life.end_of(self.record, self.owner)

    def cause_at(self, now: int) -> str:
        """Return the cause of its end if it is over, "" while it lives."""
        return life.cause_at(self.record, self.owner, now)


class DeclaredPast:
    """A journal with its requests and the changes from outside, and the credentials that they are about.

    `kept` finds a credential that a store has. Others are rebuilt from the journal.
    """

    def __init__(
        self,
        platform: Platform,
        entries: Iterable[Entry],
        hide: Callable[[str], str] = str,
        kept: Callable[[str, str], PastCredential | None] = lambda _kind, _name: None,
    ) -> None:
        every = list(entries)
        self.platform, self.hide, self._kept = platform, hide, kept
        self.requests = [within(platform, one) for one in recorded(pair_up(every))]
        self.notes = [entry for entry in every if isinstance(entry, Perturbed)]
        self.now = max((getattr(entry, "at", 0) for entry in every), default=0)

    def find(self, context_id: str) -> Recorded:
        """Return the request with a contextId. Raises NotFound."""
        found = next((one for one in self.requests if one.context_id == context_id), None)
        if found is None:
            raise NotFound("request", context_id, "the journal does not have it, or no longer")
        return found

    def known(self, kind: str, name: str) -> PastCredential | None:
        """Return a credential as it is now."""
        return self._kept(kind, name) or self.before(LATEST).get((kind, name))

    def before(self, seq: int) -> dict[Named, PastCredential]:
        """Return the credentials as they were before a journal entry, rebuilt, oldest first."""
        changes: list[tuple[int, Recorded | Perturbed]] = [(one.answer_seq, one) for one in self.requests if one.answer_seq]
        changes += [(note.seq, note) for note in self.notes]
        found: dict[Named, Credential] = {}
        for at, change in sorted(changes, key=lambda one: one[0]):
            if at >= seq:
                break
            after = self._note(change, found) if isinstance(change, Perturbed) else self._request(change, found)
            for record in after:
                found[record.kind, record.id] = record
        return {place: PastCredential(record, self._owner(record, found)) for place, record in found.items()}

    def _owner(self, record: Credential, among: dict[Named, Credential]) -> Credential | None:
        within = self.platform.kinds[record.kind].within
        found = among.get((within, record.within)) if within is not None else None
        return None if found is None else life.inherited(found, self._owner(found, among))

    def _note(self, note: Perturbed, found: dict[Named, Credential]) -> Iterable[Credential]:
        kind, name = note.detail.get("kind", ""), note.detail.get("id")
        if note.what == "register" and kind in self.platform.kinds:
            return [new(self.platform.kinds[kind], str(name), note.at, within=note.detail.get("within", ""))]
        if note.what != "end":
            return []
        chosen = [record for record in found.values() if record.kind == kind and name in {None, record.id}]
        by = note.detail.get("by", "ended")
        return [life.expire(one, note.at) if by == "expired" else life.end(one, by, note.at) for one in chosen]

    def _request(self, request: Recorded, found: dict[Named, Credential]) -> Iterable[Credential]:
        """Yield the credentials that a request changed or brought; see `declared.decide`."""
        at = request.acted_at
        if at is None and request.answer is not None and is_struck(self.platform, request):
            at = request.answer.at
        if at is None:
            return
        shown = [found[place] for place in request.shown.items() if place in found]
        for record in shown:
            yield from self._shown(request, record, at, found)
        for name, id in sorted(request.issued.items(), key=lambda one: self.platform.kinds[one[0]].within is not None):
            kind = self.platform.kinds[name]
            owners = [record.within for record in shown if self.platform.kinds[record.kind].within == kind.within]
            known = {**dict.fromkeys([kind.within or ""], owners[0] if owners else ""), **request.shown, **request.issued}
            within = known.get(kind.within or "", "")
            crowd = [one for one in found.values() if one.kind == name and one.within == within and at < one.ends_at]
            for oldest in crowd[: max(0, len(crowd) + 1 - kind.life.live)] if kind.life.live is not None else ():
                yield life.end(oldest, "evicted", at)
            yield new(kind, id, at, within=within)

    def _shown(self, request: Recorded, record: Credential, at: int, found: dict[Named, Credential]) -> Iterable[Credential]:
        kind = self.platform.kinds[record.kind]
        if request.refused_by or request.acted_at is None:
            replayed = request.refused_by == kind.name and request.cause in {"spent", "succeeded"}
            owner = found.get((kind.within or "", record.within))
            if kind.reuse_ends and replayed and owner is not None:
                yield life.end(owner, "ended", at)
            if life.cause_at(record, None, at) or not (kind.seen_is_spent or self._is_counted(request, kind)):
                return
            yield life.use(record, at, kind.life.idle)
            return
        if request.operation in kind.ended:
            yield life.end(record, "ended", at)
        elif kind.succeeds and kind.name in request.issued:
            yield record if kind.life.endless_grace else life.end(record, "succeeded", at, kind.life.grace or 0)
        elif is_counted(kind, record):
            yield life.use(record, at, kind.life.idle)

    def _is_counted(self, request: Recorded, kind: Kind) -> bool:
        """Return True if the rate counts a request that a later guard refused, which is a use too."""
        operation = self.platform.operations.get(request.operation)
        guards = () if operation is None else operation.guards
        counted = guards[: guards.index("rate")] if "rate" in guards else ()
        return kind.name in counted and request.refused_by in guards and request.refused_by not in {*counted, "rate"}


def past_of(mock: Mock) -> DeclaredPast:
    """Return the past of a mock, whose store has the credentials that it decides by."""

    def kept(kind: str, name: str) -> PastCredential | None:
        found = next((one for one in mock.credentials(kind) if mock.told_as(kind, one.id) == name), None)
        return None if found is None else PastCredential(found, mock.owner(found))

    past = DeclaredPast(mock.platform, Reader(mock.store, mock.organization).entries(), mock.hide, kept)
    past.now = mock.now()
    return past
