"""The web chat twice: its own engine, and its declaration. Both are asked the same, and what each answered is compared."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from msgspec.structs import replace

from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.declared.handler import DeclaredHandler
from mockserver.declared.mock import Mock, Registered
from mockserver.engine.model import DEFAULT_ORGANIZATION, Fault
from mockserver.ids import Ids
from mockserver.platform import Platform
from mockserver.settings import Settings
from mockserver.wire import Handler, Request, Response

LOGINS = ("/oauth/token", "/login/oauth/token")
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"
SCOPE = "webchat:session:write"
CLIENTS = [("client-number-one", "secret-number-one"), ("client-number-two", "secret-number-two")]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"token.rate": 2},
    {"token.live": 2},
    {"token.idle": 40, "session.uses": 2},
    {"session.idle": 600, "session.ttl": 60, "token.ttl": 200},
)
"""Policies under which the two are compared, as a declaration names their words."""

NAMES = {
    "token.rate": "rate_limit_per_minute",
    "token.live": "max_tokens_per_client",
    "token.idle": "token_idle_timeout",
    "token.ttl": "token_ttl",
    "session.uses": "handshakes",
    "session.ttl": "ttl",
    "session.idle": "idle_timeout",
}
"""The same words as the web chat's own policy names them."""

REASONS = {
    **{f"auth.{cause}": f"token.{cause}" for cause in ("missing", "unknown", "expired", "idle", "evicted")},
    "auth.revoked": "token.ended",
    "auth.malformed": "token.unknown",
    "scope.missing": "scope.scope",
    "body.media-type": "body.media",
    "body.too-large": "body.size",
    "body.not-json": "body.json",
    "body.not-object": "body.json",
    "body.invalid": "body.body",
    "rate.limited": "rate.rate",
    "session.consumed": "session.spent",
    "session.revoked": "session.ended",
    "route.unknown": "route.route",
    "route.method": "method.method",
    "oauth.unknown-client": "client.unknown",
    "oauth.wrong-secret": "client.foreign",
    "oauth.unsupported-grant": "operation.operation",
    "oauth.invalid-request": "operation.operation",
    "oauth.invalid-scope": "grantable.grantable",
    **dict.fromkeys(("token.issued", "session.created", "message.accepted"), "fault.injected"),
}
"""The web chat's words for reasons, with the declaration's guard and cause if those differ."""

ALIKE = {"session.foreign": "session.unknown", "client.missing": "client.unknown"}
"""Reasons that a declaration distinguishes in a header of the mock's own, and the web chat does not."""


class Step(NamedTuple):
    """An act on both mocks, and the answer of each; both answers are empty if the act was not a request."""

    what: str
    old: dict[str, Any]
    new: dict[str, Any]

    @property
    def differs(self) -> bool:
        """True if the answers differ. If a token ended in several ways, the web chat's engine may name one that came later."""
        old, new = self.old, self.new
        if new.get("reason") in {"token.expired", "token.idle"}:
            if old["reason"] == "token.evicted":
                return bool(old["status"] != new["status"])
            old = {**old, "reason": new["reason"]} if old["reason"] in {"token.expired", "token.idle"} else old
        return old != new


class Pair:
    """Two mocks that get the same requests. Ids they issued have the same place in both lists."""

    def __init__(self, seed: int, platform: Platform, policy: Mapping[str, Any]) -> None:
        self.draw = random.Random(seed)
        self.time = 1_795_348_800_000
        settings = Settings(client_id=CLIENTS[0][0], client_secret=CLIENTS[0][1])
        self.parts = assemble(settings, system=lambda: self.time, ids=Ids.seeded(seed))
        control = Control(self.parts)
        self.tenant = control.tenant(DEFAULT_ORGANIZATION)
        control.assign_strays_to(self.tenant.id)
        self.tenant.set_policy({"retention": 315_360_000})  # which a declaration cannot express
        self.tenant.set_policy({NAMES[word]: value for word, value in policy.items()})
        self.tenant.clients.create(client_id=CLIENTS[1][0], client_secret=CLIENTS[1][1])
        self.mock = Mock(platform, system=lambda: self.time, ids=Ids.seeded(seed + 1))
        for id, secret in CLIENTS:
            self.mock.register("client", Registered(id, {"secret": secret}))
        self.handlers: tuple[Handler, DeclaredHandler] = (self.parts.handler, DeclaredHandler(self.mock))
        self.tokens, self.sessions = [("made-up", "made-up")], [("unknown", "unknown"), ("{{sessionId}}", "{{sessionId}}")]

    def __enter__(self) -> Self:
        self.parts.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.parts.__exit__(*error)

    def step(self) -> Step:
        """Do something to both."""
        does = [self.log_in, self.create, self.send, self.pass_time, self.end, self.fail, self.change_scopes, self.go_astray]
        return self.draw.choices(does, [8, 16, 28, 8, 2, 2, 1, 1])[0]()

    def ask(self, what: str, requests: tuple[Request, Request]) -> Step:
        old, new = self.handlers[0].handle(requests[0]), self.handlers[1].handle(requests[1])
        for name, known in (("access_token", self.tokens), ("webChatSessionId", self.sessions)):
            ids = tuple(_json(answer).get(name, "") for answer in (old, new))
            if all(ids) and ids not in known and old.status == new.status == 200:
                known.append((ids[0], ids[1]))
        return Step(what, self.told(old, 0), self.told(new, 1))

    def told(self, response: Response, which: int) -> dict[str, Any]:
        """Return an answer as its client sees it; ids are told by their places in the lists."""
        headers = {name.lower(): value for name, value in response.headers}
        context = headers["inin-correlation-id"]
        named = {pair[which]: f"token {place}" for place, pair in enumerate(self.tokens)}
        named |= {pair[which]: f"session {place}" for place, pair in enumerate(self.sessions)} | {context: "context"}
        body = {name: named.get(value, value) if isinstance(value, str) else value for name, value in _json(response).items()}
        if body.get("webChatSessionId") and "id" in body:
            body["id"] = f"{len(body['id'])} characters"
        for name in ("message", "description"):
            if str(body.get(name)).endswith((" is too long", " is longer than 254 characters")):
                body[name] = "too long"
        reason = headers.pop("dayfly-reason", "")
        reason = REASONS.get(reason, reason)
        headers = {name: named.get(value, value) for name, value in headers.items() if name not in OWN}
        headers |= {name: "a number" for name in headers if name.startswith("inin-ratelimit-")}
        return {"status": response.status, "reason": ALIKE.get(reason, reason), "headers": headers, "body": body}

    # -- requests ----------------------------------------------------------------------------------------------------

    def log_in(self) -> Step:
        id, secret = self.draw.choice([*CLIENTS, *CLIENTS, ("nobody", "x"), (CLIENTS[0][0], "wrong"), ("", "")])
        form = {"grant_type": self.draw.choice(["client_credentials"] * 8 + ["password", ""])}
        if self.draw.random() < 0.2:
            form["scope"] = self.draw.choice([SCOPE, "other:scope", f"{SCOPE} other:scope"])
        if not form["grant_type"]:
            del form["grant_type"]
        basic: str | None = "Basic " + b64encode(f"{id}:{secret}".encode()).decode()
        if id and self.draw.random() < 0.3:
            form, basic = form | {"client_id": id, "client_secret": secret}, None
        what = f"log in as {id!r} with {form}"
        request = self.request(self.draw.choice(LOGINS), urlencode(form), basic, self.draw.choice([FORM] * 8 + [JSON]))
        return self.ask(what, (request, request))

    def create(self) -> Step:
        long, short = "A" * 255, "b" * 254
        guests = [
            *({"name": "Ann"}, {"email": "a"}, {"name": 1, "email": "a"}, {"name": "A", "email": 1}),
            *({"name": long, "email": "a"}, {"name": "A", "email": long}, {"name": short, "email": short}),
        ]
        body = self.draw.choice(
            ['{"guest":{"name":"Ann","email":"a@b"}}'] * 8
            + ["", "{}", "[]", "{", "null", "7", '{"guest":"x"}', '{"guest":null}', '{"more":1}']
            + [json.dumps({"guest": guest}) for guest in guests]
        )
        return self.as_client("create", SESSIONS, (body, body))

    def send(self) -> Step:
        sessions = self.draw.choice(self.sessions[:2] + self.sessions[-4:] * 3)
        text = self.draw.choice(["Hello"] * 12 + ["", "x" * 4000, "x" * 4001, 7])
        bodies = tuple(json.dumps({"webChatSessionId": id, "text": text}) for id in sessions)
        if self.draw.random() < 0.1:
            odd = [
                '{"text":"Hello"}',
                '{"webChatSessionId":"","text":"a"}',
                '{"webChatSessionId":7,"text":"a"}',
                "{}",
                "[]",
                "{",
            ]
            bodies = (self.draw.choice([*odd, '{"webChatSessionId":"unknown"}', ""]),) * 2
        if self.draw.random() < 0.004:
            bodies = (f'{{"text":"{"x" * (1 << 20)}"}}',) * 2
        return self.as_client(f"send {str(text)[:8]!r} with session {self.sessions.index(sessions)}", MESSAGES, bodies)

    def as_client(self, what: str, path: str, bodies: tuple[str, ...]) -> Step:
        tokens = self.draw.choice(self.tokens[:1] + self.tokens[-3:] * 4)
        shape = self.draw.choice(["Bearer {}"] * 12 + ["bearer {}", "", "Bearer", "Basic x", "Bearer a b"])
        kind = self.draw.choice([JSON] * 12 + [f"{JSON}; charset=utf-8", "text/plain"])
        method = self.draw.choice(["POST"] * 20 + ["GET"])
        old, new = (
            self.request(path, body, shape.format(token) if shape else None, kind, method)
            for token, body in zip(tokens, bodies, strict=True)
        )
        what = f"{method} {what} {bodies[0][:60]!r} as {shape!r} token {self.tokens.index(tokens)} {kind}"
        return self.ask(what, (old, new))

    def go_astray(self) -> Step:
        path = self.draw.choice(["/", "/oauth/tokens", SESSIONS + "/1", LOGINS[0], MESSAGES])
        request = self.request(path, "", None, None, self.draw.choice(["GET", "POST", "PUT", "DELETE"]))
        return self.ask(f"{request.method} {path}", (request, request))

    @staticmethod
    def request(path: str, body: str, authorization: str | None, kind: str | None, method: str = "POST") -> Request:
        raw = body.encode()
        return Request(method=method, path=path, authorization=authorization, content_type=kind, body=raw, size=len(raw))

    # -- what happens meanwhile --------------------------------------------------------------------------------------

    def pass_time(self) -> Step:
        seconds = self.draw.choice([0.001, 1, 10, 29.999, 30, 39.999, 40, 59.999, 60, 199, 299, 299.999, 300, 86_399, 86_400])
        self.time += round(1000 * seconds)
        return Step(f"{seconds} s pass", {}, {})

    def end(self) -> Step:
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
        return Step(f"control: {what}", {}, {})

    def change_scopes(self) -> Step:
        id, secret = self.draw.choice(CLIENTS)
        scopes = self.draw.choice([(), (SCOPE,), (SCOPE,), (SCOPE, "other:scope")])
        self.tenant.clients.set_scopes(id, scopes)
        self.mock.register("client", Registered(id, {"secret": secret}, scopes))
        return Step(f"{id} has the scopes {scopes}", {}, {})

    def fail(self) -> Step:
        status, after = self.draw.choice([429, 500, 502, 503]), self.draw.random() < 0.3
        fault = Fault(kind="status", status=status, after_acting=after, retry_after=self.draw.choice([None, 7]))
        old, new = self.draw.choice([(None, None), ("create", "createSession"), ("send", "sendMessage")])
        self.tenant.faults.add("status", old, status=status, after_acting=after, retry_after=fault.retry_after)
        self.mock.plan(replace(fault, operation=new))
        return Step(f"the next {old or 'request'} fails with {status}", {}, {})


OWN = {"content-length", "dayfly-context"}
"""Headers that differ because ids have other lengths, or that one of the two alone sends."""


def _json(response: Response) -> dict[str, Any]:
    found = json.loads(response.body) if response.body else {}
    return found if isinstance(found, dict) else {}
