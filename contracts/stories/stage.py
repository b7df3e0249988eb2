"""The places to run stories in: the mock in this process, a running one, or any provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from contracts.errors import ProbeError
from contracts.platform_requests import ClientCredentials, PlatformReply
from contracts.remote.control import ProbedOrganization, RemoteControl
from contracts.stories.model import CLIENT
from contracts.stories.plan import Gap, whole_policy
from mockserver.clock import pause

if TYPE_CHECKING:
    from contracts.remote.web import Web
    from mockserver.assemble import Assembly
    from mockserver.control import Tenant

NAME = "dayfly story"
"""The name of the organisations that stories run in."""


def client_of(credentials: ClientCredentials) -> dict[Gap, str]:
    """Return the values of an OAuth client, by which a story names it."""
    return {Gap(CLIENT, "id"): credentials.client_id, Gap(CLIENT, "secret"): credentials.client_secret}


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


class StoryPlace(Protocol):
    """A place to run stories in, each on a stage of its own."""

    name: str
    has_control: bool

    def stage(self, story: Any) -> AbstractContextManager[StoryStage]:
        """Provide a fresh stage for a story, and remove it afterwards. Raises ProbeError."""
        ...

    def close(self) -> None:
        """Close what was opened."""
        ...


class _Controlled:
    """A place with a control API. Every story has its own organisation, whose clock is frozen and moved only by the story."""

    has_control = True
    _control: RemoteControl

    @contextmanager
    def stage(self, story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        organization = self._control.create(whole_policy(story), NAME)
        try:
            organization.freeze()
            yield self._stage(organization)
        finally:
            organization.delete()

    def _stage(self, organization: ProbedOrganization) -> StoryStage:
        raise NotImplementedError

    def close(self) -> None:
        """See StoryPlace."""
        self._control.close()


class InProcessStage(_Controlled):
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

    def _stage(self, organization: ProbedOrganization) -> StoryStage:
        from contracts.remote.web import Web
        from mockserver.control import Tenant
        from mockserver.inprocess import Transport

        tenant = Tenant(self.assembly, organization.id)
        web = Web("https://platform.invalid", transport=Transport(self.assembly.handler))
        return StoryStage(
            web, client_of(organization.credentials), organization, in_process=True, journalled=partial(_reason, tenant)
        )

    def close(self) -> None:
        """See StoryPlace."""
        super().close()
        self.assembly.close()


def _reason(tenant: Tenant, context_id: str) -> str | None:
    from mockserver.errors import NotFound

    try:
        latest = tenant.requests.find(limit=1) if not context_id else [tenant.requests.get(context_id).exchange]
        return latest[0].reason if latest else None
    except NotFound:
        return None


class RemoteMock(_Controlled):
    """A running mock at a URL, controlled by its control API."""

    def __init__(self, url: str, admin_token: str = "") -> None:
        from contracts.remote.web import Web

        headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
        self.name = url
        self._web = Web(url)
        self._control = RemoteControl(Web(url, headers), url)

    def _stage(self, organization: ProbedOrganization) -> StoryStage:
        return StoryStage(self._web, client_of(organization.credentials), organization)

    def close(self) -> None:
        """See StoryPlace."""
        super().close()
        self._web.close()


class Service:
    """Any provider at a URL, used as an OAuth client of it. Nothing can be controlled, and waits are real."""

    has_control = False

    def __init__(self, url: str, credentials: ClientCredentials, wait: Callable[[float], None] = pause) -> None:
        from contracts.remote.web import Web

        self.name = url
        self._web, self._credentials, self._wait = Web(url), credentials, wait

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See StoryPlace."""
        yield StoryStage(self._web, client_of(self._credentials), wait=self._wait)

    def close(self) -> None:
        """See StoryPlace."""
        self._web.close()
