"""The control API of the mock, as far as a probe needs it: organisations of its own, their clocks, clients and policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contracts.probe.asking import Credentials
from contracts.probe.errors import ProbeError

if TYPE_CHECKING:
    import httpx

PREFIX = "/__admin/organizations"


class Control:
    """A control API. `connect` gives an HTTP client that has its base URL and shows its token."""

    def __init__(self, connect: Callable[[], httpx.Client]) -> None:
        self._connect, self._http = connect, connect()

    def create(self, policy: Mapping[str, Any]) -> Organization:
        """A new organisation, so that nobody else's is touched."""
        told = self.call("POST", "", {"name": "dayfly probe", "policy": dict(policy)})
        return Organization(self, told["id"], Credentials(told["client_id"], told["client_secret"]))

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """What a call answers; nothing where that is nothing. Raises ProbeError where it is refused."""
        import httpx

        where = str(self._http.base_url).rstrip("/") + PREFIX + path
        try:
            answer = self._http.request(method, PREFIX + path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProbeError(where, f"no answer: {error}") from error
        if answer.is_success:
            return dict(answer.json()) if answer.content else {}
        hint = "; a provider without a control API wants --client-id and --client-secret"
        raise ProbeError(where, f"the control API answers {answer.status_code}: {_message(answer)}{hint}")

    def reconnect(self) -> None:
        """Forgets connections that a restart has broken."""
        self._http.close()
        self._http = self._connect()

    def close(self) -> None:
        """Gives back connections."""
        self._http.close()


class Organization:
    """One organisation of the probe's own; times in milliseconds."""

    def __init__(self, control: Control, id: str, credentials: Credentials) -> None:
        self._control, self.id, self.credentials = control, id, credentials

    def freeze(self) -> int:
        """Stops the clock, and tells where it stands."""
        now: float = self._call("POST", "/clock/freeze", {})["now"]
        return round(now * 1000)

    def advance(self, milliseconds: int) -> None:
        """Moves the clock forward."""
        self._call("POST", "/clock/advance", {"seconds": milliseconds / 1000})

    def set_policy(self, values: Mapping[str, Any]) -> None:
        """Changes the policy from now on."""
        self._call("PATCH", "/policy", dict(values))

    def set_scopes(self, client_id: str, scopes: Sequence[str]) -> None:
        """Gives an OAuth client exactly these scopes."""
        self._call("PATCH", f"/clients/{client_id}", {"scopes": list(scopes)})

    def add_client(self) -> Credentials:
        """Another OAuth client."""
        told = self._call("POST", "/clients", {"name": "another"})
        return Credentials(told["client_id"], told["client_secret"])

    def delete(self) -> None:
        """Leaves nothing behind."""
        self._call("DELETE", "")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self._control.call(method, f"/{self.id}{path}", body)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase or "nothing more"
