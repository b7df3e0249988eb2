"""Verifies a Python client of a declared platform from Python, for example in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from contracts.clients.python import PATIENCE, PythonClients
from contracts.protocol.rules import demands
from contracts.protocol.verify import verify
from contracts.report.model import Report
from contracts.verify.client import codes_in, kept, name_of, typed
from contracts.verify.errors import ContractViolated
from contracts.verify.expected import NOTHING, load, named
from contracts.verify.run import Options
from mockserver.platform import compile_platform, find

ProtocolViolated = ContractViolated
"""A client of a declared platform violated a clause. The error's text has the report, `report` is its value."""


def verify_protocol(
    make_client: Callable[[Any], Any],
    platform: str | Path,
    *,
    seed: int = 0,
    examples: int | None = None,
    clauses: str | Iterable[str] = (),
    corpus: str | Path | None = None,
    corpus_keep: bool = False,
    expected_failures: str | Path | Mapping[str, str] | None = None,
    socket: bool = False,
    patience: float = PATIENCE,
    show_output: bool = False,
) -> Report:
    """Verify the client that `make_client(access)` returns against a declared platform, and return the report.

    `platform` is the name of one that comes with dayfly, or a file. The client has a method for each unit of work in
    `x-effects`, plain or asynchronous. It takes the unit's values by name, and raises if the unit fails. `access` has
    `base_url`, `http_client()`, `sleep()` and `now()`; it has `client_id` and `client_secret` too if a kind of the platform is
    registered. `examples` bounds the scenarios; `patience` is in seconds of real time. `clauses` are codes, such as ``R1`` or
    ``R1/session``; the default is all. `corpus` and `expected_failures` are as in `verify_client`.

    Raises ProtocolViolated with the report as its text, other ContractsErrors if the client cannot be verified, and
    SettingsError or DeclarationError if the platform cannot be used.
    """
    __tracebackhide__ = True
    path = find(str(platform))
    compiled = compile_platform(path)
    codes = [demand.code for demand in demands(compiled)]
    methods = {name: f"{name}({', '.join(effect.get('with', {}))})" for name, effect in compiled.effects.items()}
    clients = PythonClients(make_client, socket=socket, patience=patience, show_output=show_output, methods=methods)
    expected = named(expected_failures, codes) if isinstance(expected_failures, Mapping) else NOTHING
    options = Options(
        examples=examples,
        seed=seed,
        clauses=codes_in(clauses),
        corpus=None if corpus is None else Path(corpus),
        corpus_keep=corpus_keep,
        expected=load(Path(expected_failures), codes) if isinstance(expected_failures, str | Path) else expected,
    )
    name = name_of(make_client, Path.cwd())
    report = verify(name, clients, lambda policy: compile_platform(path, policy), options)
    return kept(replace(report, platform=str(platform), replay_with=typed(make_client, socket, patience)))
