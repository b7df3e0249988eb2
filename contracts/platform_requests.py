"""The platform's requests and their answers, for every module that makes requests."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from mockserver.engine.model import MESSAGES, SESSION_ID, SESSIONS, TOKENS
from mockserver.wire.bodies import FORM, JSON
from mockserver.wire.message import Request

GUEST = {"guest": {"name": "Dayfly Probe", "email": "probe@example.com"}}
TEXT = "Hello"


_WHOLE = re.compile("[0-9]{1,9}")


class ClientCredentials(NamedTuple):
    """The credentials of an OAuth client."""

    client_id: str
    client_secret: str

    @property
    def basic(self) -> str:
        """The Authorization header of its token requests."""
        return "Basic " + b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()


@dataclass(frozen=True)
class PlatformReply:
    """An answer as it arrived; names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fields: tuple[tuple[str, str], ...] = ()
    """All headers, also those that came several times."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body; empty if the body is not one."""
        try:
            value = msgspec.json.decode(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def code(self) -> str | None:
        """The code of an error, or None. Errors of OAuth call it `error`."""
        code = self.document.get("code", self.document.get("error"))
        return code if isinstance(code, str) else None

    @property
    def retry_after(self) -> int | None:
        """The seconds that Retry-After asks for; None if it is missing or not a whole number."""
        told = self.headers.get("retry-after", "")
        return int(told) if _WHOLE.fullmatch(told) else None

    def told(self, name: str) -> str:
        """Return a member of the body that is a string; "" if it is missing or not a string."""
        value = self.document.get(name)
        return value if isinstance(value, str) else ""

    def __str__(self) -> str:
        return f"{self.status} {self.code}" if self.code else str(self.status)


def for_token(credentials: ClientCredentials, **form: str) -> Request:
    """Build a request for a token. `form` adds to the grant type, or replaces it."""
    body = urlencode({"grant_type": "client_credentials", **form}).encode()
    return _post(TOKENS, credentials.basic, FORM, body)


def for_session(authorization: str | None, body: bytes | None = None, media_type: str | None = JSON) -> Request:
    """Build a request for a session."""
    return _post(SESSIONS, authorization, media_type, _encoded(GUEST) if body is None else body)


def for_message(authorization: str | None, session: str, text: str = TEXT) -> Request:
    """Build a request that sends `text` to the guest of `session`."""
    return for_message_as(authorization, message_body(session, text))


def for_message_as(authorization: str | None, body: bytes, media_type: str | None = JSON) -> Request:
    """Build a request for a message with any body."""
    return _post(MESSAGES, authorization, media_type, body)


def message_body(session: str, text: str = TEXT) -> bytes:
    """Encode the body of a message."""
    return _encoded({SESSION_ID: session, "text": text})


def _post(path: str, authorization: str | None, media_type: str | None, body: bytes) -> Request:
    return Request(method="POST", path=path, authorization=authorization, content_type=media_type, body=body, size=len(body))


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
