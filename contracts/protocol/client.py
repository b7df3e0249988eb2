"""Verifies a Python client of a declared platform from Python, for example in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contracts.clients.python import PATIENCE, PythonClients
from contracts.errors import ContractsError
from contracts.protocol.judge import codes
from contracts.protocol.report import text
from contracts.protocol.verify import Report, verify
from contracts.verify.client import codes_in, name_of
from mockserver.platform import Platform, compile_platform, find
from mockserver.platform.errors import suggestion


class ProtocolViolated(AssertionError, ContractsError):
    """A client of a declared platform broke a clause, or none was exercised. The report is the error's text."""

    def __init__(self, report: Report, platform: Platform) -> None:
        super().__init__(f"{_summary(report)}\n\n{text(report, platform)}")
        self.report = report


def _summary(report: Report) -> str:
    """Return the result in one line, which pytest shows in its summary."""
    broken = [f"{one.verdict.code} {one.verdict.name}" for one in report.violated]
    return f"{report.target} breaks {', '.join(broken)}" if broken else f"{report.target} put no clause to the test"


def verify_protocol(
    make_client: Callable[[Any], Any],
    platform: str | Path,
    *,
    seed: int = 0,
    examples: int | None = None,
    clauses: str | Iterable[str] = (),
    socket: bool = False,
    patience: float = PATIENCE,
    show_output: bool = False,
) -> Report:
    """Verify the client that `make_client(access)` returns against a declared platform, and return the report.

    `platform` is the name of one that comes with dayfly, or a file. The client has a method for each unit of work in
    `x-effects`, plain or asynchronous. It takes the unit's values by name, and raises if the unit fails. `access` has
    `base_url`, `http_client()`, `sleep()` and `now()`; it has `client_id` and `client_secret` too if a kind of the platform is
    registered. `examples` bounds the scenarios; `patience` is in seconds of real time. `clauses` are codes, such as ``R1`` or
    ``R1/session``; the default is all.

    Raises ProtocolViolated with the report as its text, other ContractsErrors if the client cannot be verified, and
    SettingsError or DeclarationError if the platform cannot be used.
    """
    __tracebackhide__ = True
    path = find(str(platform))
    compiled = compile_platform(path)
    methods = {name: f"{name}({', '.join(effect.get('with', {}))})" for name, effect in compiled.effects.items()}
    clients = PythonClients(make_client, socket=socket, patience=patience, show_output=show_output, methods=methods)
    name = name_of(make_client, Path.cwd())
    report = verify(name, clients, lambda policy: compile_platform(path, policy), seed=seed, most=examples)
    report = chosen(report, compiled, codes_in(clauses))
    if report.exit_status:
        raise ProtocolViolated(report, compiled)
    return report


def chosen(report: Report, platform: Platform, clauses: Iterable[str]) -> Report:
    """Return the report with only these clauses, if any are named. Raises ContractsError for an unknown one."""
    from msgspec.structs import replace

    wanted, known = set(clauses), codes(platform)
    for code in sorted(wanted):
        if not any(code in {one, one.partition("/")[0]} for one in known):
            raise ContractsError(f"there is no clause {code!r} for this platform; {suggestion(code, known)}")
    if not wanted:
        return report
    kept = [one for one in report.findings if {one.verdict.code, one.verdict.code.partition("/")[0]} & wanted]
    return replace(report, findings=kept)
