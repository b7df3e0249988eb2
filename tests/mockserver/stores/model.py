"""The store in its simplest form, to hold the others against: it is right, and it scans."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from mockserver.engine import life
from mockserver.engine.model import Credential, Organization
from mockserver.stores.base import ORGANIZATION, Bounds, Issue, Key, Record, Use, Write
from mockserver.stores.deadlines import NEVER
from tests.mockserver.stores.samples import key_of

COUNTED = ("token", "client")
"""Kinds whose records keep their counts when they are written anew."""


class Tenant:
    def __init__(self) -> None:
        self.records: dict[Key, Record] = {}
        self.ends: dict[str, int] = {}
        self.journal: list[tuple[int, int, str]] = []
        self.noted = 0

    def of_kind(self, kind: str) -> list[Key]:
        return [key for key in self.records if key.kind == kind]

    def drop(self, key: Key) -> None:
        self.records.pop(key, None)
        if key.kind == "session":
            self.ends.pop(key.id, None)


class Model:
    """All of it, for as many organisations as there are. Text stands for journal entries."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.tenants: dict[str, Tenant] = {}
        self.organizations: list[str] = []
        self.applied: set[str] = set()

    def tenant(self, organization: str) -> Tenant:
        return self.tenants.setdefault(organization, Tenant())

    def note(self, organization: str, text: str, at: int) -> int:
        tenant = self.tenant(organization)
        tenant.noted += 1
        tenant.journal = [*tenant.journal, (tenant.noted, at, text)][-self.bounds.journal_entries :]
        return tenant.noted

    def arrive(self, organization: str, text: str, system: int) -> None:
        found = self.tenant(organization).records.get(ORGANIZATION)
        if isinstance(found, Organization):
            self.note(organization, text, found.clock.reading(system))

    def live(self, organization: str, system: int) -> int:
        tenant = self.tenant(organization)
        found = tenant.records.get(ORGANIZATION)
        if not isinstance(found, Organization):
            return 0
        return sum(end > found.clock.reading(system) for end in tenant.ends.values())

    def owner(self, client: str) -> str | None:
        return next((id for id, tenant in self.tenants.items() if Key("client", client) in tenant.records), None)

    def commit(
        self,
        organization: str,
        writes: Sequence[Write],
        text: str,
        id: str,
        now: int,
        retention: int,
        count: Use | Issue | None = None,
    ) -> bool:
        if id in self.applied:
            return True
        tenant = self.tenant(organization)
        founds = any(write.key == ORGANIZATION and write.new is not None for write in writes)
        counted = self.counted(tenant, count, now) if count is not None else None
        if not (ORGANIZATION in tenant.records or founds) or any(self.changed(organization, write) for write in writes):
            return False
        if count is not None and counted is None:
            return False
        writes = self.count(tenant, counted, writes)
        for write in writes:
            self.apply(organization, write)
        if any(write.key.kind == "session" for write in writes):
            self.forget(tenant, now, retention)
        for key in tenant.of_kind("token")[: -self.bounds.max_tokens]:
            tenant.drop(key)
        self.note(organization, text, now)
        self.applied.add(id)
        return True

    def count(self, tenant: Tenant, counted: Credential | None, writes: Sequence[Write]) -> Sequence[Write]:
        if counted is not None:
            tenant.records[key_of(counted)] = counted
        if counted is None or counted.kind != "client":
            return writes
        new = [write.new for write in writes if isinstance(write.new, Credential) and write.new.kind == "token"]
        return [Write(key_of(token), None, life.numbered(token, counted.counts.issued)) for token in new]

    def counted(self, tenant: Tenant, count: Use | Issue, now: int) -> Credential | None:
        """The record as the engine counts on it."""
        key = Key("token", count.token) if isinstance(count, Use) else Key("client", count.client)
        held = tenant.records.get(key)
        if held is None or held.version != count.version:
            return None
        assert isinstance(held, Credential)
        return life.count_use(held, now, count.limit) if isinstance(count, Use) else life.count_issue(held, count.bound)

    def changed(self, organization: str, write: Write) -> bool:
        held = self.tenant(organization).records.get(write.key)
        taken = write.key.kind == "client" and self.owner(write.key.id) not in {None, organization}
        return (held.version if held else None) != write.expected or taken

    def apply(self, organization: str, write: Write) -> None:
        tenant = self.tenant(organization)
        if write.new is None:
            tenant.drop(write.key)
        else:
            held = tenant.records.get(write.key)
            tenant.records[write.key] = write.new
            if isinstance(held, Credential) and isinstance(write.new, Credential) and write.key.kind in COUNTED:
                tenant.records[write.key] = replace(write.new, counts=held.counts, last_used=held.last_used)
            if write.key.kind == "session":
                tenant.ends[write.key.id] = NEVER if write.ends_at is None else write.ends_at
        if write.key == ORGANIZATION:
            exists, listed = write.new is not None, organization in self.organizations
            if exists and not listed:
                self.organizations.append(organization)
            elif listed and not exists:
                self.organizations.remove(organization)

    def forget(self, tenant: Tenant, now: int, retention: int) -> None:
        ended = sorted((end, id) for id, end in tenant.ends.items() if end <= now)
        beyond = len(ended) - self.bounds.max_ended_sessions
        for place, (end, id) in enumerate(ended):
            if place < beyond or end < now - retention:
                tenant.drop(Key("session", id))

    def clear(self, organization: str) -> None:
        self.tenants.pop(organization, None)
        if organization in self.organizations:
            self.organizations.remove(organization)
