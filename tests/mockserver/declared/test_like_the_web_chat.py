"""The web chat as a declaration answers as the web chat's own engine does: random histories, request by request."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.declared.handler import DeclaredHandler
from mockserver.declared.mock import Mock, Planned, Registered
from mockserver.engine.model import DEFAULT_ORGANIZATION, Fault
from mockserver.faults import effect_of
from mockserver.ids import Ids
from mockserver.platform import compile_platform, find
from mockserver.settings import Settings
from mockserver.wire import Handler, Request, Response

REQUESTS = 2_000
LOGIN = "/oauth/token"
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"
SCOPE = "webchat:session:write"
CLIENTS = [("client-number-one", "secret-number-one"), ("client-number-two", "secret-number-two")]

CAUSES = {"consumed": "spent", "revoked": "ended", "forgotten": "unknown", "foreign": "unknown"}
"""The web chat's words for causes if the declaration has others. That an id is another client's is in no header of its own."""


class Pair:
    """Two mocks that are asked the same; what they have issued has the same place in both lists."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.time = 1_795_348_800_000
        settings = Settings(client_id=CLIENTS[0][0], client_secret=CLIENTS[0][1])
        self.parts = assemble(settings, system=lambda: self.time, ids=Ids.seeded(seed))
        control = Control(self.parts)
        self.tenant = control.tenant(DEFAULT_ORGANIZATION)
        control.assign_strays_to(self.tenant.id)
        self.tenant.set_policy({"retention": 315_360_000})  # declarations do not have this setting
        self.tenant.clients.create(client_id=CLIENTS[1][0], client_secret=CLIENTS[1][1])
        self.mock = Mock(compile_platform(find("webchat")), system=lambda: self.time, ids=Ids.seeded(seed + 1))
        for id, secret in CLIENTS:
            self.mock.register("client", Registered(id, {"secret": secret}))
        self.handlers: tuple[Handler, DeclaredHandler] = (self.parts.handler, DeclaredHandler(self.mock))
        self.tokens, self.sessions = [("made-up", "made-up")], [("unknown", "unknown"), ("{{sessionId}}", "{{sessionId}}")]

    def step(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Do something to both; return what was done, and how each answered it."""
        return self.draw.choices(
            [self.log_in, self.create, self.send, self.pass_time, self.end, self.fail], [4, 8, 14, 4, 1, 1]
        )[0]()

    def both(self, what: str, requests: list[Request]) -> tuple[Response, Response, str, dict[str, Any], dict[str, Any]]:
        old, new = self.handlers[0].handle(requests[0]), self.handlers[1].handle(requests[1])
        return old, new, what, told(old), told(new)

    def log_in(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        id, secret = self.draw.choice([*CLIENTS, *CLIENTS, ("nobody", "x"), (CLIENTS[0][0], "wrong"), ("", "")])
        form = {"grant_type": self.draw.choice(["client_credentials"] * 8 + ["password", ""])}
        if self.draw.random() < 0.2:
            form["scope"] = self.draw.choice([SCOPE, "other:scope", f"{SCOPE} other:scope"])
        if not form["grant_type"]:
            del form["grant_type"]
        basic = "Basic " + b64encode(f"{id}:{secret}".encode()).decode()
        kind = self.draw.choice(["application/x-www-form-urlencoded"] * 8 + ["application/json"])
        request = Request(
            method="POST",
            path=LOGIN,
            authorization=basic,
            content_type=kind,
            body=(body := urlencode(form).encode()),
            size=len(body),
        )
        old, new, what, *answers = self.both(f"log in as {id!r} with {form}", [request, request])
        if old.status == new.status == 200:
            self.tokens.append((json.loads(old.body)["access_token"], json.loads(new.body)["access_token"]))
        return what, answers[0], answers[1]

    def create(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        body = self.draw.choice(
            [b'{"guest":{"name":"Ann","email":"a@b"}}'] * 6
            + [b"", b"{}", b"[]", b"{", b'{"guest":{"name":"Ann"}}', b'{"guest":{"name":1,"email":"a"}}', b'{"guest":"x"}']
        )
        old, new, what, *answers = self.both(*self.with_token("create", SESSIONS, (body, body)))
        if old.status == new.status == 200:
            self.sessions.append((json.loads(old.body)["webChatSessionId"], json.loads(new.body)["webChatSessionId"]))
        return what, answers[0], answers[1]

    def send(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        sessions = self.draw.choice(self.sessions[:2] + self.sessions[-4:] * 3)
        text = self.draw.choice(["Hello"] * 8 + ["", "x" * 4001])
        bodies = tuple(json.dumps({"webChatSessionId": id, "text": text}).encode() for id in sessions)
        if self.draw.random() < 0.05:
            bodies = (b'{"text":"Hello"}',) * 2
        _, _, what, *answers = self.both(
            *self.with_token(f"send {text[:8]!r} with session {self.sessions.index(sessions)}", MESSAGES, bodies)
        )
        return what, answers[0], answers[1]

    def with_token(self, what: str, path: str, bodies: tuple[bytes, ...]) -> tuple[str, list[Request]]:
        tokens = self.draw.choice(self.tokens[:1] + self.tokens[-3:] * 4)
        shape = self.draw.choice(["Bearer {}"] * 12 + ["bearer {}", "", "Bearer", "Basic x"])
        kind = self.draw.choice(["application/json"] * 12 + ["application/json; charset=utf-8", "text/plain"])
        method = self.draw.choice(["POST"] * 20 + ["GET"])
        requests = [
            Request(
                method=method,
                path=path,
                authorization=shape.format(token) if shape else None,
                content_type=kind,
                body=body,
                size=len(body),
            )
            for token, body in zip(tokens, bodies, strict=True)
        ]
        return f"{method} {what} {bodies[0][:60]!r} as {shape!r} token {self.tokens.index(tokens)} {kind}", requests

    def pass_time(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        seconds = self.draw.choice([0.001, 1, 29.999, 30, 299, 300, 86_399])
        self.time += round(1000 * seconds)
        return f"{seconds} s pass", {}, {}

    def end(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        what = self.draw.choice(["sessions", "revoke", "expire"])
        if what == "sessions":
            self.tenant.sessions.end_all()
            self.mock.end("session")
        elif what == "revoke":
            self.tenant.tokens.revoke()
            self.mock.end("token")
        else:
            self.tenant.tokens.expire()
            self.mock.end("token", by="expired")
        return f"control: {what}", {}, {}

    def fail(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        status = self.draw.choice([429, 500, 502, 503])
        self.tenant.faults.add("status", "send", status=status)
        self.mock.plan(Planned(effect=effect_of(Fault(kind="status", status=status)), operation="sendMessage"))
        return f"the next send fails with {status}", {}, {}


def told(response: Response) -> dict[str, Any]:
    """Return what a client can see of an answer, but for ids and for the words of a validator."""
    headers = {name.lower(): value for name, value in response.headers}
    seen: dict[str, Any] = {name: headers.get(name) for name in ("content-type", "allow", "retry-after", "cache-control")}
    seen["challenge"] = (headers.get("www-authenticate") or "").partition(" ")[0]
    body = json.loads(response.body)
    seen |= {"status": response.status, "code": body.get("code", body.get("error")), "fields": sorted(body)}
    if seen["code"] not in {"constraint.validation", "bad.request"}:
        seen["message"] = body.get("message", body.get("description"))
    seen["scope"], seen["expires_in"] = body.get("scope"), body.get("expires_in")
    reason = headers.get("dayfly-reason", "")
    if reason.startswith("session."):
        cause = reason.removeprefix("session.")
        seen["cause"] = CAUSES.get(cause, cause)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_they_answer_alike(seed: int) -> None:
    pair, history = Pair(seed), []
    with pair.parts:
        for _ in range(REQUESTS):
            what, old, new = pair.step()
            history.append(what)
            assert new == old, "\n".join(history[-12:])
