"""The client that a test verifies: a factory or a command, and its name on the command line."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from contracts.clients.base import Clients
from contracts.clients.command import command_clients, typed
from contracts.clients.errors import BeyondVirtualTime
from contracts.verify.names import below

R = TypeVar("R")


class Subject(NamedTuple):
    """A client: its name, its arguments for `dayfly verify` (None: it has none), and the function that makes its clients.

    `flags` are options of a command. `in_real_time` returns the same client with its time real.
    """

    name: str
    typed: str | None
    clients: Callable[[], Clients]
    flags: Mapping[str, bool] = {}
    in_real_time: Callable[[], Subject] | None = None

    def driven(self, run: Callable[[Subject, Clients], R]) -> R:
        """Return what `run` makes of the clients, in real time if they turn out to need that. Raise what `run` raises."""
        __tracebackhide__ = True
        try:
            return run(self, self.clients())
        except BeyondVirtualTime as error:
            if self.in_real_time is None:
                raise
            again = self.in_real_time()
            clients = again.clients()
            clients.real_time = error.reason
            return run(again, clients)

    def judged(self, judge: Callable[[str, Clients], R]) -> R:
        """Return what `judge` makes of the clients and their name; see `driven`."""
        __tracebackhide__ = True
        return self.driven(lambda subject, clients: judge(subject.name, clients))


def subject_of(
    make_client: Callable[[Any], Any] | None,
    command: str | None,
    flags: dict[str, bool],
    given: dict[str, Any],
    *,
    socket: bool,
    root: Path,
    methods: Mapping[str, str] | None,
) -> Subject:
    """Return the client of a factory or of a command, whichever is given. Raises TypeError for both, none or wrong options.

    `flags` are options of a command only, and `socket` is one of a factory. `given` are those that any client has.
    """
    _check_kind(make_client, command, flags, socket)
    if make_client is None:
        return of_command(str(command), flags, given)
    named = _name(make_client, Path.cwd()) if _is_found(make_client) else None
    return of_factory(make_client, _name(make_client, root), named, given, socket=socket, methods=methods)


def _check_kind(make_client: object, command: object, flags: Mapping[str, bool], socket: bool) -> None:
    """Raise TypeError unless one client is given, with options of its kind."""
    if (make_client is None) == (command is None):
        raise TypeError("verify_client takes one client: a factory, or command='…'")
    wrong = [name for name, is_set in flags.items() if is_set and command is None]
    if wrong:
        raise TypeError(f"{wrong[0]} is for command only")
    if socket and command is not None:
        raise TypeError("socket is for a factory only: a process uses a socket anyway")


def of_command(command: str, flags: Mapping[str, bool], given: dict[str, Any]) -> Subject:
    """Return a client that a command starts; see `subject_of`."""
    clients = partial(command_clients, command, **flags, **given)
    in_real_time = partial(of_command, command, {**flags, "real_time": True}, given)
    return Subject(command, typed(command, flags, given.get("patience")), clients, flags, in_real_time)


def of_factory(
    factory: Callable[[Any], Any],
    name: str,
    target: str | None,
    given: dict[str, Any],
    *,
    socket: bool,
    methods: Mapping[str, str] | None,
) -> Subject:
    """Return a client that a factory makes; `target` is the argument that names it, None if none can."""
    from contracts.clients.python import PythonClients  # with HTTP libraries, which a recording does not need

    waits = f" --patience {given['patience']:g}" if "patience" in given else ""
    typed = None if target is None else shlex.quote(target) + (" --socket" if socket else "") + waits
    return Subject(name, typed, partial(PythonClients, factory, socket=socket, methods=methods, **given))


def _is_found(factory: Callable[[Any], Any]) -> bool:
    """Return whether a file has the factory under its name. It does not for a lambda, or a function made in another one."""
    name, module = getattr(factory, "__qualname__", ""), sys.modules.get(getattr(factory, "__module__", ""))
    if module is None or not name.isidentifier() or getattr(module, name, None) is not factory:
        return False
    return _file(factory) == _file(module)


def _file(thing: Any) -> str | None:
    try:
        return inspect.getsourcefile(thing)
    except TypeError:
        return None


def _name(factory: Callable[[Any], Any], root: Path) -> str:
    """Return a factory as TARGET would name it in `root`, as far as possible."""
    name = getattr(factory, "__qualname__", type(factory).__qualname__)
    file = _file(factory)
    if file is None:
        return f"{getattr(factory, '__module__', '?')}:{name}"
    return f"{below(file, root)}:{name}"
