"""The control API of the mock, as far as a probe needs it: organisations of its own, their clocks, clients and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.asking import Credentials, Reply
from contracts.probe.errors import ProbeError

if TYPE_CHECKING:
    from contracts.probe.web import Web

NO_CONTROL = "a provider without a control API wants --client-id and --client-secret"

T = TypeVar("T")

PREFIX = "/__admin/organizations"


class Control:
    """A control API. `web` shows its token with every call; `name` is the provider's."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name

    def create(self, policy: Mapping[str, Any], name: str = "dayfly probe") -> Organization:
        """A new organisation, so that nobody else's is touched."""
        told = self.call("POST", "", {"name": name, "policy": dict(policy)})
        id, *credentials = (self.member(told, member, str) for member in ("id", "client_id", "client_secret"))
        return Organization(self, id, Credentials(*credentials))

    def call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """The JSON object that a call is answered with, empty where there is none. Raises ProbeError where it is refused."""
        reply = self._web.ask(method, PREFIX + path, json=body)
        if 200 <= reply.status < 300:
            return reply.document
        said = f"its control API answers {reply.status} to {method} {PREFIX}{path}{_reason(reply)}"
        raise ProbeError(self._name, f"{said}; {NO_CONTROL}")

    def member(self, told: Mapping[str, Any], name: str, kind: type[T]) -> T:
        """What an answer of the control API tells under this name. Raises ProbeError where it has no such thing."""
        value = told.get(name)
        if isinstance(value, kind):
            return value
        raise ProbeError(self._name, f"what answers under {PREFIX} is no control API of a mock; {NO_CONTROL}")

    def reconnect(self) -> None:
        """Forgets connections that a restart has broken."""
        self._web.reconnect()

    def close(self) -> None:
        """Gives back connections."""
        self._web.close()


class Organization:
    """One organisation of the probe's own; times in milliseconds."""

    def __init__(self, control: Control, id: str, credentials: Credentials) -> None:
        self._control, self.id, self.credentials = control, id, credentials

    def freeze(self) -> int:
        """Stops the clock, and tells where it stands."""
        return round(self._control.member(self.call("POST", "/clock/freeze", {}), "now", float) * 1000)

    def resume(self) -> None:
        """Let the clock go on."""
        self.call("POST", "/clock/resume", {})

    def advance(self, milliseconds: int) -> None:
        """Moves the clock forward."""
        self.call("POST", "/clock/advance", {"seconds": milliseconds / 1000})

    def set_policy(self, values: Mapping[str, Any]) -> None:
        """Changes the policy from now on."""
        self.call("PATCH", "/policy", dict(values))

    def set_scopes(self, client_id: str, scopes: Sequence[str]) -> None:
        """Gives an OAuth client exactly these scopes."""
        self.call("PATCH", f"/clients/{client_id}", {"scopes": list(scopes)})

    def add_client(self) -> Credentials:
        """Another OAuth client."""
        told = self.call("POST", "/clients", {"name": "another"})
        return Credentials(*(self._control.member(told, name, str) for name in ("client_id", "client_secret")))

    def delete(self) -> None:
        """Leaves nothing behind."""
        self.call("DELETE", "")

    def call(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """What a call is answered whose path is below the organisation's own. Raises ProbeError where it is refused."""
        return self._control.call(method, f"/{self.id}{path}", body)


def _reason(reply: Reply) -> str:
    error = reply.document.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return f": {message}" if isinstance(message, str) else ""
