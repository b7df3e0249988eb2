"""The scopes of an OAuth client over time, from their journalled changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.stories.distil.past import Past
from mockserver.engine.model import WRITE_SCOPE
from mockserver.journal import Perturbed

Scopes = tuple[str, ...]

CHANGES = frozenset({"set_scopes", "grant_scope", "revoke_scope"})


def at_first(past: Past, client: str, now: Scopes) -> Scopes:
    """Return the client's scopes before all known changes; the usual scope if they are unknown."""
    changes = list(_of(client, [*past.done, *past.done_since]))
    if any(change.what == "set_scopes" for change in changes):
        return (WRITE_SCOPE,)
    for change in reversed(changes):
        scope = change.detail["scope"]
        now = tuple(one for one in now if one != scope) if change.what == "grant_scope" else (*now, scope)
    return tuple(dict.fromkeys(now))


def over_time(past: Past, client: str, first: Scopes) -> Iterator[tuple[Perturbed, Scopes]]:
    """Yield each change before the request, and the client's scopes after it."""
    for change in _of(client, past.done):
        scope = change.detail.get("scope", "")
        if change.what == "set_scopes":
            first = tuple(change.detail["scopes"])
        elif change.what == "grant_scope":
            first = tuple(dict.fromkeys((*first, scope)))
        else:
            first = tuple(one for one in first if one != scope)
        yield change, first


def _of(client: str, entries: Iterable[Perturbed]) -> Iterator[Perturbed]:
    return (entry for entry in entries if entry.what in CHANGES and entry.detail.get("client_id") == client)
