"""The life of one credential: pure functions over a record.

A credential is alive until the first of its causes of end, and dead for ever afterwards. The cause that came first in time
decides; at equal milliseconds the order of `CAUSES` does. Acts (ended, evicted, spent, succeeded) are written into the record;
deadlines (idle, expired) follow from the clock. What a credential is within takes it along when it ends.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mockserver.platform.checks import CAUSES
from mockserver.platform.model import Life

NEVER = 1 << 62
MINUTE = 60_000

_RANK = {cause: rank for rank, cause in enumerate(CAUSES)}


class Credential(Struct, frozen=True, kw_only=True, gc=False):
    """One credential. Times are in milliseconds; `left` counts its uses, None if they are not bounded.

    `ended_at` and `ended_by` are the act that ended it, or will after a grace. `bound` is what has to be equal at each use.
    `window` and `counted` are the minute being counted for the rate, and the requests in it.
    """

    kind: str
    id: str
    issued_at: int
    last_used: int
    idle_at: int = NEVER
    expires_at: int = NEVER
    ended_at: int = NEVER
    ended_by: str = ""
    left: int | None = None
    within: str = ""
    bound: tuple[str | None, ...] = ()
    scopes: tuple[str, ...] | None = None
    window: int = 0
    counted: int = 0
    version: int = 1

    @property
    def ends_at(self) -> int:
        """When it ends, or ended, if nothing happens to it any more."""
        return min(self.idle_at, self.expires_at, self.ended_at)


class End(NamedTuple):
    """How a credential ended: when, and the cause that came first."""

    at: int
    cause: str


def issue(
    kind: str,
    id: str,
    life: Life,
    now: int,
    *,
    within: str = "",
    bound: tuple[str | None, ...] = (),
    scopes: tuple[str, ...] | None = None,
) -> Credential:
    """Return a new credential."""
    return Credential(
        kind=kind,
        id=id,
        issued_at=now,
        last_used=now,
        idle_at=NEVER if life.idle is None else now + life.idle,
        expires_at=NEVER if life.ttl is None else now + life.ttl,
        left=life.uses,
        within=within,
        bound=bound,
        scopes=scopes,
    )


def use(credential: Credential, life: Life, now: int) -> Credential:
    """Return it after a use: one use fewer, spent by the last one; else with a new idle deadline. Stamps never go backwards."""
    now = max(now, credential.last_used)
    used = replace(credential, version=credential.version + 1, last_used=now)
    if credential.left is not None:
        if credential.left <= 1:
            return replace(used, left=0, ended_at=min(now, credential.ended_at), ended_by="spent")
        used = replace(used, left=credential.left - 1)
    return used if life.idle is None else replace(used, idle_at=max(credential.idle_at, now + life.idle))


def end(credential: Credential, by: str, now: int, grace: int = 0) -> Credential:
    """Return it ended by an act, at once or after a grace; unchanged if it was over, or was to end sooner."""
    at = now + grace
    if now >= credential.ends_at or at >= credential.ended_at:
        return credential
    return replace(credential, version=credential.version + 1, ended_at=at, ended_by=by)


def expire(credential: Credential, now: int) -> Credential:
    """Return it with its time to live cut short to `now`; unchanged if it was over."""
    if now >= credential.ends_at:
        return credential
    return replace(credential, version=credential.version + 1, expires_at=now)


def end_of(credential: Credential, owner: Credential | None) -> End:
    """Return when and why it ends or ended. `owner` is what it is within; if that ends first, it is ended with it."""
    ends = [(credential.idle_at, _RANK["idle"]), (credential.expires_at, _RANK["expired"])]
    if credential.ended_by:
        ends.append((credential.ended_at, _RANK[credential.ended_by]))
    if owner is not None and owner.ends_at < NEVER:
        ends.append((owner.ends_at, _RANK["ended"]))
    at, rank = min(ends)
    return End(at, CAUSES[rank])


def cause_at(credential: Credential, owner: Credential | None, now: int) -> str:
    """Return why it is over at `now`, "" while it lives."""
    if now < credential.ends_at and (owner is None or now < owner.ends_at):
        return ""
    return end_of(credential, owner).cause


def inherited(credential: Credential, owner: Credential | None) -> Credential:
    """Return it as what is within it sees it: it ends with its owner, and has its owner's scopes unless it has its own."""
    if owner is None:
        return credential
    if owner.ends_at < credential.ends_at:
        credential = replace(credential, ended_at=owner.ends_at, ended_by="ended")
    return credential if credential.scopes is not None else replace(credential, scopes=owner.scopes)


def counted(credential: Credential, now: int) -> tuple[int, int]:
    """Return the requests counted in its minute, and the milliseconds that are left of that."""
    if credential.counted == 0 or now >= credential.window + MINUTE:
        return 0, MINUTE
    return credential.counted, credential.window + MINUTE - now


def count(credential: Credential, now: int) -> Credential:
    """Return it with one more request counted in its minute."""
    made, _ = counted(credential, now)
    window = credential.window if made else now
    return replace(credential, version=credential.version + 1, window=window, counted=made + 1)
