"""Measurements without a socket: a call in process beside a constant answer, the engine's decision, and a declaration's."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter

import httpx

from mockserver.assemble import assemble
from mockserver.declared.handler import DeclaredHandler
from mockserver.declared.mock import Mock, Registered
from mockserver.engine.decide import ParsedRequest, Seen, decide, oauth_client, open_session
from mockserver.engine.model import Credential, Organization, Policy
from mockserver.inprocess import Transport
from mockserver.platform import compile_platform, find
from mockserver.settings import Settings
from mockserver.wire import Request, Serving
from mockserver.wire.bodies import JSON
from tests.benchmarks.serving import CREATE, CREDENTIALS, GUEST, LONG, SEND, issued

ROUNDS, CALLS = 9, 2_000


def turns(*calls: Callable[[], object], rounds: int = ROUNDS, repeat: int = CALLS) -> list[float]:
    """Microseconds a call of each, measured in turns: the median of the rounds."""
    figures: list[list[float]] = [[] for _ in calls]
    gc.collect()
    for _ in range(rounds):
        for call, mine in zip(calls, figures, strict=True):
            begun = perf_counter()
            for _ in range(repeat):
                call()
            mine.append((perf_counter() - begun) / repeat * 1e6)
    return [median(mine) for mine in figures]


def in_process() -> tuple[float, float]:
    """A create through `httpx.Client`: on our transport, and on a MockTransport that answers a constant."""
    settings = Settings(client_id=CREDENTIALS[0], client_secret=CREDENTIALS[1], policy=Policy(ttl=LONG, idle_timeout=LONG))
    with assemble(settings) as parts:
        token = issued(parts.handler)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with httpx.Client(transport=Transport(parts.handler), base_url="http://mock.test") as ours:
            example = ours.post(CREATE, content=GUEST, headers=headers)
            fields, body = list(example.headers.items()), example.content

            def constant(request: httpx.Request) -> httpx.Response:
                return httpx.Response(200, headers=fields, content=body)

            with httpx.Client(transport=httpx.MockTransport(constant), base_url="http://mock.test") as peer:
                figures = turns(
                    lambda: ours.post(CREATE, content=GUEST, headers=headers),
                    lambda: peer.post(CREATE, content=GUEST, headers=headers),
                    repeat=500,
                )
    return figures[0], figures[1]


def declared() -> tuple[float, float]:
    """A create and a send: of the web chat's own engine, and of its declaration."""
    settings = Settings(client_id=CREDENTIALS[0], client_secret=CREDENTIALS[1], policy=Policy(ttl=LONG, idle_timeout=LONG))
    registered = {"client": Registered(CREDENTIALS[0], {"secret": CREDENTIALS[1]})}
    policy = {"session.ttl": LONG // 1000, "session.idle": LONG // 1000}
    with assemble(settings) as parts:
        mock = Mock(compile_platform(find("webchat"), policy), registered=registered)
        own, general = turns(_pair(parts.handler), _pair(DeclaredHandler(mock)), repeat=500)
    return own, general


def _pair(handler: Serving) -> Callable[[], None]:
    token = issued(handler)

    def ask(path: str, body: bytes) -> bytes:
        request = Request(
            method="POST", path=path, authorization=f"Bearer {token}", content_type=JSON, body=body, size=len(body)
        )
        return handler.finish(handler.arrive(request)).body

    def call() -> None:
        session = ask(CREATE, GUEST).partition(b'"webChatSessionId":')[2]
        ask(SEND, b'{"text":"Hello","webChatSessionId":' + session)

    return call


def decision() -> float:
    """The engine's decision to accept a send."""
    policy = Policy()
    client = oauth_client("c", "00000000", "s")
    token = Credential(kind="token", id="t", within="c", expires_at=LONG)
    session = open_session("s", "c", ("Ann", "ann@example.com"), 0, policy)
    seen = Seen(Organization(id="00000000", policy=policy), 1, client, token, session)
    ask = ParsedRequest("send", "00000000", "c", "t", size=80, session_id="s", text_length=5)
    return turns(lambda: decide(ask, seen, "m"), repeat=20_000)[0]
