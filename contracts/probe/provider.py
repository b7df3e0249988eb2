"""A provider: where it is, how it is asked, and what may be done to it."""

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
    """What is probed. Usable as a context manager, which closes it.

    `doors` are its replicas. With `control` every run has an organisation of its own; without, all of them have `credentials`.
    `restart` restarts a replica and returns once it serves; `wait` takes seconds, where a provider asks for patience.
    """

    name: str
    doors: Sequence[Door]
    control: Control | None = None
    credentials: Credentials | None = None
    restart: Callable[[], None] | None = None
    wait: Callable[[float], None] = pause

    def reconnect(self) -> None:
        """After a restart."""
        for door in self.doors:
            door.reconnect()
        if self.control is not None:
            self.control.reconnect()

    def close(self) -> None:
        """Gives back connections."""
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
    """The provider at a URL, and at those of its `replicas`; with `credentials` no control API is looked for.

    Raises ProbeError where one of them is no URL.
    """
    from contracts.probe.web import Web

    webs = [Web(one) for one in (url, *replicas)]
    headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
    control = Control(Web(url, headers), url) if credentials is None else None
    doors = [HttpDoor(web) for web in webs]
    return Provider(name=url, doors=doors, control=control, credentials=credentials, restart=restart)
