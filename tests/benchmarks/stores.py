"""The cost of the stores: a request's `look` and `commit` with few and many live sessions, memory, and round trips.

``python -m tests.benchmarks.stores`` prints a table. The kinds are measured in turns, and the median of the rounds is shown.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from mockserver.engine import life
from mockserver.engine.decide import oauth_client, open_session
from mockserver.engine.model import Credential, Organization, Policy
from mockserver.ids import Ids
from mockserver.journal import Entry, Perturbed
from mockserver.stores.base import ORGANIZATION, Bounds, Key, Store, Write
from mockserver.stores.memory import MemoryStore
from mockserver.stores.redis import RedisStore
from tests.need import need
from tests.valkey import Server

ORG, CLIENT, TOKEN = "0badcafe", "client", "token"
FEW, MANY = 1_000, 1_000_000
LONG = 10**9
"""A lifetime in milliseconds that outlasts the measurement."""

POLICY = Policy(ttl=LONG, idle_timeout=LONG)
ROUNDS, REQUESTS = 7, 5_000

_ids, _commits = Ids(), count()


class Row(NamedTuple):
    """One measured value, such as ``("look + commit, 1000 sessions", 4.2, "µs a request")``."""

    name: str
    value: float
    unit: str


class Noted:
    """A journal entry as light as the platform's own, which is a reference as well."""

    weight = 0

    def entry(self, seq: int, at: int) -> Entry:
        return Perturbed(seq=seq, at=at, what="measured", detail={"text": "x" * 200})


NOTED = Noted()


def commit(store: Store, *writes: Write, now: int = 0) -> None:
    assert store.commit(ORG, writes, NOTED, f"commit-{next(_commits)}", now, LONG)


def furnished(store: Store, sessions: int) -> Store:
    """`store` with an organisation and so many live sessions."""
    commit(
        store,
        Write(ORGANIZATION, None, Organization(id=ORG)),
        Write(Key("client", CLIENT), None, oauth_client(CLIENT, ORG, "s")),
        Write(Key("token", TOKEN), None, Credential(kind="token", id=TOKEN, within=CLIENT, expires_at=LONG)),
    )
    for number in range(sessions):
        create(store, number // 30)
    return store


def create(store: Store, now: int) -> str:
    """A request that creates a session: a look and a commit."""
    store.look(ORG, CLIENT, TOKEN, "", NOTED, now)
    id = _ids.session(7)
    session = open_session(id, CLIENT, (f"Guest {id[:8]}", f"{id[:8]}@example.com"), now, POLICY)
    commit(store, Write(Key("session", session.id), None, session, session.idle_at), now=now)
    return session.id


def send(store: Store, id: str, now: int) -> None:
    """A request that uses a session up: a look and a commit."""
    seen = store.look(ORG, CLIENT, TOKEN, id, NOTED, now)
    assert seen is not None
    assert seen.session is not None
    used = life.use(seen.session, now, POLICY.idle_timeout)
    commit(store, Write(Key("session", id), 1, used, now), now=now)


def requests(store: Store, number: int) -> None:
    for now in range(number // 2):
        send(store, create(store, now), now)


def microseconds(work: Callable[[], object], times: int) -> float:
    """Return how long one of the `times` repetitions in `work` takes."""
    begun = perf_counter()
    work()
    return (perf_counter() - begun) / times * 1e6


def in_turns(works: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """The median of each, in microseconds, measured in turns so that a machine's moods are shared."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(microseconds(work, times))
    return {name: median(values) for name, values in taken.items()}


def memory() -> Iterator[Row]:
    """The memory store: cost by number of sessions, bytes a session, and the longest call when all sessions end at once."""
    few = furnished(MemoryStore(Bounds()), FEW)
    before = resident()
    many = furnished(MemoryStore(Bounds()), MANY)
    yield Row(f"{MANY:,} live sessions", (resident() - before) / MANY, "bytes a session")
    taken = in_turns({"few": lambda: requests(few, REQUESTS), "many": lambda: requests(many, REQUESTS)}, REQUESTS)
    yield Row(f"look + commit at {FEW:,} sessions", taken["few"], "µs a request")
    yield Row(f"look + commit at {MANY:,} sessions", taken["many"], "µs a request")
    yield Row(f"the same, to that at {FEW:,}", taken["many"] / taken["few"], "")
    gc.collect()
    calls = sorted(microseconds(lambda: create(many, LONG * 2), 1) for _ in range(MANY // 50))
    yield Row("while all sessions end: median request", median(calls), "µs")
    yield Row("while all sessions end: longest request", calls[-1], "µs")


def resident() -> int:
    """Bytes this process occupies."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def server() -> Iterator[Row]:
    """A Valkey server: what the store's round trips take beside a script of redis-py's that does next to nothing."""
    with Server(need("valkey")) as valkey, bare_call(valkey) as bare:
        store = furnished(RedisStore(valkey.url), FEW)
        works = {
            "look + commit": lambda: requests(store, REQUESTS // 10),
            "bare": lambda: [bare() for _ in range(REQUESTS // 10)],
        }
        taken = in_turns(works, REQUESTS // 10)
        store.close()
    yield Row("Valkey, look + commit", taken["look + commit"], "µs a request")
    yield Row("Valkey, two bare scripts through redis-py", taken["bare"] * 2, "µs a request")
    yield Row("the one to the other", taken["look + commit"] / taken["bare"] / 2, "")


@contextmanager
def bare_call(valkey: Server) -> Iterator[Callable[[], object]]:
    """Calls a script that reads two fields, the way redis-py is used in books."""
    import redis

    with redis.Redis.from_url(valkey.url) as client:
        script = client.register_script("return redis.call('HMGET', KEYS[1], 'a', 'b')")
        yield lambda: script(keys=["bare"], args=[1, 2, 3, 4, 5])


def main() -> None:
    for rows in (memory, server):
        for row in rows():
            print(f"{row.name:50} {row.value:12,.2f} {row.unit}", flush=True)


if __name__ == "__main__":
    main()
