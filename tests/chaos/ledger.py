"""The answers that clients got, compared with the journal's record of what the platform did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mockserver.journal import Entry
from mockserver.journal_queries import Pair, pair_up

CLEAR = frozenset({200, 403})
"""The statuses that tell a client what became of its send."""

KNOWN = CLEAR | {503}


class Sent(NamedTuple):
    """One send of a race, or of the time after it. `status` is None if no answer came."""

    session: str
    status: int | None
    context_id: str | None = None


class Row(NamedTuple):
    """The counts of one scene. All but the first three are to be 0.

    `unclear` are the sends that were answered 503, or not at all.
    """

    races: int = 0
    sends: int = 0
    unclear: int = 0
    wrong_winners: int = 0
    revived: int = 0
    unrecorded: int = 0
    mismatched: int = 0

    @property
    def faults(self) -> int:
        """The number of faults."""
        return self.wrong_winners + self.revived + self.unrecorded + self.mismatched


class Ledger:
    """The sends of a scene: `races` for sessions that lived, `after` for sessions that were dead."""

    def __init__(self) -> None:
        self.races: list[list[Sent]] = []
        self.after: list[Sent] = []
        self.entries: list[Entry] = []

    def row(self) -> Row:
        """Compare the wire with the journal. Raises RuntimeError for a status that nothing here leads to."""
        pairs = {pair.arrival.context_id: pair for pair in pair_up(self.entries)}
        sent = [*(one for race in self.races for one in race), *self.after]
        for one in sent:
            if one.status is not None and one.status not in KNOWN:
                raise RuntimeError(f"a send was answered {one.status} (contextId {one.context_id})")
        late = {one.context_id for one in self.after}
        accepted = _accepted(pairs.values())
        winners = {session: [id for id in ids if id not in late] for session, ids in accepted.items()}
        revived = {one.session for one in self.after if one.status == 200}
        revived |= {session for session, ids in accepted.items() if len(ids) > len(winners[session])}
        return Row(
            races=len(self.races),
            sends=len(sent),
            unclear=sum(one.status not in CLEAR for one in sent),
            wrong_winners=sum(_is_wrong(race, winners.get(race[0].session, [])) for race in self.races),
            revived=len(revived),
            unrecorded=sum(one.status == 200 and not _is_recorded(one, pairs) for one in sent),
            mismatched=sum(not _agrees(one, pairs) for one in sent),
        )


def _accepted(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """The contextIds of accepted messages, by session."""
    found: dict[str, list[str]] = {}
    for arrival, answer in pairs:
        if answer is not None and answer.accepted and answer.session is not None:
            found.setdefault(answer.session.id, []).append(arrival.context_id)
    return found


def _is_wrong(race: list[Sent], accepted: list[str]) -> bool:
    """Return whether a race had two winners, or none although every client got a clear answer."""
    statuses = Counter(one.status for one in race)
    everybody_knows = statuses.keys() <= CLEAR
    return statuses[200] > 1 or len(accepted) > 1 or (everybody_knows and statuses[200] != 1)


def _is_recorded(one: Sent, pairs: dict[str, Pair]) -> bool:
    pair = pairs.get(one.context_id or "")
    return pair is not None and pair.answer is not None and pair.answer.accepted


def _agrees(one: Sent, pairs: dict[str, Pair]) -> bool:
    """Return whether the journal has the status that the client got. A lost answer cannot be compared."""
    if one.status is None:
        return True
    pair = pairs.get(one.context_id or "")
    return (
        pair is not None and pair.answer is not None and (pair.answer.status, pair.answer.delivery) == (one.status, "complete")
    )
