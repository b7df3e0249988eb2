"""Makes platforms for tests. Each is a mock, or an organisation of one, that no other test reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from contracts.clients.names import BASE_URL
from contracts.pytest_platform.organization import Platform
from contracts.pytest_platform.reached import Served
from mockserver.assemble import assemble
from mockserver.control import Control

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from contracts.pytest_platform.declared import DeclaredPlatform
    from contracts.verify.declared import PlatformSource


class Platforms:
    """Makes platforms on one mock, which opens a socket when it is first needed. A context manager.

    A declared platform has a mock of its own, and a socket of its own if it is `live`.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._assembly = self._stack.enter_context(assemble())
        self._control = Control(self._assembly)
        self._served: dict[bool, Served] = {}

    @contextmanager
    def platform(
        self,
        name: str = "",
        *,
        live: bool = False,
        tls: bool = False,
        policy: Mapping[str, Any] | None = None,
        platform: str | None = None,
    ) -> Iterator[Any]:
        """Provide a platform meanwhile: in process, or `live` behind a socket, with `tls` by HTTPS.

        It is an organisation of the mock, a `Platform`, or a `DeclaredPlatform` if `platform` names one.
        `policy` has the names of policy files. Requests that name no organisation are journalled in the most recent one.
        """
        from contracts.verify.declared import declaration

        declared = declaration(platform)
        making = self._organization(name, live or tls, tls, policy)
        with making if declared is None else self._declared(name, declared, live or tls, tls, policy or {}) as made:
            yield made

    @contextmanager
    def _organization(self, name: str, live: bool, tls: bool, policy: Mapping[str, Any] | None) -> Iterator[Platform]:
        made = self._control.create_organization(name, policy=policy)
        self._control.assign_strays_to(made.id)
        try:
            yield Platform(made, self._assembly.handler, self._socket(tls) if live else None)
        finally:
            self._control.assign_strays_to("unassigned")
            self._control.delete(made.id)

    @contextmanager
    def _declared(
        self, name: str, declared: PlatformSource, live: bool, tls: bool, policy: Mapping[str, Any]
    ) -> Iterator[DeclaredPlatform]:
        from contracts.pytest_platform.declared import DeclaredPlatform, WatchedDeclaredHandler
        from mockserver.declared.assembly import DeclaredAssembly
        from mockserver.declared.mock import Mock
        from mockserver.settings import Settings
        from mockserver.web.declared import DeclaredApp

        mock = Mock(declared.compile(policy))
        handler = WatchedDeclaredHandler(mock, base_url=BASE_URL)
        with ExitStack() as stack:
            served = _serve(stack, DeclaredApp(handler), tls) if live else None
            handler.base_url = served.url if served is not None else BASE_URL
            yield DeclaredPlatform(name, declared, DeclaredAssembly(mock, Settings()), handler, served)

    def close(self) -> None:
        """Close the socket, and free the memory."""
        self._stack.close()

    def _socket(self, tls: bool) -> Served:
        if tls not in self._served:
            from mockserver.web.app import create_app

            self._served[tls] = _serve(self._stack, create_app(self._assembly), tls)
        return self._served[tls]


def _serve(stack: ExitStack, app: WSGIApplication, tls: bool) -> Served:
    """Serve an application on a port that the system chooses, until the stack is closed."""
    from mockserver.live import LiveServer
    from mockserver.web.tls import throw_away

    identity = stack.enter_context(throw_away()) if tls else None
    server = stack.enter_context(LiveServer(app, identity=identity))
    return Served(server.url, identity.authority if identity is not None else None)
