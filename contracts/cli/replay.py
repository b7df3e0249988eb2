"""`dayfly replay`: puts a client through one scenario file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from contracts.cli.destinations import Destination
from contracts.cli.judging_options import ClientChoice, chosen, client_options, contract_options
from contracts.cli.leftovers import nothing_left_running
from contracts.cli.options import SETTINGS, PlatformCommands, Whole, platform_option, report_options
from contracts.cli.output import check_emit, clients_print_to_stderr, tell
from contracts.judge import Parameters
from contracts.report.exports import pytest
from contracts.report.exports.pytest import Client
from contracts.report.model import Report

if TYPE_CHECKING:
    from contracts.clients.base import Clients
    from contracts.verify.subject import Subject

EXPORTS = ("pytest", "curl")


@click.command("replay", context_settings=SETTINGS)
@click.argument("file", metavar="SCENARIO.json", type=click.Path(path_type=Path))
@client_options
@click.option("--times", type=Whole(min=1), default=1, show_default=True, help="Number of runs.")
@click.option(
    "--emit", type=click.Choice(EXPORTS), help="Write the first violation to standard output as a file that runs by itself."
)
@platform_option
@contract_options
@report_options
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    choice: ClientChoice,
    times: int,
    emit: str | None,
    platform: PlatformCommands,
    clauses: tuple[str, ...],
    contract: Parameters,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Put a client through one scenario file and judge it.

    With --emit, write the first violation to standard output as a file. It is a pytest file that fails while the client
    violates the clause, or a script of curl commands that makes the same requests. The exit status is then 0, or 2 if nothing
    was violated.
    """
    from contracts.verify import Options

    check_emit(emit, destinations, as_json)
    platform.accept(context)
    options = Options(clauses=clauses, parameters=replace(contract, one_shot=choice.one_shot))

    def run(client: Subject, clients: Clients) -> tuple[Subject, Report]:
        return client, platform.judged.replay(client.name, clients, platform.load(file), options, times)

    with nothing_left_running(), clients_print_to_stderr():
        client, report = chosen(choice, platform.judged.methods).driven(run)
    report = _from(file, replace(report, replay_with=client.typed))
    if emit is None:
        tell(report, destinations, as_json=as_json)
        context.exit(report.exit_status(strict=strict))
    is_command = choice.command is not None
    as_driven = Client(client.name, is_command, **client.flags, socket=choice.socket, patience=choice.patience)
    export = _export(emit, report, as_driven, options.parameters, platform)
    click.echo(export, nl=False)
    tell(report, destinations, as_json=as_json, aside=True)


def _from(file: Path, report: Report) -> Report:
    """Return the report with `file` as the file of each counterexample."""
    clauses = tuple(
        result
        if result.counterexample is None
        else replace(result, counterexample=replace(result.counterexample, file=str(file)))
        for result in report.clauses
    )
    return replace(report, clauses=clauses)


def _export(kind: str, report: Report, client: Client, parameters: Parameters, platform: PlatformCommands) -> str:
    """Return the first violation as a file. Raise ClickException if there is none."""
    if not report.violated:
        raise click.ClickException(f"{report.target} violates no clause in this scenario, so there is nothing to write")
    result = report.violated[0]
    return platform.as_curl(result) if kind == "curl" else pytest.render(result, client, parameters, report.platform)
