"""The situations of the wire samples, as a declared web chat has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from mockserver.declared.handler import DeclaredHandler
from mockserver.declared.mock import Mock, Registered
from mockserver.engine.model import Fault
from mockserver.inprocess import Transport
from mockserver.platform import Platform, compile_platform
from tests.fixtures.wire import CLIENT_ID, CLIENT_SECRET, CONTEXT, MESSAGE, MESSAGES, NOON, SESSION, SESSIONS, TOKEN, Sample

POLICIES: dict[str, dict[str, Any]] = {
    "an expired session": {"session.idle": 600},
    "a rate limit that is used up": {"token.rate": 1},
}
"""Policies that a situation asks for."""

EDITS: dict[str, tuple[str, str]] = {
    "a max_body of 64 bytes": (r"(max_body\W+)\d+", r"\g<1>64"),
    "a max_text of 10": (r"(maxLength\W+)4\d+", r"\g<1>10"),
}
"""What stands elsewhere in the declaration in a situation."""

DEFAULT = ""
"""The situation of a declaration as it is."""


class Declarations:
    """A declaration's text, compiled for each situation when it is first asked for."""

    def __init__(self, text: str, folder: Path) -> None:
        self._text, self._folder = text, folder
        self._compiled: dict[str, Platform] = {}

    def of(self, situation: str) -> Platform:
        key = situation if situation in POLICIES or situation in EDITS else DEFAULT
        if key not in self._compiled:
            pattern, instead = EDITS.get(key, ("^", ""))
            self._compiled[key] = self.compile(re.sub(pattern, instead, self._text), POLICIES.get(key, {}))
        return self._compiled[key]

    def compile(self, text: str, policy: Mapping[str, Any]) -> Platform:
        path = self._folder / "webchat.yaml"
        path.write_text(text)
        return compile_platform(path, policy)

    def under(self, policy: Mapping[str, Any]) -> Platform:
        return self.compile(self._text, policy) if policy else self.of(DEFAULT)


class DeclaredScene:
    """A mock in the state a sample supposes; the sample's ids stand for those the mock has drawn."""

    def __init__(self, platform: Platform) -> None:
        self.mock = Mock(platform, system=lambda: NOON, registered={"client": client(CLIENT_ID, CLIENT_SECRET)})
        self._http = httpx.Client(transport=Transport(DeclaredHandler(self.mock)), base_url="http://mock.test")
        self._drawn: dict[str, str] = {}

    def log_in(self, id: str = CLIENT_ID, secret: str = CLIENT_SECRET) -> None:
        answer = self._http.post("/oauth/token", auth=(id, secret), data={"grant_type": "client_credentials"})
        self._drawn[TOKEN] = answer.json()["access_token"]

    def create(self) -> None:
        answer = self._http.post(SESSIONS, headers={"Authorization": f"Bearer {self._drawn[TOKEN]}"})
        self._drawn[SESSION] = answer.json()["webChatSessionId"]

    def send(self) -> None:
        headers = {"Authorization": f"Bearer {self._drawn[TOKEN]}"}
        self._http.post(MESSAGES, headers=headers, json={"webChatSessionId": self._drawn[SESSION], "text": "Hello"})

    def play(self, sample: Sample) -> dict[str, Any]:
        """Return the mock's answer to the sample's request, in the form of samples, without the mock's own headers."""
        headers = {name: self._here(value) for name, value in sample.request["headers"].items()}
        content = self._here(sample.content.decode()).encode()
        answer = self._http.request(sample.request["method"], sample.request["path"], headers=headers, content=content)
        body = answer.json()
        drawn = {body.get("access_token"): TOKEN, body.get("webChatSessionId"): SESSION, body.get("id"): MESSAGE}
        drawn[answer.headers["Dayfly-Context"]] = CONTEXT
        raw = {name.decode(): value.decode() for name, value in answer.headers.raw}
        told = {name: drawn.get(value, value) for name, value in raw.items() if is_told(name)}
        shown = {name: drawn.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
        return {"status": answer.status_code, "headers": told, "body": shown}

    def _here(self, text: str) -> str:
        for sampled, drawn in self._drawn.items():
            text = text.replace(sampled, drawn)
        return text


def client(id: str, secret: str, scopes: tuple[str, ...] | None = None) -> Registered:
    return Registered(id, {"secret": secret}, scopes)


def is_told(header: str) -> bool:
    """Return True if a platform sends it, and not only the mock."""
    return header != "Content-Length" and not header.startswith("Dayfly-")


def _session(scene: DeclaredScene) -> None:
    scene.log_in()
    scene.create()


def _then(before: Callable[[DeclaredScene], None], happens: Callable[[DeclaredScene], Any]) -> Callable[[DeclaredScene], None]:
    def arrange(scene: DeclaredScene) -> None:
        before(scene)
        happens(scene)

    return arrange


def _after(seconds: int) -> Callable[[DeclaredScene], None]:
    return lambda scene: scene.mock.advance(1000 * seconds)


def _without_scope(scene: DeclaredScene) -> None:
    scene.mock.register("client", client(CLIENT_ID, CLIENT_SECRET, ()))


def _as_another(scene: DeclaredScene) -> None:
    scene.mock.register("client", client("another", "its-secret"))
    scene.log_in("another", "its-secret")


def _failing(status: int) -> Callable[[DeclaredScene], None]:
    fault = Fault(kind="status", status=status)
    return _then(DeclaredScene.log_in, lambda scene: scene.mock.plan(fault))


SITUATIONS: dict[str, Callable[[DeclaredScene], None]] = {
    "a client": lambda scene: None,
    "a token": DeclaredScene.log_in,
    "an expired token": _then(DeclaredScene.log_in, _after(86_400)),
    "a revoked token": _then(DeclaredScene.log_in, lambda scene: scene.mock.end("token")),
    "a client without the scope": _then(DeclaredScene.log_in, _without_scope),
    "a max_body of 64 bytes": _session,
    "a max_text of 10": _session,
    "a rate limit that is used up": _session,
    "a fault with status 500": _failing(500),
    "a fault with status 502": _failing(502),
    "a fault with status 503": _failing(503),
    "a session": _session,
    "a consumed session": _then(_session, DeclaredScene.send),
    "an idle session": _then(_session, _after(30)),
    "an expired session": _then(_session, _after(300)),
    "a revoked session": _then(_session, lambda scene: scene.mock.end("session")),
    "another client's session": _then(_session, _as_another),
    "a session of a client without the scope": _then(_session, _without_scope),
}


def played(declarations: Declarations, sample: Sample) -> dict[str, Any]:
    """Return what a declaration answers to a sample."""
    scene = DeclaredScene(declarations.of(sample.given))
    SITUATIONS[sample.given](scene)
    return scene.play(sample)


def expected(sample: Sample) -> dict[str, Any]:
    """Return the sample's answer, without the headers of the mock's own."""
    told = {name: value for name, value in sample.response["headers"].items() if is_told(name)}
    return {**sample.response, "headers": told}
