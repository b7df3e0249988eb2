"""Drives a Python client in this process, synchronous or not, in virtual time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from contracts.clients.access import BehindSocket, InProcessAccess, PlatformAccess
from contracts.clients.base import Driver, Hung, Intent, Seat, VirtualTimeClients, describe, following, hidden
from contracts.clients.core import on_one_core
from contracts.clients.diverted import diverted
from contracts.clients.errors import ClientError, FactoryError, PlatformUnreached
from contracts.clients.loop import VirtualLoop
from contracts.clients.names import UnresolvedPlatform
from contracts.clients.patches import virtual_time
from contracts.clients.raised import origin, raising_line
from contracts.clients.replaced import refuse_green_sockets, refuse_green_threads
from contracts.clients.scheduled import Abandoned
from contracts.clients.scheduler import LONGEST, Scheduler
from contracts.clients.target import Factory

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SEND = {"send": "send(guest, text)"}
"""The method that a client must have, unless a declared platform names others."""

PATIENCE = 1.0
"""Seconds of real time a client may be silent before it counts as hung."""

FACTORY_PATIENCE = 10.0
"""Seconds of real time a factory may be silent before it counts as hung; ten times that while it computes."""


class PythonClients(VirtualTimeClients):
    """Clients that `factory` makes. `patience` is for how many seconds of real time one may show nothing.

    `socket`: they reach the platform through a real socket, so that what their HTTP stack does by itself is seen.
    `show_output`: what they print is shown at once, and not only in a report.
    """

    is_process = False
    door: Literal["socket", "in_process"] = "in_process"

    def __init__(
        self,
        factory: Factory,
        *,
        socket: bool = False,
        patience: float = PATIENCE,
        factory_patience: float | None = None,
        show_output: bool = False,
        methods: Mapping[str, str] | None = None,
    ) -> None:
        """`methods` are those that a client must have, each with its signature; the default is `send(guest, text)`."""
        self.factory = factory
        if socket:
            self.door = "socket"
        self.patience, self.factory_patience = patience, factory_patience or FACTORY_PATIENCE
        self.show_output = show_output
        super().__init__()
        self.methods = dict(methods or SEND)
        self.needs_loop = inspect.iscoroutinefunction(factory) or _is_asynchronous(factory, self.methods)
        self._stack = ExitStack()
        self._names = UnresolvedPlatform()

    @property
    def strayed(self) -> bool:
        """See Clients."""
        return self._names.was_asked_for

    @property
    def way_in(self) -> str:
        """See Clients."""
        if self.door == "socket":
            return "send its requests to platform.base_url"
        return (
            "make its HTTP client with platform.http_client(), or use --socket (in a test: verify_client(…, socket=True),"
            " or pytest's --dayfly-socket for scenario files), which serves platform.base_url to any HTTP library"
        )

    def open(self, make_app: Callable[[], WSGIApplication]) -> None:  # noqa: ARG002 - each client gets its way to the mock with its seat
        """See Clients. Raises ThreadsReplaced."""
        refuse_green_threads()
        if self.door == "socket":
            refuse_green_sockets()
        self._stack.enter_context(virtual_time())
        self._stack.enter_context(diverted())
        self._stack.enter_context(self._names)
        if self.door == "socket":
            from contracts.clients.sockets import scheduled_sockets

            self._stack.enter_context(scheduled_sockets())

    def begin(self) -> None:
        """See Clients."""
        super().begin()
        self._names.forget()

    def start(self, seat: Seat) -> PythonDriver:
        """See Clients. Raises FactoryError."""
        scheduler = Scheduler(self.time, patience=self.patience, hear=seat.wrote, shows_output=self.show_output)
        driver = PythonDriver(self, scheduler, self._way_in(seat, scheduler), seat)
        try:
            driver.make()
        except ClientError:
            driver.close()
            raise
        return driver

    def _way_in(self, seat: Seat, scheduler: Scheduler) -> PlatformAccess:
        if self.door == "in_process":
            return InProcessAccess(seat, scheduler)
        from contracts.clients.loopback import Loopback

        return BehindSocket(seat, scheduler, Loopback(scheduler, seat))

    def close(self) -> None:
        """See Clients."""
        self._stack.close()


class _Made(NamedTuple):
    """The result of a call into the client's code: a value, or the exception it raised."""

    value: Any = None
    error: BaseException | None = None


class PythonDriver(Driver):
    """One client under its scheduler. An asynchronous client has a loop of its own there."""

    def __init__(self, clients: PythonClients, scheduler: Scheduler, access: PlatformAccess, seat: Seat) -> None:
        self._clients, self._scheduler, self._access = clients, scheduler, access
        self._credentials, self._wrote = seat.credentials, seat.wrote
        self._loop: VirtualLoop | None = None
        self._client: Any = None

    def make(self) -> None:
        """Call the factory. Raises FactoryError."""
        try:
            made = self._call(self._build, patience=self._clients.factory_patience)
        except Hung as hung:
            refuse_green_threads()
            raise FactoryError(f"the factory did not return: {hung}") from hung
        refuse_green_threads()
        if made.error is not None:
            if self._clients.strayed:
                raise PlatformUnreached(self._clients.way_in, strayed=True) from made.error
            frames = hidden(origin(made.error), self._credentials).splitlines()
            problem = f"the factory raised {describe(made.error, self._credentials)}"
            raise FactoryError(problem, frames, raising_line(made.error)) from made.error
        methods = self._clients.methods
        for name, shape in methods.items():
            if not callable(getattr(made.value, name, None)):
                raise FactoryError(f"the factory returned {type(made.value).__name__}, which has no {shape}")
        self._client = made.value
        awaited = any(inspect.iscoroutinefunction(getattr(made.value, name)) for name in methods)
        self._clients.needs_loop = self._clients.needs_loop or awaited

    def conduct(self, body: Callable[[], None]) -> None:
        """See Driver."""
        on_one_core(self._scheduler.conduct, body)

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:
        """See Driver."""
        self._scheduler.choose = following(schedule)
        if self._clients.needs_loop:
            tasks: list[Callable[[], Any]] = [lambda: self._in_loop(self._send_all(intents))]
        else:
            tasks = [partial(self._send, intent) for intent in intents]
        self._play(tasks)

    def advance(self, seconds: float) -> None:
        """See Driver."""
        self._scheduler.choose = following(())
        if self._loop is not None:
            self._play([lambda: self._in_loop(asyncio.sleep(seconds))], limit=None)
        elif self._scheduler.is_empty():
            self._scheduler.skip(seconds)
        else:
            self._play([lambda: self._scheduler.sleep(seconds)], limit=None)

    def grant(self, seconds: float) -> None:
        """See Driver."""
        self._scheduler.grant(seconds)

    def give_up(self, why: str) -> None:
        """See Driver."""
        self._scheduler.give_up(why)

    def close(self) -> None:
        """See Driver."""
        try:
            self._call(self._close)
        except Hung:
            pass
        finally:
            self._clients.note = self._clients.note or self._scheduler.note
            self._scheduler.close()
            self._access.close()

    def _call(self, act: Callable[[], Any], patience: float | None = None) -> _Made:
        return self._scheduler.run([partial(_made, act)], patience=patience)[0]

    def _play(self, acts: Sequence[Callable[[], Any]], limit: int | None = LONGEST) -> None:
        for made in self._scheduler.run([partial(_made, act) for act in acts], limit=limit):
            if made.error is not None:  # not from an intent, which records its own error
                raise Hung(f"a background task raised {describe(made.error, self._credentials)}")

    # -- in the client's threads ----------------------------------------------------------------------------------------

    def _build(self) -> Any:
        if self._clients.needs_loop:
            return self._in_loop(self._build_in_loop())
        try:
            client = self._clients.factory(self._access)
        except RuntimeError as error:
            if "no running event loop" not in str(error):
                raise
            self._clients.needs_loop = True
            return self._in_loop(self._build_in_loop())
        return self._in_loop(_awaited(client)) if inspect.isawaitable(client) else client

    async def _build_in_loop(self) -> Any:
        return await _awaited(self._clients.factory(self._access))

    def _send(self, intent: Intent) -> None:
        intent.began()
        try:
            result = intent.ask(self._client)
            if inspect.isawaitable(result):
                self._in_loop(_awaited(result))
        except Abandoned:
            raise
        except BaseException as error:
            self._failed(intent, error)
        else:
            intent.ended("accepted")

    def _failed(self, intent: Intent, error: BaseException) -> None:
        """Record a failure, with the client's frames that raised it."""
        intent.ended("failed", describe(error, self._credentials))
        self._wrote("raised", origin(error) + "\n")

    async def _send_all(self, intents: Sequence[Intent]) -> None:
        await asyncio.gather(*(self._send_in_loop(intent) for intent in intents))

    async def _send_in_loop(self, intent: Intent) -> None:
        _is_message()
        intent.began()
        try:
            await _awaited(intent.ask(self._client))
        except (Abandoned, GeneratorExit):
            raise
        except BaseException as error:
            self._failed(intent, error)
        else:
            intent.ended("accepted")

    def _in_loop(self, work: Awaitable[Any]) -> Any:
        """Run this client's loop, which lives as long as the client, until `work` is done."""
        if self._loop is None:
            self._loop = VirtualLoop(self._scheduler)
        try:
            return self._loop.run_until_complete(_as_message(work))
        except Abandoned:
            self._loop.discard()
            raise

    def _close(self) -> None:
        close = getattr(self._client, "close", None)
        if callable(close):
            closing = close()
            if inspect.isawaitable(closing):
                self._in_loop(closing)
        if self._loop is not None:
            self._loop.finish()


def _made(act: Callable[[], Any]) -> _Made:
    try:
        return _Made(act())
    except Abandoned:
        raise
    except BaseException as error:
        return _Made(error=error)


def _is_asynchronous(factory: Factory, methods: Iterable[str]) -> bool:
    """Return True if a class makes clients with coroutine methods."""
    return any(inspect.iscoroutinefunction(getattr(factory, name, None)) for name in methods)


async def _as_message(work: Awaitable[Any]) -> Any:
    _is_message()
    return await work


def _is_message() -> None:
    """Mark the calling task as a message's."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if isinstance(loop, VirtualLoop) and task is not None:
        loop.messages.add(task)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
