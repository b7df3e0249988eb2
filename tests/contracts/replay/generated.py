"""Recordings of random clients under a random policy: made by the mock in virtual time, written as a trace and as HAR files.

The clients do not know the policy. They keep sessions for a while, use them again, lose answers, and have ids from before.
"""

from __future__ import annotations

import heapq
import random
from base64 import b64encode
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from mockserver.assemble import assemble
from mockserver.control import Control, Tenant
from mockserver.engine.model import Policy
from mockserver.ids import Ids
from mockserver.journal import encode
from mockserver.settings import Settings, policy_to
from mockserver.wire import Request, Response

START = 1_767_261_600_000
LOGIN = "https://login.cloud.example/oauth/token"
API = "https://api.cloud.example/v1/api/v2/conversations"
SESSIONS, MESSAGES = f"{API}/webchat/sessions", f"{API}/messaging/external/guests/sendmessage"

LATENCY = (8, 180)
"""Milliseconds between a request's leaving and its answer's return."""


@dataclass
class Exchange:
    """A request as its client saw it; `acted` is when the platform decided, which no client sees. Milliseconds."""

    url: str
    authorization: str
    media_type: str
    body: bytes
    left: int
    acted: int
    returned: int
    response: Response | None = None

    @property
    def status(self) -> int:
        """The status that the client got, 0 for none."""
        lost = self.response is None or self.response.delivery in {"lost_request", "lost_response"}
        return 0 if lost or self.response is None else self.response.status

    @property
    def told(self) -> Any:
        """The answer's JSON."""
        return msgspec.json.decode(self.response.body) if self.status and self.response and self.response.body else {}


Client = Generator[tuple[float, str, str, str, bytes], Exchange, None]
"""Yields how long it waits (seconds), and a request: URL, Authorization, media type, body."""


@dataclass
class Generated:
    """A recording, and the truth behind it."""

    seed: int
    policy: Policy
    exchanges: list[Exchange] = field(default_factory=list)
    trace: bytes = b""

    @property
    def uncertainty(self) -> int:
        """By how many milliseconds a HAR file may be wrong about the time between two of the platform's acts."""
        return 2 * max(exchange.returned - exchange.left for exchange in self.exchanges)

    def har(self, *, opaque: bool = True, resolution: int = 1) -> bytes:
        """The recording as a browser writes it, with stamps of `resolution` milliseconds; `opaque` leaves out the reasons."""
        entries = [_entry(exchange, opaque, resolution) for exchange in self.exchanges]
        return msgspec.json.encode({"log": {"version": "1.2", "creator": {"name": "generated"}, "entries": entries}})


def generate(seed: int) -> Generated:
    """The recording of this seed."""
    chance = random.Random(seed)
    made = Generated(seed, _policy(chance))
    stage = _Stage(made, chance)
    stage.play()
    return made


def _policy(chance: random.Random) -> Policy:
    idle = round(1000 * 2 ** chance.uniform(1, 7))
    return Policy(
        idle_timeout=idle,
        ttl=round(idle * chance.choice([chance.uniform(1.1, 3), chance.uniform(1.5, 8), chance.uniform(0.5, 1)])),
        handshakes=chance.choice([1, 1, 2, 4, 100, 100, 100]),
        token_ttl=chance.choice([86_400_000, 3_600_000, 600_000]),
    )


class _Stage:
    """The mock, on a clock that goes from request to request, and the clients before it."""

    def __init__(self, made: Generated, chance: random.Random) -> None:
        self._made, self._chance = made, chance
        self._now = START - 86_400_000
        ids = Ids.seeded(made.seed)
        self._assembly = assemble(Settings(journal_entries=1_000_000), system=lambda: self._now, ids=ids)
        control = Control(self._assembly)
        self._tenant = control.create_organization(policy=policy_to(made.policy))
        control.assign_strays_to(self._tenant.id)
        if chance.random() < 0.4:
            trouble(self._tenant, chance)

    def play(self) -> None:
        """Lets every client live its life, and writes the trace."""
        basic = b64encode(f"{self._tenant.client_id}:{self._tenant.client_secret}".encode()).decode()
        pending: list[tuple[int, int, Client, Exchange]] = []
        for number in range(self._chance.randint(1, 3)):
            client = life(self._chance, self._made.policy, f"Basic {basic}")
            self._next(pending, number, START + self._chance.randrange(1000), client, None)
        while pending:
            acted, number, client, exchange = heapq.heappop(pending)
            self._now = max(self._now, acted)
            exchange.acted = self._now
            exchange.returned = max(exchange.returned, self._now)
            exchange.response = self._assembly.handler.handle(_request(exchange))
            self._made.exchanges.append(exchange)
            self._next(pending, number, exchange.returned, client, exchange)
        self._made.trace = b"".join(encode(entry) + b"\n" for entry in self._tenant.trace())
        self._made.exchanges.sort(key=lambda exchange: exchange.left)

    def _next(
        self, pending: list[tuple[int, int, Client, Exchange]], number: int, now: int, client: Client, done: Exchange | None
    ) -> None:
        try:
            wait, url, authorization, media_type, body = next(client) if done is None else client.send(done)
        except StopIteration:
            return
        left = now + round(1000 * wait)
        took = self._chance.randint(*LATENCY)
        acted = left + self._chance.randint(0, took)
        exchange = Exchange(url, authorization, media_type, body, left, acted, left + took)
        heapq.heappush(pending, (acted, number, client, exchange))


def trouble(tenant: Tenant, chance: random.Random) -> None:
    """Add the faults that hit now and then."""
    for kind in ("status", "lost_response", "lost_request"):
        more: dict[str, Any] = {"status": chance.choice([429, 500, 503])} if kind == "status" else {}
        tenant.faults.add(kind, "send", None, probability=0.04, **more)


def life(chance: random.Random, policy: Policy, basic: str) -> Client:
    """A client's life: it logs in, and then has sessions, one after the other."""
    token = yield from _log_in(basic)
    for _ in range(chance.randint(6, 20)):
        created = yield _call(chance.uniform(0, 3), SESSIONS, token, {"guest": {"name": "Ann", "email": "ann@example.com"}})
        if created.status == 401:
            token = yield from _log_in(basic)
        id = created.told.get("webChatSessionId")
        if id is not None:
            yield from _use(chance, policy, token, id)


def _use(chance: random.Random, policy: Policy, token: str, id: str) -> Client:
    """Sends for a session, until it is refused and once or twice more."""
    habit = _habit(chance, policy)
    refused = 0
    for _ in range(chance.choice([1, 1, 3, 20])):
        sent = yield _call(next(habit), MESSAGES, token, {"webChatSessionId": id, "text": "hello"})
        refused += sent.status not in {200, 0}
        if refused > chance.randint(0, 1):
            return


def _habit(chance: random.Random, policy: Policy) -> Iterator[float]:
    """Yield a client's waits between its requests, in seconds: any length, and some near a deadline."""
    idle = policy.idle_timeout / 1000
    kind = chance.randrange(4)
    while True:
        if kind == 0:
            yield chance.uniform(0.05, 2)
        elif kind == 1:
            yield 2 ** chance.uniform(-3, 8)
        elif kind == 2:
            yield idle * chance.uniform(0.5, 1.5)
        else:
            yield idle * chance.uniform(0.1, 0.9)


def _log_in(basic: str) -> Generator[tuple[float, str, str, str, bytes], Exchange, str]:
    done = yield 0.1, LOGIN, basic, "application/x-www-form-urlencoded", b"grant_type=client_credentials"
    return f"Bearer {done.told.get('access_token', 'none')}"


def _call(wait: float, url: str, token: str, document: Any) -> tuple[float, str, str, str, bytes]:
    return wait, url, token, "application/json", msgspec.json.encode(document)


def _request(exchange: Exchange) -> Request:
    path = exchange.url.removeprefix("https://login.cloud.example").removeprefix("https://api.cloud.example/v1")
    return Request(
        method="POST",
        path=path,
        authorization=exchange.authorization,
        content_type=exchange.media_type,
        body=exchange.body,
        size=len(exchange.body),
    )


def _entry(exchange: Exchange, opaque: bool, resolution: int) -> dict[str, Any]:
    left = exchange.left // resolution * resolution
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=left)
    response = exchange.response if exchange.status else None
    headers = [] if response is None else response.headers
    return {
        "startedDateTime": moment.isoformat(timespec="milliseconds" if resolution < 1000 else "seconds"),
        "time": exchange.returned - exchange.left,
        "request": {
            "method": "POST",
            "url": exchange.url,
            "headers": [
                {"name": "Authorization", "value": exchange.authorization},
                {"name": "Content-Type", "value": exchange.media_type},
            ],
            "postData": {"mimeType": exchange.media_type, "text": exchange.body.decode()},
            "bodySize": len(exchange.body),
        },
        "response": {
            "status": exchange.status,
            "headers": [
                {"name": name, "value": value} for name, value in headers if not (opaque and name.startswith("Dayfly"))
            ],
            "content": {"text": response.body.decode() if response is not None else ""},
        },
        "timings": {"blocked": -1, "dns": -1, "connect": -1},
    }
