"""The part of the mock's control API that probe and stories need: organisations, their clocks, clients and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from contracts.errors import ContractsError, ProbeError
from contracts.platform_requests import ClientCredentials, PlatformReply
from mockserver.platform.library import DEFAULT

if TYPE_CHECKING:
    from contracts.remote.web import Web
    from mockserver.platform import Platform

NO_CONTROL = "for a provider without a control API give --client-id and --client-secret"

T = TypeVar("T")

PREFIX = "/__admin/organizations"

ADMIN = "/__admin"
"""The same of a declared platform, which has one organisation."""


class ServedPlatform(NamedTuple):
    """The platform that a mock serves: its name, and the digest of its declaration; "" of the web chat, and of older mocks."""

    name: str = ""
    digest: str = ""

    def check(self, url: str, wanted: Platform) -> None:
        """Raise ContractsError if it is declared otherwise than `wanted`. Of an older mock only the name can be compared."""
        if (self.digest or self.name) == (wanted.digest if self.digest else wanted.name):
            return
        if self.name == wanted.name:
            raise ContractsError(f"{url} is a mock of another {self.name}, which answers otherwise; serve the same file")
        hint = "leave out --platform" if self.name == DEFAULT else f"give --platform {self.name}, or its file"
        problem = f"{url} is a mock of the platform {self.name}, and not of {wanted.name}"
        raise ContractsError(f"{problem}; {hint}, or give another URL")


def platform_at(web: Web) -> ServedPlatform:
    """Return the platform that a mock serves; its name is "" if the provider is not a mock. It needs no token."""
    told = web.ask("GET", f"{ADMIN}/health").told
    return ServedPlatform(told("platform"), told("digest"))


class RemoteControl:
    """A control API. `web` sends its token with every call; `name` is the provider's. Paths are below `prefix`."""

    def __init__(self, web: Web, name: str, prefix: str = PREFIX) -> None:
        self._web, self._name, self._prefix = web, name, prefix

    def create(self, policy: Mapping[str, Any], name: str = "dayfly probe") -> ProbedOrganization:
        """Create an organisation, so that the probe touches no other one."""
        told = self.call("POST", "", {"name": name, "policy": dict(policy)})
        id, *credentials = (self.member(told, member, str) for member in ("id", "client_id", "client_secret"))
        return ProbedOrganization(self, id, ClientCredentials(*credentials))

    def call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """Return the JSON object in the answer to a call; empty without one. Raises ProbeError if the call is refused."""
        reply = self._web.ask(method, self._prefix + path, json=body)
        if 200 <= reply.status < 300:
            return reply.document
        said = f"its control API answers {reply.status} to {method} {self._prefix}{path}{_reason(reply)}"
        raise ProbeError(self._name, f"{said}; {NO_CONTROL}")

    def member(self, told: Mapping[str, Any], name: str, kind: type[T]) -> T:
        """Return a member of an answer. Raises ProbeError if it is missing or has another type."""
        value = told.get(name)
        if isinstance(value, kind):
            return value
        raise ProbeError(self._name, f"the answers under {self._prefix} are not those of a mock's control API; {NO_CONTROL}")

    def reconnect(self) -> None:
        """Replace connections that a restart has broken."""
        self._web.reconnect()

    def close(self) -> None:
        """Close the connections."""
        self._web.close()


class ProbedOrganization:
    """An organisation that the probe made; times are in milliseconds."""

    def __init__(self, control: RemoteControl, id: str, credentials: ClientCredentials) -> None:
        self._control, self.id, self.credentials = control, id, credentials

    def freeze(self) -> int:
        """Stop the clock, and return its time."""
        return round(self._control.member(self.call("POST", "/clock/freeze", {}), "now", float) * 1000)

    def resume(self) -> None:
        """Let the clock run."""
        self.call("POST", "/clock/resume", {})

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward."""
        self.call("POST", "/clock/advance", {"seconds": milliseconds / 1000})

    def set_policy(self, values: Mapping[str, Any]) -> None:
        """Change the policy from now on."""
        self.call("PATCH", "/policy", dict(values))

    def set_scopes(self, client_id: str, scopes: Sequence[str]) -> None:
        """Give an OAuth client exactly these scopes."""
        self.call("PATCH", f"/clients/{client_id}", {"scopes": list(scopes)})

    def add_client(self) -> ClientCredentials:
        """Create another OAuth client."""
        told = self.call("POST", "/clients", {"name": "another"})
        return ClientCredentials(*(self._control.member(told, name, str) for name in ("client_id", "client_secret")))

    def delete(self) -> None:
        """Delete the organisation."""
        self.call("DELETE", "")

    def call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """Call a path below the organisation's own, and return the answer. Raises ProbeError if the call is refused."""
        return self._control.call(method, f"/{self.id}{path}", body)


def _reason(reply: PlatformReply) -> str:
    error = reply.document.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return f": {message}" if isinstance(message, str) else ""
