"""The life of one credential of any kind: pure functions over a record.

A credential is alive until the first of its causes of end, and dead for ever afterwards. The cause that came first in time
decides; at equal milliseconds the order of `CAUSES` does. Acts (ended, evicted, spent, succeeded) are written into the record;
deadlines (idle, expired) follow from the clock. If its owner ends, it ends too.

The thread says of sessions: "the platform invalidates the token immediately after the first successful handshake or after a
short idle timeout".
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from mockserver.engine.model import CAUSES, NEVER, Counts, Credential

MINUTE = 60_000

_RANK = {cause: rank for rank, cause in enumerate(CAUSES)}


class EndOfLife(NamedTuple):
    """The end of a credential: when, and the cause that came first. An end to come assumes that nothing else happens."""

    at: int
    cause: str


class Usage(NamedTuple):
    """The rate limit at a request: requests made in this minute, and milliseconds until the next minute."""

    made: int
    reset: int


def issue(
    kind: str,
    id: str,
    now: int,
    *,
    ttl: int | None = None,
    idle: int | None = None,
    uses: int | None = None,
    within: str = "",
    bound: tuple[str | None, ...] = (),
    scopes: tuple[str, ...] | None = None,
    about: str = "",
) -> Credential:
    """Return a new credential, with deadlines counted from `now`. Durations are in milliseconds; None is unlimited."""
    return Credential(
        kind=kind,
        id=id,
        within=within,
        issued_at=now,
        last_used=now,
        idle_at=NEVER if idle is None else now + idle,
        expires_at=NEVER if ttl is None else now + ttl,
        left=uses,
        bound=bound,
        scopes=scopes,
        about=about,
    )


def cause_at(credential: Credential, owner: Credential | None, now: int, idle: int | None = None) -> str:
    """Return the cause of its end if it is over at `now`, "" while it lives.

    An end that was written is final, even if `now` is slightly before it. Replicas' clocks differ, and a thread may read its
    clock, wait for the store, and then find the credential used up. `idle` is an idle timeout that is counted from the last
    use, if it is not in the record.
    """
    if (
        now < credential.idle_at
        and now < credential.expires_at
        and (not credential.ended_by or (credential.ended_by == "succeeded" and now < credential.ended_at))
        and (idle is None or now < credential.last_used + idle)
        and (owner is None or (now < owner.idle_at and now < owner.expires_at and now < owner.ended_at))
    ):
        return ""
    return end_of(credential, owner, idle).cause


def end_of(credential: Credential, owner: Credential | None = None, idle: int | None = None) -> EndOfLife:
    """Return when and why it ends or ended. If its `owner` ends first, it is ended with it."""
    idle_at = credential.idle_at if idle is None else min(credential.idle_at, credential.last_used + idle)
    ends = [(idle_at, _RANK["idle"]), (credential.expires_at, _RANK["expired"])]
    if credential.ended_by:
        ends.append((credential.ended_at, _RANK[credential.ended_by]))
    if owner is not None and owner.ends_at < NEVER:
        ends.append((owner.ends_at, _RANK["ended"]))
    at, rank = min(ends)
    return EndOfLife(at, CAUSES[rank])


def is_evicted(credential: Credential, owner: Credential | None) -> bool:
    """Return whether its owner got so many newer ones that this one had to go."""
    return owner is not None and 0 < credential.counts.number <= owner.counts.evicted


def use(credential: Credential, now: int, idle: int | None) -> Credential:
    """Return it after a use. The last use spends it; otherwise one use fewer is left, and the idle deadline is set anew."""
    if now < credential.last_used:  # noqa: PLR1730 - timestamps never go backwards, even if the system's time does
        now = credential.last_used
    left = credential.left
    if left is None or left > 1:
        return replace(
            credential,
            version=credential.version + 1,
            last_used=now,
            left=None if left is None else left - 1,
            idle_at=credential.idle_at if idle is None else now + idle,
        )
    return replace(
        credential,
        version=credential.version + 1,
        last_used=now,
        ended_at=now if now < credential.ended_at else credential.ended_at,
        ended_by="spent",
        left=0,
    )


def end(credential: Credential, by: str, now: int, grace: int = 0) -> Credential:
    """Return it ended by an act, at once or after a grace; unchanged if it is over, or ends sooner."""
    at = now + grace
    if at >= credential.ended_at or cause_at(credential, None, now):
        return credential
    return replace(credential, version=credential.version + 1, ended_at=at, ended_by=by)


def expire(credential: Credential, now: int) -> Credential:
    """Return it with its time to live cut short to `now`; unchanged if it is over."""
    if cause_at(credential, None, now):
        return credential
    return replace(credential, version=credential.version + 1, expires_at=now, ended_at=now, ended_by="expired")


def inherited(credential: Credential, owner: Credential | None) -> Credential:
    """Return it as the credentials within it see it: it ends with its owner, and takes its owner's scopes if it has none."""
    if owner is None:
        return credential
    if owner.ends_at < credential.ends_at:
        credential = replace(credential, expires_at=owner.ends_at)
    return credential if credential.scopes is not None else replace(credential, scopes=owner.scopes)


def usage(credential: Credential, now: int) -> Usage:
    """Return how much of its current minute it has used. A minute begins with the first request counted in it."""
    counts = credential.counts
    if counts.requests == 0 or now >= counts.window + MINUTE:
        return Usage(0, MINUTE)
    return Usage(counts.requests, counts.window + MINUTE - now)


def count_use(credential: Credential, now: int, limit: int | None) -> Credential | None:
    """Return it after a request at `now`: the request is counted, and the idle time starts again.

    None if its minute has `limit` requests already. Several requests may use it at once. A store therefore applies this rule
    itself, instead of comparing versions.
    """
    made = usage(credential, now).made
    if limit is not None and made >= limit:
        return None
    counts = credential.counts
    counted = replace(counts, window=now if made == 0 else counts.window, requests=made + 1)
    return replace(credential, counts=counted, last_used=max(now, credential.last_used))


def count_issue(owner: Credential, bound: int | None) -> Credential:
    """Return the owner with one more credential issued, whose number is `owner.counts.issued`.

    Beyond `bound` the oldest are evicted, as tokens on the real platform. They stay evicted if the bound is raised.
    """
    issued = owner.counts.issued + 1
    evicted = owner.counts.evicted if bound is None else max(owner.counts.evicted, issued - bound)
    return replace(owner, counts=Counts(issued=issued, evicted=evicted))


def numbered(credential: Credential, number: int) -> Credential:
    """Return a new credential with its number among its owner's."""
    return replace(credential, counts=replace(credential.counts, number=number))
