"""A story: a test for pytest, and a script."""

import json
import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from http.cookies import SimpleCookie  # noqa: F401 - for stories whose ids are cookies
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit  # noqa: F401 - for stories whose ids are in links

import httpx


class Answer(NamedTuple):
    """An answer. Its status is `none` without an answer, `cut` if its body ended early."""

    status: int | str
    headers: httpx.Headers
    document: Any


class Organization:
    """The story's own organisation on a running mock, with a frozen clock. Unless DAYFLY_KEEP is set, it is deleted
    afterwards. Without a policy it is the mock itself, whose clock runs on afterwards.
    """

    def __init__(self, api: str, policy: dict[str, Any] | None) -> None:
        self.http = httpx.Client(timeout=30)
        self.api, self.path, self.own = api.rstrip("/"), "", policy is not None
        if self.own:
            made = self.world("POST", "/organizations", {"name": "dayfly story", "policy": policy})
            self.path = "/organizations/" + made["id"]
            self.client: tuple[str, str] = made["client_id"], made["client_secret"]
        self.world("POST", "/clock/freeze", {})

    def __enter__(self) -> "Organization":
        return self

    def __exit__(self, *error: object) -> None:
        if not self.own:
            self.world("DELETE", "/faults")
            self.world("POST", "/clock/resume", {})
        elif not os.environ.get("DAYFLY_KEEP"):
            self.world("DELETE", "")
        self.http.close()

    def world(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API for this organisation."""
        shown = {"Authorization": f"Bearer {os.environ.get('DAYFLY_ADMIN_TOKEN', 'none')}"}
        answer = self.http.request(method, f"{self.api}/__admin{self.path}{path}", json=body, headers=shown)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def call(self, words: str, method: str, address: str, body: str = "", fill: int = 0, **options: Any) -> Answer:
        """Send a request, with its body padded with spaces to so many bytes."""
        status: int | str = "none"
        headers, document = httpx.Headers(), None
        self.http.cookies.clear()
        try:
            content = body.encode().ljust(fill)
            with self.http.stream(method, self.api + address, content=content, **options) as answer:
                status, headers = "cut", answer.headers
                text = answer.read()
                status, document = answer.status_code, json.loads(text or b"null") if text.startswith(b"{") else None
        except (httpx.ConnectError, httpx.LocalProtocolError):
            raise
        except httpx.TransportError:
            pass
        print(f"{words:<64}  {status} {headers.get('Dayfly-Reason', '')}".rstrip())
        return Answer(status, headers, document)


def encoded(text: str) -> str:
    """Return a text in base64url."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def expect(
    answer: Answer, status: int | str, code: str | None = None, reason: str | None = None, retry_after: int | None = None
) -> None:
    """Check an answer. A provider that gives no reasons is not checked for them."""
    told = answer.document if isinstance(answer.document, dict) else {}
    assert answer.status == status, f"expected {status}, got {answer.status}: {told}"
    assert code in (None, told.get("code"), told.get("error")), f"expected the code {code}: {told}"
    why = answer.headers.get("Dayfly-Reason")
    assert reason is None or why in {None, reason}, f"expected {reason}, got {why}"
    wait = answer.headers.get("Retry-After")
    assert retry_after is None or wait == str(retry_after), f"expected Retry-After {retry_after}, got {wait}"


def main(test: Callable[..., None]) -> None:
    """Run the test as a script, against the URL in its argument."""
    try:
        test(*sys.argv[1:2])
    except AssertionError as error:
        sys.exit(f"different: {error}")
    except httpx.HTTPError as error:
        print(f"could not be checked: {error}; start a mock with: dayfly serve, or give its URL", file=sys.stderr)
        sys.exit(2)
