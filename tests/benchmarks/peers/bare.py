"""A bare WSGI function with the same bytes and headers as the mock, under the same server: the limit of granian.

With a store it makes two round trips per request, like the mock. One script reads five keys and journals the arrival, another
writes a session and journals the answer. They compare and decide nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

SESSIONS = "/api/v2/conversations/webchat/sessions"
HEADERS = [
    ("Content-Type", "application/json"),
    ("Date", "Sun, 22 Nov 2026 14:49:13 GMT"),
    ("ININ-Correlation-Id", "00000000-f06c-444a-a25b-413f8a9a021e"),
    ("Cache-Control", "no-cache, no-store, must-revalidate"),
    ("inin-ratelimit-count", "0"),
    ("inin-ratelimit-allowed", "300"),
    ("inin-ratelimit-reset", "60"),
    ("Server", "peer"),
]
READ = """
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 10000, '*', 'e', ARGV[1])
return redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
"""
WRITE = """
redis.call('SET', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'e', ARGV[2])
return 1
"""
ENTRY = b"x" * 400
RECORD = b"x" * 250

Touch = Callable[[str], None]


def _uuid() -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def application(store: str = "") -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """The function; `store` is the URL of the server to talk to, if any."""
    touch = _two_round_trips(store) if store else None

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        id = _uuid()
        if touch is not None:
            touch(id)
        if environ["PATH_INFO"] == SESSIONS:
            body = b'{"webChatSessionId":"' + id.encode() + b'"}'
        else:
            body = b'{"id":"' + id.encode() + b'","webChatSessionId":"a606839e-b905-4b6e-a6e3-3f1614a4f91f"}'
        start_response("200 OK", [*HEADERS, ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _two_round_trips(url: str) -> Touch:
    import redis

    client = redis.Redis.from_url(url)
    read, write = client.register_script(READ), client.register_script(WRITE)
    keys = ["{o}:organization", "{o}:faults", "{o}:client", "{o}:token"]

    def touch(id: str) -> None:
        read(keys=[*keys, "{o}:" + id, "{o}:journal"], args=[ENTRY])
        write(keys=["{o}:" + id, "{o}:journal"], args=[RECORD, ENTRY])

    return touch
