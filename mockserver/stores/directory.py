"""The index of organisations in the shared store: the list of all, and the owners of OAuth clients.

In a cluster these keys are in other places than the records, so no script can change both. They are written before the records
and count only if the records exist. A replica that dies in between therefore leaves nothing misleading.
"""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.stores.base import Key, Write
from mockserver.stores.keys import Keys, field, to_bytes, to_text
from mockserver.stores.link import Link, LuaScript


class Directory:
    """The list and the owners, stored through `link`."""

    def __init__(self, link: Link, keys: Keys) -> None:
        self._link, self._keys = link, keys
        self._release = LuaScript("release")

    def organizations(self) -> list[str]:
        """Return the ids of all organisations that exist, in order of creation."""
        ids = [to_text(id) for id in self._link.call("ZRANGE", self._keys.organizations, 0, -1)]
        exist = self._link.calls([("HEXISTS", *self._keys.of(id, "records"), "clock") for id in ids]) if ids else []
        return [id for id, exists in zip(ids, exist, strict=True) if exists]

    def owner(self, client_id: str) -> str | None:
        """Return the organisation that has an OAuth client, None if there is none."""
        owner = self._link.call("GET", self._keys.owner(client_id))
        return None if owner is None else to_text(owner)

    def announce(self, organization: str, writes: Sequence[Write]) -> bool:
        """Add what is about to be written. Return False if an OAuth client belongs to another organisation."""
        for write in writes:
            if write.expected is not None or write.new is None:
                continue
            if write.key.kind == "organization":
                number = self._link.call("INCR", self._keys.organizations_written)
                self._link.call("ZADD", self._keys.organizations, "NX", number, to_bytes(organization))
            elif write.key.kind == "client" and not self._own(organization, write.key):
                return False
        return True

    def withdraw(self, organization: str, writes: Sequence[Write]) -> None:
        """Remove what was not written after all, or was deleted."""
        for write in writes:
            kind, removed = write.key.kind, write.new is None
            if kind == "client" and (removed or write.expected is None) and not self._holds(organization, write.key):
                self.disown(organization, write.key.id)
            elif kind == "organization" and removed and not self._holds(organization, write.key):
                self.strike(organization)

    def disown(self, organization: str, client_id: str) -> None:
        self._link.run(self._release, [self._keys.owner(client_id)], to_bytes(organization))

    def strike(self, organization: str) -> None:
        self._link.call("ZREM", self._keys.organizations, to_bytes(organization))

    def _own(self, organization: str, client: Key) -> bool:
        place = self._keys.owner(client.id)
        owner = self._link.call("SET", place, to_bytes(organization), "NX", "GET")
        if owner is None or to_text(owner) == organization:
            return True
        if self._holds(to_text(owner), client):
            return False
        self._link.call("SET", place, to_bytes(organization))  # its announcer never wrote it
        return True

    def _holds(self, organization: str, key: Key) -> bool:
        return bool(self._link.call("HEXISTS", *self._keys.of(organization, "records"), field(key)))
