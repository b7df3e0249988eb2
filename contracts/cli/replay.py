"""`dayfly replay`: puts a client through one scenario file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from contracts.cli.console import Destination, clients_print_to_stderr, tell
from contracts.cli.options import SETTINGS, chosen, client_options, contract_options, parameters, report_options
from contracts.judge import Delivery


@click.command("replay", context_settings=SETTINGS)
@click.argument("file", metavar="SCENARIO.json", type=click.Path(path_type=Path))
@client_options
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="How often.")
@contract_options
@report_options
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    target: str | None,
    command: str | None,
    one_shot: bool,
    patience: float | None,
    times: int,
    clauses: tuple[str, ...],
    delivery: Delivery,
    max_age: float,
    max_attempts: int,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Put a client through one scenario file and judge it."""
    from contracts.scenario import load
    from contracts.verify import Options, replay

    options = Options(clauses=clauses, parameters=parameters(delivery, max_age, max_attempts, one_shot))
    scenario = load(file)
    with clients_print_to_stderr():
        client = chosen(target, command, one_shot, patience)
        report = replay(client.name, client.clients, scenario, options, times)
    tell(replace(report, replay_with=client.replay_with), destinations, as_json=as_json)
    context.exit(report.exit_status(strict=strict))
