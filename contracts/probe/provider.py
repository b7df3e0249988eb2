"""A provider: its place, the ways to send requests to it, and the ways to control it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from contracts.asking import Credentials
from contracts.probe.control import Control
from contracts.probe.doors import Door, HttpDoor
from mockserver.clock import pause


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The provider to probe. A context manager, which closes it.

    `doors` lead to its replicas. With `control` every run has its own organisation; without, all runs use `credentials`.
    `restart` restarts a replica and returns once it serves. `wait` waits some seconds, if a provider asks for that.
    """

    name: str
    doors: Sequence[Door]
    control: Control | None = None
    credentials: Credentials | None = None
    restart: Callable[[], None] | None = None
    wait: Callable[[float], None] = pause

    def reconnect(self) -> None:
        """Replace broken connections after a restart."""
        for door in self.doors:
            door.reconnect()
        if self.control is not None:
            self.control.reconnect()

    def close(self) -> None:
        """Close the connections."""
        for door in self.doors:
            door.close()
        if self.control is not None:
            self.control.close()

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def at_url(
    url: str,
    *,
    replicas: Sequence[str] = (),
    admin_token: str = "",
    credentials: Credentials | None = None,
    restart: Callable[[], None] | None = None,
) -> Provider:
    """Return the provider at a URL, and at those of its `replicas`. With `credentials` its control API is not used.

    Raises ProbeError if one of them is not a URL.
    """
    from contracts.probe.web import Web

    webs = [Web(one) for one in (url, *replicas)]
    headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
    control = Control(Web(url, headers), url) if credentials is None else None
    doors = [HttpDoor(web) for web in webs]
    return Provider(name=url, doors=doors, control=control, credentials=credentials, restart=restart)
