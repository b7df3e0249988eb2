"""The places to run stories in: the mock in this process, a running one, or any provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from contracts.asking import Credentials, Reply
from contracts.probe.control import Control, Organization
from contracts.probe.errors import ProbeError
from contracts.stories.model import Story
from contracts.stories.plan import whole_policy
from mockserver.clock import pause

if TYPE_CHECKING:
    import httpx

    from mockserver.assemble import Assembly
    from mockserver.control import Tenant

NAME = "dayfly story"
"""The name of the organisations that stories run in."""

Broken = str
"""The result of a request without a complete answer: `none`, or `cut` if the body ended early."""


class Stage:
    """One organisation that a story runs in. `control` changes it, if that is possible; `wait` really waits.

    `journalled` returns the reason of a contextId, or with "" that of the latest request, if the journal can be read.
    """

    def __init__(
        self,
        http: httpx.Client,
        credentials: Credentials,
        control: Organization | None = None,
        *,
        in_process: bool = False,
        wait: Callable[[float], None] = pause,
        journalled: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._http, self._in_process = http, in_process
        self.credentials, self.control, self.wait, self.journalled = credentials, control, wait, journalled

    def ask(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Reply | Broken:
        """Make one request. Raises ProbeError if no server answers, or the answer does not end."""
        import httpx

        url = str(self._http.base_url).rstrip("/")
        try:
            with self._http.stream(method, url + address, headers=dict(headers), content=body) as answer:
                return self._read(answer)
        except httpx.ConnectError as error:
            if not self._in_process:
                raise ProbeError(url, f"cannot be reached: {error}") from error
            return "none"
        except httpx.TransportError:
            return "none"

    def _read(self, answer: httpx.Response) -> Reply | Broken:
        import httpx

        from contracts.probe.web import LARGEST

        body = bytearray()
        try:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise ProbeError(str(answer.url), f"is answered with more than {LARGEST} bytes")
        except httpx.TransportError:
            return "cut"
        return Reply(answer.status_code, dict(answer.headers), bytes(body))


class Place(Protocol):
    """A place to run stories in, each on a stage of its own."""

    name: str
    has_control: bool

    def stage(self, story: Story) -> AbstractContextManager[Stage]:
        """Provide a fresh stage for a story, and remove it afterwards. Raises ProbeError."""
        ...

    def close(self) -> None:
        """Close what was opened."""
        ...


class _Controlled:
    """A place with a control API. Every story has its own organisation, whose clock is frozen and moved only by the story."""

    has_control = True
    _control: Control

    @contextmanager
    def stage(self, story: Story) -> Iterator[Stage]:
        """See Place."""
        organization = self._control.create(whole_policy(story), NAME)
        try:
            organization.freeze()
            yield self._stage(organization)
        finally:
            organization.delete()

    def _stage(self, organization: Organization) -> Stage:
        raise NotImplementedError

    def close(self) -> None:
        """See Place."""
        self._control.close()


class InProcess(_Controlled):
    """A mock of its own, in this process."""

    name = "the mock in this process"

    def __init__(self, assembly: Assembly | None = None) -> None:
        import httpx

        from contracts.probe.web import Web
        from mockserver.assemble import assemble
        from mockserver.web import create_app

        self.assembly = assembly or assemble()
        transport = httpx.WSGITransport(create_app(self.assembly))
        self._control = Control(Web("http://127.0.0.1", transport=transport), self.name)

    def _stage(self, organization: Organization) -> Stage:
        import httpx

        from mockserver.control import Tenant
        from mockserver.inprocess import Transport

        tenant = Tenant(self.assembly, organization.id)

        http = httpx.Client(transport=Transport(self.assembly.handler), base_url="https://platform.invalid")
        return Stage(http, organization.credentials, organization, in_process=True, journalled=partial(_reason, tenant))

    def close(self) -> None:
        """See Place."""
        super().close()
        self.assembly.close()


def _reason(tenant: Tenant, context_id: str) -> str | None:
    from mockserver.errors import NotFound

    try:
        latest = tenant.requests.find(limit=1) if not context_id else [tenant.requests.get(context_id).exchange]
        return latest[0].reason if latest else None
    except NotFound:
        return None


class Mock(_Controlled):
    """A running mock at a URL, controlled by its control API."""

    def __init__(self, url: str, admin_token: str = "") -> None:
        from contracts.probe.web import Web

        headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
        self.name = url
        self._http = _connected(url)
        self._control = Control(Web(url, headers), url)

    def _stage(self, organization: Organization) -> Stage:
        return Stage(self._http, organization.credentials, organization)

    def close(self) -> None:
        """See Place."""
        super().close()
        self._http.close()


class Service:
    """Any provider at a URL, used as an OAuth client of it. Nothing can be controlled, and waits are real."""

    has_control = False

    def __init__(self, url: str, credentials: Credentials, wait: Callable[[float], None] = pause) -> None:
        self.name = url
        self._http, self._credentials, self._wait = _connected(url), credentials, wait

    @contextmanager
    def stage(self, _story: Story) -> Iterator[Stage]:
        """See Place."""
        yield Stage(self._http, self._credentials, wait=self._wait)

    def close(self) -> None:
        """See Place."""
        self._http.close()


def _connected(url: str) -> httpx.Client:
    """Return a client for a URL. Raises ProbeError if it is not a valid URL."""
    import httpx

    from contracts.probe.web import TIMEOUT, checked

    return httpx.Client(base_url=checked(url), timeout=TIMEOUT)
