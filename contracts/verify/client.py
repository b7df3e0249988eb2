"""Verifies a Python client from Python, in a test for example."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from contracts.clients.errors import ClientError
from contracts.clients.python import PATIENCE, PythonClients
from contracts.generate import Extent
from contracts.judge import DEFAULTS, Delivery, Parameters
from contracts.report.model import Report
from contracts.verify.errors import ContractViolated, CorpusUnkept, NothingExercised
from contracts.verify.expected import NOTHING, ExpectedFailures, load, named
from contracts.verify.names import below
from contracts.verify.run import Options, verify


def verify_client(
    make_client: Callable[[Any], Any],
    *,
    examples: int | None = None,
    seed: int | None = None,
    profile: str | None = None,
    walk: Extent | None = None,
    clauses: str | Iterable[str] = (),
    delivery: Delivery = DEFAULTS.delivery,
    max_age: float = DEFAULTS.max_age,
    max_attempts: int = DEFAULTS.max_attempts,
    min_attempts: int = DEFAULTS.min_attempts,
    max_wait: float = DEFAULTS.max_wait,
    min_pause: float = DEFAULTS.min_pause,
    token_margin: float = DEFAULTS.token_margin,
    idempotency_key: str | None = DEFAULTS.idempotency_key,
    corpus: str | Path | None = None,
    corpus_keep: bool = False,
    expected_failures: str | Path | Mapping[str, str] | None = None,
    socket: bool = False,
    patience: float = PATIENCE,
    show_output: bool = False,
    root: str | Path | None = None,
    test: str = "",
) -> Report:
    """Verifies the client that `make_client(platform)` returns, and returns the report where every clause held.

    `platform` tells `base_url`, `client_id` and `client_secret`, and offers `http_client()`, `sleep()` and `now()`; the client
    has `send(guest, text)`, plain or asynchronous. `expected_failures` is a file, or reasons by clause. With `socket` the
    platform listens at `base_url`, so that what an HTTP stack does by itself is seen. `idempotency_key` names a header of the
    client's: sends of a message with the same value in it count as one. Raises ContractViolated with the report as its text,
    NothingExercised, and other ContractsErrors where the client cannot be verified. Times are in seconds, and
    `max_age=math.inf` lets an id be of any age; `patience` is of real time. With `show_output` the client prints as it would
    without dayfly; else its output is in reports alone. The client is called by its file as `root` has it, else the working
    directory. `test` names the
    pytest test that asks: what to run again where the client has no name to type.
    """
    __tracebackhide__ = True
    options = Options(
        examples=examples,
        seed=seed,
        profile=profile,
        walk=walk,
        clauses=codes_in(clauses),
        parameters=Parameters(
            delivery=delivery,
            max_age=max_age,
            max_attempts=max_attempts,
            min_attempts=min_attempts,
            max_wait=max_wait,
            min_pause=min_pause,
            token_margin=token_margin,
            idempotency_key=idempotency_key,
        ),
        corpus=None if corpus is None else Path(corpus),
        corpus_keep=corpus_keep,
        expected=_known(expected_failures),
    )
    name = name_of(make_client, Path.cwd() if root is None else Path(root))
    clients = PythonClients(make_client, socket=socket, patience=patience, show_output=show_output)
    report = _verified(name, clients, options)
    report = replace(report, replay_with=_typed(make_client, socket, patience), test=test)
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
