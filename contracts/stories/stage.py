"""The places to run stories in: the mock in this process, a running one, or any provider."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from contracts.clients.names import BASE_URL
from contracts.errors import ProbeError
from contracts.platform_requests import ClientCredentials, PlatformReply
from contracts.remote.control import ADMIN, PREFIX, ProbedOrganization, RemoteControl
from contracts.stories.model import CLIENT
from contracts.stories.plan import Gap, whole_policy
from mockserver.clock import pause

if TYPE_CHECKING:
    from contracts.remote.web import Web
    from mockserver.assemble import Assembly
    from mockserver.control import Tenant
    from mockserver.platform import Platform

NAME = "dayfly story"
"""The name of the organisations that stories run in."""


def client_of(credentials: ClientCredentials, platform: Platform | None = None) -> dict[Gap, str]:
    """Return the values of an OAuth client, by which a story names it, or of the credential that a platform registers."""
    if platform is None:
        return {Gap(CLIENT, "id"): credentials.client_id, Gap(CLIENT, "secret"): credentials.client_secret}
    kind = platform.registered
    if kind is None:
        return {}
    return {
        Gap(kind.name, "id"): credentials.client_id,
        **{Gap(kind.name, one): credentials.client_secret for one in kind.bound},
    }


class Controlled(Protocol):
    """A control API of one mock or organisation."""

    def call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """Call the control API, and return the answer. Raises ProbeError if the call is refused."""
        ...


Broken = str
"""The result of a request without a complete answer: `none`, or `cut` if the body ended early."""


class StoryStage:
    """A platform that a story runs in. `control` changes it, if that is possible; `wait` really waits.

    `given` has the values that a story begins with: those of its OAuth client.

    `journalled` returns the reason of a contextId, or with "" that of the latest request, if the journal can be read.
    """

    def __init__(
        self,
        web: Web,
        given: Mapping[Gap, str],
        control: Controlled | None = None,
        *,
        in_process: bool = False,
        wait: Callable[[float], None] = pause,
        journalled: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._web, self._in_process = web, in_process
        self.given, self.control, self.wait, self.journalled = given, control, wait, journalled

    def ask(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> PlatformReply | Broken:
        """Make one request. Raises ProbeError if no server answers, or the answer does not end."""
        import httpx

        from contracts.remote.web import NoAnswer

        try:
            return self._web.ask(method, address, headers=dict(headers), content=body)
        except NoAnswer as error:
            if isinstance(error.why, httpx.ConnectError) and not self._in_process:
                raise ProbeError(error.where, f"cannot be reached: {error.why}") from error
            return error.got


class StoryPlace(ABC):
    """A place to run stories in, each on a stage of its own."""

    name: str
    has_control = True

    @abstractmethod
    def stage(self, story: Any) -> AbstractContextManager[StoryStage]:
        """Provide a fresh stage for a story, and remove it afterwards. Raises ProbeError."""

    def close(self) -> None:  # noqa: B027 - there may be nothing to close
        """Close what was opened."""


@contextmanager
def _organization(control: RemoteControl, story: Any) -> Iterator[ProbedOrganization]:
    """Provide an organisation of the story's own, whose clock only the story moves."""
    organization = control.create(whole_policy(story), NAME)
    try:
        organization.freeze()
        yield organization
    finally:
        organization.delete()


@contextmanager
def _whole(control: RemoteControl) -> Iterator[RemoteControl]:
    """Provide a whole mock, as that of a declared platform is. Its clock stands still meanwhile; faults are cleared then."""
    control.member(control.call("POST", "/clock/freeze", {}), "milliseconds", int)
    try:
        yield control
    finally:
        control.call("DELETE", "/faults")
        control.call("POST", "/clock/resume", {})


class InProcessStage(StoryPlace):
    """A mock of its own, in this process."""

    name = "the mock in this process"

    def __init__(self, assembly: Assembly | None = None) -> None:
        import httpx

        from contracts.remote.web import Web
        from mockserver.assemble import assemble
        from mockserver.web import create_app

        self.assembly = assembly or assemble()
        transport = httpx.WSGITransport(create_app(self.assembly))
        self._control = RemoteControl(Web("http://127.0.0.1", transport=transport), self.name)

    @contextmanager
    def stage(self, story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        from contracts.remote.web import Web
        from mockserver.control import Tenant
        from mockserver.inprocess import Transport

        web = Web(BASE_URL, transport=Transport(self.assembly.handler))
        with _organization(self._control, story) as own:
            reason = partial(_reason, Tenant(self.assembly, own.id))
            yield StoryStage(web, client_of(own.credentials), own, in_process=True, journalled=reason)

    def close(self) -> None:
        """See StoryPlace."""
        self._control.close()
        self.assembly.close()


def _reason(tenant: Tenant, context_id: str) -> str | None:
    from mockserver.errors import NotFound

    try:
        latest = tenant.requests.find(limit=1) if not context_id else [tenant.requests.get(context_id).exchange]
        return latest[0].reason if latest else None
    except NotFound:
        return None


class MockInProcess(StoryPlace):
    """Mocks of a declared platform in this process: each story has its own."""

    name = InProcessStage.name

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        import httpx

        from contracts.remote.web import Web
        from mockserver.declared.mock import Mock
        from mockserver.inprocess import Transport
        from mockserver.web.declared import create_declared_app

        app = create_declared_app(Mock(self._platform))
        control = RemoteControl(Web("http://127.0.0.1", transport=httpx.WSGITransport(app)), self.name, ADMIN)
        with _whole(control):
            yield StoryStage(Web(BASE_URL, transport=Transport(app.answering, lambda _: None)), {}, control, in_process=True)


class RemoteMock(StoryPlace):
    """A running mock at a URL, controlled by its control API. `declared`: it is of a declared platform."""

    def __init__(self, url: str, admin_token: str = "", *, declared: bool = False) -> None:
        from contracts.remote.web import Web

        headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
        self.name, self._declared = url, declared
        self._web, self._control = Web(url), RemoteControl(Web(url, headers), url, ADMIN if declared else PREFIX)

    @contextmanager
    def stage(self, story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        if self._declared:
            with _whole(self._control) as control:
                yield StoryStage(self._web, {}, control)
            return
        with _organization(self._control, story) as own:
            yield StoryStage(self._web, client_of(own.credentials), own)

    def close(self) -> None:
        """See StoryPlace."""
        self._control.close()
        self._web.close()


class Service(StoryPlace):
    """Any provider at a URL, used with the credentials `given`. Nothing can be controlled, and waits are real."""

    has_control = False

    def __init__(self, url: str, given: Mapping[Gap, str], wait: Callable[[float], None] = pause) -> None:
        from contracts.remote.web import Web

        self.name, self._web, self._given, self._wait = url, Web(url), given, wait

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        yield StoryStage(self._web, self._given, wait=self._wait)

    def close(self) -> None:
        """See StoryPlace."""
        self._web.close()
