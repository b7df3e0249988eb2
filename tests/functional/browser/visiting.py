"""Somebody who looks at an organisation in the console, while a client talks to it."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import Locator, Page

from tests.functional.talking import CREATE, SEND, Talker

CONSOLE = "/__admin/console"


class Visitor:
    """An organisation of its own at `server`: `page` looks at it (through `seen_at`), `client` talks to it."""

    def __init__(self, page: Page, server: str, seen_at: str = "", name: str = "looked at", **policy: Any) -> None:
        self.page, self.root = page, f"{seen_at or server}{CONSOLE}"
        made = httpx.post(f"{server}/__admin/organizations", json={"name": name, "policy": policy}).raise_for_status().json()
        self.id: str = made["id"]
        self.credentials: dict[str, str] = {"url": server, **made}
        self.client = Talker(self.credentials)
        self.admin = httpx.Client(base_url=f"{server}/__admin/organizations/{self.id}/")
        self.address = f"{self.root}/organizations/{self.id}"

    def close(self) -> None:
        """Closes its connections."""
        self.client.http.close()
        self.admin.close()

    def open(self, path: str = "") -> Page:
        """Opens one of the organisation's pages."""
        self.page.goto(self.address + path)
        return self.page

    def control(self, path: str, **values: Any) -> Any:
        """A call of the control API."""
        answer = self.admin.post(path, json=values).raise_for_status()
        return answer.json() if answer.content else None

    def greet(self, name: str, text: str = "hello") -> str:
        """Creates a session for `name` and sends it a message; returns the message's contextId."""
        return self.client.send(self.session(name), text).headers["inin-correlation-id"]

    def session(self, name: str) -> str:
        """A session for `name`."""
        guest = {"name": name, "email": "guest@example.com"}
        id: str = self.client.http.post(CREATE, json={"guest": guest}).raise_for_status().json()["webChatSessionId"]
        return id

    def row(self, context_id: str) -> Locator:
        """The row of a request."""
        return self.page.locator(f"#r-{context_id}")

    def listed(self) -> list[str]:
        """The contextIds of the rows, in their order."""
        ids = self.page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.id.slice(2))")
        return [str(id) for id in ids]

    def journalled(self, **filters: Any) -> list[str]:
        """The contextIds of the journal, newest first."""
        found = self.admin.get("requests", params={"limit": 1000, **filters}).json()["requests"]
        return [exchange["context_id"] for exchange in found]


__all__ = ["CONSOLE", "CREATE", "SEND", "Visitor"]
