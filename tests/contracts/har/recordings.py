"""HAR files as other tools write them, short enough to be read in a test."""

from __future__ import annotations

import json
from typing import Any

TOKEN = "https://login.cloud.example/oauth/token"
API = "https://api.cloud.example/api/v2/conversations"
SESSIONS, MESSAGES = f"{API}/webchat/sessions", f"{API}/messaging/external/guests/sendmessage"

SECRET = "secret-of-the-client"
BEARER = "token-that-nobody-may-see"
START = 1_767_261_600_000


class Har:
    """A recording in the making. Each exchange begins at the end of the one before."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.milliseconds = 0

    def add(
        self, url: str, sent: Any = None, got: Any = None, status: int = 200, took: float = 20, **entry: Any
    ) -> dict[str, Any]:
        """One exchange with JSON bodies; further arguments replace what would be there."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {BEARER}"} | entry.pop("headers", {})
        text = entry.pop("text", None if sent is None else json.dumps(sent))
        content = entry.pop(
            "content", {"size": 0, "mimeType": "application/json", "text": json.dumps(got) if got is not None else ""}
        )
        whole = {
            "startedDateTime": f"2026-01-01T10:00:{self.milliseconds // 1000:02d}.{self.milliseconds % 1000:03d}Z",
            "time": took,
            "request": {
                "method": entry.pop("method", "POST"),
                "url": url,
                "httpVersion": "h2",
                "headers": [{"name": name, "value": value} for name, value in headers.items() if value is not None],
                "queryString": [],
                "cookies": [],
                "headersSize": -1,
                "bodySize": len(text or ""),
            }
            | ({} if text is None else {"postData": {"mimeType": headers["Content-Type"], "text": text}}),
            "response": {
                "status": status,
                "statusText": "",
                "headers": [{"name": name, "value": value} for name, value in entry.pop("answered", {}).items()],
                "content": content,
            },
            "cache": {},
            "timings": {"blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": took, "receive": 0},
        } | entry
        self.milliseconds += round(took)
        self.entries.append(whole)
        return whole

    def token(self, value: str = BEARER, **entry: Any) -> None:
        """A login by a form."""
        form = f"grant_type=client_credentials&client_id=app&client_secret={SECRET}"
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": None}
        self.add(TOKEN, None, {"access_token": value, "expires_in": 86_400}, text=form, headers=kind, **entry)

    def create(self, id: str = "id-1", **entry: Any) -> None:
        self.add(SESSIONS, {"guest": {"name": "ann", "email": "ann@example.com"}}, {"webChatSessionId": id}, **entry)

    def send(self, id: str = "id-1", status: int = 200, text: str = "hello", **entry: Any) -> None:
        refused = {"message": "no", "code": "not.authorized", "status": status, "contextId": f"context-{len(self.entries)}"}
        self.add(MESSAGES, {"webChatSessionId": id, "text": text}, {"id": "m"} if status == 200 else refused, status, **entry)

    @property
    def raw(self) -> bytes:
        """The file."""
        log = {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": self.entries}
        return json.dumps({"log": log}).encode()
