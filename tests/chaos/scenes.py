"""The scenes: one session raced for through every kind of door, and whatever falls over meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import NamedTuple

import httpx

from mockserver import journal, stores
from mockserver.assemble import Assembly, assemble
from mockserver.control import Control
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.inprocess import Transport
from mockserver.journal import Entry
from mockserver.journal_queries import Reader
from mockserver.stores.base import Store
from tests.chaos.ledger import Row
from tests.chaos.racing import NOTHING, Disturbance, Door, Racing
from tests.functional.serving import Serving
from tests.functional.talking import Talker
from tests.mockserver.failing import FailingStore
from tests.mockserver.stores.proxy import Loss, Proxy
from tests.need import need
from tests.valkey import Server

POLICY = {"DAYFLY_POLICY_IDLE_TIMEOUT": "3600", "DAYFLY_POLICY_TTL": "3600"}
CREDENTIALS = ("--client-id", "raced", "--client-secret", "raced-for-secret")

CROWD = 12
"""Clients in a race."""

IMPATIENT = 0.25
"""Seconds that clients wait where a server stands still, so that they go before it goes on."""

STANDSTILL = 0.4
"""Seconds that a server or the store stands still: longer than anybody waits for it."""

LOSSES: tuple[Loss, ...] = ("request", "reply", "reply", "twice")


class Slot:
    """A place for a server: another may stand there after it was killed or stopped."""

    def __init__(self, stack: ExitStack, *options: str) -> None:
        self._options = options
        self._here = stack.enter_context(ExitStack())

    def start(self) -> None:
        """Start a server."""
        self.serving = self._here.enter_context(Serving(*CREDENTIALS, *self._options, variables=POLICY))

    def kill(self) -> None:
        """End it as a power cut would."""
        self._here.close()

    def stop(self) -> None:
        """Stop it as an operator does, and see that all of it ended well."""
        status, rest = self.serving.stop()
        if (status, rest) != (0, ""):
            raise RuntimeError(f"a server that was stopped ended with {status}: {rest} {self.serving.complaints()}")

    def replace_killed(self) -> None:
        """Kill it, and start another."""
        self.kill()
        self.start()

    def replace_stopped(self) -> None:
        """Stop it, and start another."""
        self.stop()
        self.kill()
        self.start()

    def open(self, timeout: float = 60) -> Talker:
        """Return a client of the server that stands here now."""
        return Talker(self.serving.told, timeout=timeout)


class Scene(NamedTuple):
    """A scene by its name. `play` races so many times and returns the counts; `weight` is its part of all races."""

    name: str
    weight: float
    play: Callable[[int], Row]


# -- without a shared store --------------------------------------------------------------------------------------------


def in_process(races: int) -> Row:
    """Threads in one process, without a socket."""
    with assemble() as assembly:
        return _in_process(assembly, races, lambda: None)


def in_process_losing_replies(races: int) -> Row:
    """The same over a store that loses requests and replies."""
    store, chance = FailingStore(), random.Random(races)
    with assemble(store=store) as assembly:
        lock = threading.Lock()

        def lose() -> None:
            with lock:
                store.losses.extend(chance.choice((None, "request", "reply")) for _ in range(CROWD))

        return _in_process(assembly, races, lose)


def _in_process(assembly: Assembly, races: int, disturb: Callable[[], None]) -> Row:
    settings = assembly.settings
    told = {"url": "http://mock.test", "client_id": settings.client_id, "client_secret": settings.client_secret}
    doors = [Door(lambda: Talker(told, Transport(assembly.handler))) for _ in range(CROWD)]
    tenant = Control(assembly).tenant(DEFAULT_ORGANIZATION)

    def end(session: str) -> bool:
        tenant.sessions.revoke(session)
        return True

    racing = Racing(doors, partial(_entries, assembly.store), Disturbance(frozenset(range(0, races, 2)), disturb), end)
    racing.run(races)
    assembly.handler.unserved.flush(patience=60)
    racing.collect()
    return racing.ledger.row()


def _entries(store: Store, after: int) -> Iterator[Entry]:
    return Reader(store, DEFAULT_ORGANIZATION).entries(after)


def one_worker(races: int) -> Row:
    """One server with its store in memory."""
    with ExitStack() as stack:
        slot = Slot(stack)
        slot.start()
        http = stack.enter_context(httpx.Client(base_url=slot.serving.url, timeout=60))

        def collect(after: int) -> Iterator[Entry]:
            answer = http.get(f"/__admin/organizations/default/trace?after={after}").raise_for_status()
            return (entry for entry in journal.read(answer.content.splitlines(keepends=True)) if hasattr(entry, "seq"))

        doors = [Door(slot.open) for _ in range(CROWD)]
        racing = Racing(doors, collect, end=doors[0].end)
        racing.run(races)
        racing.collect()
        return racing.ledger.row()


# -- over a shared store -----------------------------------------------------------------------------------------------


@contextmanager
def _valkey() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


class Shared:
    """Servers over one store, in `slots`."""

    def __init__(self, stack: ExitStack, valkey: Server, urls: list[str], *options: str) -> None:
        self.valkey = valkey
        self.slots = [Slot(stack, "--store", url, *options) for url in urls]
        with ThreadPoolExecutor() as threads:
            list(threads.map(Slot.start, self.slots))

    def play(self, races: int, disturbance: Disturbance = NOTHING, timeout: float = 60) -> Row:
        """Race, stop all servers, and compare: whatever a server could not journal at once it has by then."""
        doors = [Door(partial(self.slots[number % len(self.slots)].open, timeout)) for number in range(CROWD)]
        store = stores.open(self.valkey.url)
        racing = Racing(doors, partial(_entries, store), disturbance, doors[0].end)
        racing.run(races)
        with ThreadPoolExecutor() as threads:
            list(threads.map(Slot.stop, self.slots))
        racing.collect()
        store.close()
        try:
            return racing.ledger.row()
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {' '.join(slot.serving.complaints() for slot in self.slots)}") from error


def two_workers(races: int) -> Row:
    """One server of two workers."""
    with _valkey() as valkey, ExitStack() as stack:
        return Shared(stack, valkey, [valkey.url], "--workers", "2").play(races)


def replicas(count: int, races: int) -> Row:
    """So many servers of one worker."""
    with _valkey() as valkey, ExitStack() as stack:
        return Shared(stack, valkey, [valkey.url] * count).play(races)


def killed(races: int) -> Row:
    """Two servers, one of which is killed in the midst of a race, over and over."""
    with _valkey() as valkey, ExitStack() as stack:
        shared = Shared(stack, valkey, [valkey.url] * 2)
        return shared.play(races, Disturbance(_some(races), _in_turns(shared, Slot.replace_killed)))


def stopped(races: int) -> Row:
    """Two servers, one of which is stopped by SIGTERM in the midst of a race, over and over."""
    with _valkey() as valkey, ExitStack() as stack:
        shared = Shared(stack, valkey, [valkey.url] * 2)
        return shared.play(races, Disturbance(_some(races), _in_turns(shared, Slot.replace_stopped)))


def held(races: int) -> Row:
    """Two servers, one of which stands still for a while (SIGSTOP, SIGCONT); its clients do not wait that long."""
    with _valkey() as valkey, ExitStack() as stack:
        shared = Shared(stack, valkey, [valkey.url] * 2)
        hold = _in_turns(shared, lambda slot: _hold(stack, partial(os.killpg, slot.serving.process.pid)))
        return shared.play(races, Disturbance(_some(races), hold), IMPATIENT)


def store_held(races: int) -> Row:
    """Two servers whose store stands still for a while; they give it up before their clients give them up."""
    with _valkey() as valkey, ExitStack() as stack:
        shared = Shared(stack, valkey, [f"{valkey.url}?socket_timeout=0.1"] * 2)
        return shared.play(races, Disturbance(_some(races), lambda: _hold(stack, partial(os.kill, valkey.pid))))


def proxied(races: int) -> Row:
    """Two servers, each behind a proxy of its own that cuts and doubles what goes to the store and comes from it."""
    return _proxied(races, NOTHING.races)


def proxied_and_stopped(races: int) -> Row:
    """The same, and one of the servers is stopped in the midst of a race, over and over."""
    return _proxied(races, _some(races))


def _proxied(races: int, disturbed: frozenset[int]) -> Row:
    with _valkey() as valkey, ExitStack() as stack:
        chances = [_Chance(seed) for seed in range(2)]
        proxies = [stack.enter_context(Proxy(str(valkey.socket), chance.choose)) for chance in chances]
        shared = Shared(stack, valkey, [proxy.url for proxy in proxies])
        chance_of = dict(zip(shared.slots, chances, strict=True))

        def replace(slot: Slot) -> None:
            """A server does not start while its store fails it; it stops whatever its store does."""
            slot.stop()
            slot.kill()
            chance_of[slot].is_off = True
            slot.start()
            chance_of[slot].is_off = False

        for chance in chances:
            chance.is_off = False
        return shared.play(races, Disturbance(disturbed, _in_turns(shared, replace)))


class _Chance:
    """The faults of a proxy: one in eight exchanges meets one of LOSSES, by a seed."""

    def __init__(self, seed: int) -> None:
        self._random, self._lock = random.Random(seed), threading.Lock()
        self.is_off = True

    def choose(self) -> Loss | None:
        """The loss of the next exchange."""
        with self._lock:
            hit, loss = self._random.random() < 1 / 8, self._random.choice(LOSSES)
        return loss if hit and not self.is_off else None


def _some(races: int) -> frozenset[int]:
    """The numbers of the races that are disturbed: the second, and each tenth after it."""
    return frozenset(range(1, races, 10))


def _in_turns(shared: Shared, act: Callable[[Slot], object]) -> Callable[[], None]:
    turn = iter(range(1 << 30))

    def disturb() -> None:
        act(shared.slots[next(turn) % len(shared.slots)])

    return disturb


def _hold(stack: ExitStack, kill: Callable[[int], None]) -> None:
    """Have a process stand still, and go on after STANDSTILL, or at the end of the scene."""

    def go_on() -> None:
        with suppress(ProcessLookupError):
            kill(signal.SIGCONT)

    kill(signal.SIGSTOP)
    timer = threading.Timer(STANDSTILL, go_on)
    timer.start()
    stack.callback(timer.join)


SCENES = (
    Scene("in process", 16, in_process),
    Scene("in process, the store loses replies", 8, in_process_losing_replies),
    Scene("one worker", 4, one_worker),
    Scene("two workers, Valkey", 3, two_workers),
    Scene("two replicas", 3, partial(replicas, 2)),
    Scene("four replicas", 3, partial(replicas, 4)),
    Scene("two replicas, SIGKILL", 1, killed),
    Scene("two replicas, SIGTERM", 1, stopped),
    Scene("two replicas, SIGSTOP and SIGCONT", 1, held),
    Scene("two replicas, the store stands still", 1, store_held),
    Scene("two replicas, a proxy cuts and doubles", 3, proxied),
    Scene("two replicas, such a proxy, SIGTERM", 1, proxied_and_stopped),
)
