"""The composition root, without any framework. It makes a platform and its handler from settings, store, clock and ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mockserver import stores
from mockserver.clock import SystemClock
from mockserver.engine.decide import oauth_client
from mockserver.engine.model import DEFAULT_ORGANIZATION, Credential, FaultPlan, Organization, Policy
from mockserver.errors import SettingsError
from mockserver.ids import Ids
from mockserver.journal_file import JournalFile
from mockserver.journal_queries import USUAL
from mockserver.service import PlatformService
from mockserver.settings import Settings, policy_to
from mockserver.stores.base import FAULTS, ORGANIZATION, Bounds, Key, Store, Write
from mockserver.wire import Handler
from mockserver.wire.redaction import SHORTEST_SECRET


class Assembly:
    """A mock server in parts: `store`, `platform`, `handler`, and the `settings` with their credentials.

    `vocabulary` has the words of the platform. `explain`, if not None, explains a contextId in place of `mockserver.explain`.
    `declared` is the name of a declared platform, and `digest` that of its declaration.

    `close` releases what it opened. It is also a context manager.
    """

    vocabulary = USUAL
    explain: Callable[..., Any] | None = None
    declared = digest = ""

    def __init__(
        self, settings: Settings, *, store: Store | None = None, system: SystemClock | None = None, ids: Ids | None = None
    ) -> None:
        """Write the default organisation unless the store has it. Raises SettingsError or StoreUnavailable."""
        self.ids = ids or Ids()
        self.settings = with_credentials(settings, self.ids)
        bounds = Bounds(settings.max_ended_sessions, settings.journal_entries)
        self._file = JournalFile(Path(settings.journal_file), policy_to(settings.policy)) if settings.journal_file else None
        self.store = store or stores.open(settings.store, bounds)
        self.platform = PlatformService(
            self.store,
            system,
            self.ids,
            max_live_sessions=settings.max_live_sessions,
            restore=self.restore_default,
            sink=self._file.append if self._file else None,
        )
        self.handler = Handler(self.platform, opaque=settings.opaque)
        self.restore_default(self.platform)

    def restore_default(self, platform: PlatformService) -> None:
        """Write the default organisation if the store lacks it, always with the same credentials."""
        settings = self.settings
        found = self.store.load(DEFAULT_ORGANIZATION, (ORGANIZATION, Key("client", settings.client_id))).records
        if found[0] is None:
            write_organization(platform, DEFAULT_ORGANIZATION, "default", settings.policy)
        if found[1] is None:
            write_client(
                platform, oauth_client(settings.client_id, DEFAULT_ORGANIZATION, settings.client_secret, name="default")
            )

    def close(self) -> None:
        self.handler.unserved.close()
        self.store.close()
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Assembly:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def assemble(
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    system: SystemClock | None = None,
    ids: Ids | None = None,
) -> Assembly:
    """Make a mock server without any socket.

    `system` returns milliseconds since the epoch and replaces the store's own clock. Tests pass a virtual one.
    """
    return Assembly(settings or Settings(), store=store, system=system, ids=ids)


def with_credentials(settings: Settings, ids: Ids) -> Settings:
    """Return the settings, with generated credentials of the default organisation if they have none.

    Raises SettingsError for a secret too short to be redacted in the journal.
    """
    if settings.client_secret and len(settings.client_secret) < SHORTEST_SECRET:
        problem = f"must have at least {SHORTEST_SECRET} characters, so that the journal can redact it"
        raise SettingsError("client_secret", "*" * len(settings.client_secret), problem)
    from msgspec.structs import replace

    return replace(
        settings,
        client_id=settings.client_id or ids.client(DEFAULT_ORGANIZATION),
        client_secret=settings.client_secret or ids.secret(),
    )


def write_organization(platform: PlatformService, id: str, name: str, policy: Policy) -> bool:
    """Write a new organisation. Return False if there is one already."""
    organization = Organization(id=id, name=name, policy=policy, seal=platform.ids.seal())
    writes = [Write(ORGANIZATION, None, organization), Write(FAULTS, None, FaultPlan())]
    return platform.store.commit(id, writes, None, platform.ids.context(id), platform.now(organization), policy.retention)


def write_client(platform: PlatformService, client: Credential) -> bool:
    """Write a new OAuth client. Return False if its organisation has one with that id already."""
    writes = [Write(Key("client", client.id), None, client)]
    return platform.store.commit(client.within, writes, None, platform.ids.context(client.within), 0, 1 << 52)
