"""The credentials of a declared platform, as tests, the control API and the console use them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mockserver.clock import iso
from mockserver.declared.mock import Mock, Registered
from mockserver.engine import life
from mockserver.engine.model import NEVER, Credential

By = Literal["ended", "evicted", "expired"]


class HeldCredential(Struct, frozen=True, kw_only=True):
    """A credential that is kept. `id` is a pseudonym if it is secret; `state` is alive, or the cause of its end.

    `ends` is when it ended, or will if nothing happens; None is never. `within` is the id of its owner. Times are in ISO 8601.
    """

    id: str
    issued: str
    state: str
    ends: str | None
    uses_left: int | None
    within: str | None


class DeclaredCredentials:
    """The credentials of a mock, by kind. An unknown kind raises NotFound, which names one that is near."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    def list(self, kind: str, most: int | None = None) -> list[HeldCredential]:
        """Return those that are kept, oldest first: all, or the newest so many."""
        kept = self._mock.credentials(kind)
        return [self._held(record) for record in (kept if most is None else kept[-most:])]

    def register(self, kind: str, id: str = "", /, **bound: str) -> Registered:
        """Issue one without a request. A missing id or value is random. Journalled as `register`."""
        return self._mock.register(kind, Registered(id, bound))

    def end(self, kind: str, id: str | None = None, by: By = "ended") -> int:
        """End the living ones, or the one with this id or pseudonym; return how many. Journalled as `end`.

        The cause is ended, evicted or expired.
        """
        if id is not None:
            records = self._mock.credentials(kind)
            id = next((one.id for one in records if self._mock.told_as(kind, one.id) == id), id)
        return self._mock.end(kind, id, by=by)

    def _held(self, record: Credential) -> HeldCredential:
        mock, owner = self._mock, self._mock.owner(record)
        end, within = life.end_of(record, owner), mock.platform.kinds[record.kind].within
        return HeldCredential(
            id=mock.told_as(record.kind, record.id),
            issued=iso(record.issued_at),
            state=life.cause_at(record, owner, mock.now()) or "alive",
            ends=iso(end.at) if end.at < NEVER else None,
            uses_left=record.left,
            within=mock.told_as(within, record.within) if within and record.within else None,
        )
