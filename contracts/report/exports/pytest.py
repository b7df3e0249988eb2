"""A counterexample as a pytest file, which runs the client through the scenario and fails if it violates the clause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import inf

from msgspec import Struct, structs

from contracts.judge import DEFAULTS, Parameters
from contracts.report.cells import clean
from contracts.report.model import ClauseResult


class Client(Struct, frozen=True):
    """The client under test: a factory's name, or a `command`.

    A factory may meet the platform over a `socket`. A `one_shot` command is run once per message. With `real_time` it waits in
    real time even if it could be in virtual time. `patience` is in seconds; None for the default.
    """

    target: str
    command: bool = False
    one_shot: bool = False
    socket: bool = False
    real_time: bool = False
    patience: float | None = None


def render(result: ClauseResult, client: Client, parameters: Parameters = DEFAULTS, platform: str = "") -> str:
    """Return the file. It names the client by the same path, so it must be run from the same directory.

    `result` must have a counterexample with a scenario. `platform` is the name or file of a declared platform.
    """
    return "\n".join([*_head(result, client, parameters, platform), *_test(result, client, parameters, platform)]) + "\n"


def _head(result: ClauseResult, client: Client, parameters: Parameters, platform: str) -> Iterator[str]:
    found = result.counterexample
    assert found is not None
    assert found.scenario is not None
    yield f'r"""{_title(result)}'
    yield ""
    yield "Fails while the client violates the clause in this scenario. Run it from the directory in which it was written."
    yield '"""'
    yield ""
    yield (
        f"from contracts.clients.{'process' if _is_real(client) else 'command'} import {_driven(client)}"
        if client.command
        else ("from contracts.clients.python import PythonClients\nfrom contracts.clients.target import find")
    )
    if parameters != DEFAULTS:
        yield "from contracts.judge import Parameters"
    yield f"from contracts.{'protocol.' if platform else ''}scenario import decode"
    yield f"from contracts.verify import ContractViolated, Options{'' if platform else ', replay'}"
    if platform:
        yield "from contracts.verify.declared import declaration"
    yield ""
    if platform:
        yield f"PLATFORM = declaration({_literal(platform)})"
    yield f"{'COMMAND' if client.command else 'TARGET'} = {_literal(client.target)}"
    yield f'SCENARIO = r"""\n{json.dumps(found.scenario.document(), indent=2)}\n"""'


def _test(result: ClauseResult, client: Client, parameters: Parameters, platform: str) -> Iterator[str]:
    name = re.sub(r"\W+", "_", f"{result.code}_{result.name}".lower(), flags=re.ASCII)
    own = {name: value for name, value in structs.asdict(parameters).items() if value != getattr(DEFAULTS, name)}
    options = f"clauses=({_literal(result.code)},)"
    yield ""
    yield ""
    yield f"def test_{name}() -> None:"
    if own:
        yield f"    parameters = Parameters({', '.join(f'{key}={_literal(value)}' for key, value in own.items())})"
        options += ", parameters=parameters"
    yield f"    clients = {_clients(client, platform)}"
    yield f"    options = Options({options})"
    replay = "PLATFORM.replay" if platform else "replay"
    yield f"    report = {replay}({'COMMAND' if client.command else 'TARGET'}, clients, decode(SCENARIO.encode()), options)"
    yield "    if report.violated:"
    yield "        raise ContractViolated(report)"


def _clients(client: Client, platform: str) -> str:
    flags = ("one_shot",) if client.command else ("socket",)
    told = ["COMMAND" if client.command else "find(TARGET)", *(f"{flag}=True" for flag in flags if getattr(client, flag))]
    if platform and not client.command:
        told.append("methods=PLATFORM.methods")
    if client.patience is not None:
        told.append(f"patience={_literal(client.patience)}")
    return f"{_driven(client)}({', '.join(told)})"


def _is_real(client: Client) -> bool:
    """Whether the waits of a command are real, whatever its runtime can do."""
    return client.one_shot or client.real_time


def _driven(client: Client) -> str:
    """What makes the clients."""
    if not client.command:
        return "PythonClients"
    return "ProcessClients" if _is_real(client) else "command_clients"


def _title(result: ClauseResult) -> str:
    """Return the first line of a raw docstring, without quotes that would end it."""
    message = result.counterexample.message if result.counterexample is not None else result.message
    shown = clean(f"{result.code} {result.name}: {message}").encode("ascii", "backslashreplace").decode()
    return shown.replace('"', "'").rstrip("\\.") + "."


def _literal(value: object) -> str:
    """Return a value as Python code, with texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value) if value.isascii() and value.isprintable() else ascii(value)
    return 'float("inf")' if value == inf else ascii(value)
