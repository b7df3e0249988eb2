"""Verifies a Python client from Python, in a test for example."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from contracts.clients.errors import ClientError
from contracts.clients.python import PATIENCE, PythonClients
from contracts.generate import Extent
from contracts.judge import Delivery, Parameters
from contracts.report.model import Report
from contracts.verify.errors import ContractViolated, CorpusUnkept, NothingExercised
from contracts.verify.expected import NOTHING, ExpectedFailures, load, named
from contracts.verify.names import below
from contracts.verify.run import Options, verify


class HeldTo(TypedDict, total=False):
    """The parameters of the contract, as `contracts.judge.Parameters` describes them; times are in seconds.

    `max_age=math.inf` lets an id be of any age. `idempotency_key` names a header of the client's: sends of
    a message with the same value in it count as one.
    """

    delivery: Delivery
    max_age: float
    max_attempts: int
    min_attempts: int
    max_wait: float
    min_pause: float
    token_margin: float
    idempotency_key: str | None


def verify_client(
    make_client: Callable[[Any], Any],
    *,
    examples: int | None = None,
    seed: int | None = None,
    profile: str | None = None,
    walk: Extent | None = None,
    clauses: str | Iterable[str] = (),
    corpus: str | Path | None = None,
    corpus_keep: bool = False,
    expected_failures: str | Path | Mapping[str, str] | None = None,
    socket: bool = False,
    patience: float = PATIENCE,
    show_output: bool = False,
    root: str | Path | None = None,
    test: str = "",
    **held_to: Unpack[HeldTo],
) -> Report:
    """Verify the client that `make_client(platform)` returns, and return the report if every clause held.

    `platform` has `base_url`, `client_id`, `client_secret`, `http_client()`, `sleep()` and `now()`; the
    client has `send(guest, text)`, plain or asynchronous. `expected_failures` is a file, or reasons by
    clause. With `socket` the platform listens at `base_url`, so that what an HTTP stack does by itself is
    seen. `patience` is in seconds of real time. With `show_output` the client prints as it would without
    dayfly; else its output is in reports alone. The client is named by its file, relative to `root` (None:
    the working directory). `test` is the pytest test to run again if the client has no name to type.
    `held_to` is described in HeldTo.

    Raises ContractViolated with the report as its text, NothingExercised, and other ContractsErrors if
    the client cannot be verified.
    """
    __tracebackhide__ = True
    options = Options(
        examples=examples,
        seed=seed,
        profile=profile,
        walk=walk,
        clauses=codes_in(clauses),
        parameters=Parameters(**held_to),
        corpus=None if corpus is None else Path(corpus),
        corpus_keep=corpus_keep,
        expected=_known(expected_failures),
    )
    name = name_of(make_client, Path.cwd() if root is None else Path(root))
    clients = PythonClients(make_client, socket=socket, patience=patience, show_output=show_output)
    report = _verified(name, clients, options)
    return _kept(replace(report, replay_with=_typed(make_client, socket, patience), test=test))


def _kept(report: Report) -> Report:
    """The report, if every clause held; else it is raised."""
    __tracebackhide__ = True
    if report.interrupted:
        raise KeyboardInterrupt
    if report.failed:
        raise ContractViolated(report)
    if report.unkept:
        raise CorpusUnkept(report)
    if report.exit_status() != 0:
        raise NothingExercised(report)
    return report


def _verified(name: str, clients: PythonClients, options: Options) -> Report:
    """The report. Of a client that cannot be judged the reader of a test wants the reason, and not the way to it."""
    __tracebackhide__ = True
    try:
        return verify(name, clients, options)
    except ClientError as error:
        raise error.with_traceback(None)  # noqa: B904 - its cause stays


def codes_in(clauses: str | Iterable[str]) -> tuple[str, ...]:
    """Their codes, where one may be given by itself."""
    return (clauses,) if isinstance(clauses, str) else tuple(clauses)


def _known(given: str | Path | Mapping[str, str] | None) -> ExpectedFailures:
    if given is None:
        return NOTHING
    return named(given) if isinstance(given, Mapping) else load(Path(given))


def _typed(factory: Callable[[Any], Any], socket: bool, patience: float) -> str | None:
    """How `dayfly verify` is given the factory; None where it would not find it."""
    if not _is_found(factory):
        return None
    waits = "" if patience == PATIENCE else f" --patience {patience:g}"
    return shlex.quote(name_of(factory, Path.cwd())) + (" --socket" if socket else "") + waits


def _is_found(factory: Callable[[Any], Any]) -> bool:
    """Whether it is what its file has under its name: a lambda is not, nor what was made in a function or wrapped elsewhere."""
    name, module = getattr(factory, "__qualname__", ""), sys.modules.get(getattr(factory, "__module__", ""))
    if module is None or not name.isidentifier() or getattr(module, name, None) is not factory:
        return False
    return _file(factory) == _file(module)


def _file(thing: Any) -> str | None:
    try:
        return inspect.getsourcefile(thing)
    except TypeError:
        return None


def name_of(factory: Callable[[Any], Any], root: Path) -> str:
    """A factory as TARGET would name it in `root`, as far as it can be told."""
    name = getattr(factory, "__qualname__", type(factory).__qualname__)
    file = _file(factory)
    if file is None:
        return f"{getattr(factory, '__module__', '?')}:{name}"
    return f"{below(file, root)}:{name}"
