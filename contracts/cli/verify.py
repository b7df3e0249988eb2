"""`dayfly verify`: puts a client through many scenarios and judges it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from contracts.cli.console import Destination, clients_print_to_stderr, tell
from contracts.cli.options import SETTINGS, chosen, client_options, contract_options, parameters, report_options
from contracts.judge import Delivery


@click.command("verify", context_settings=SETTINGS)
@client_options
@click.option("--examples", type=click.IntRange(min=0), metavar="N", help="Scenarios to draw beside the built-in ones.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Draws the same scenarios again; 0 under CI.")
@contract_options
@click.option("--corpus", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keeps counterexamples.")
@report_options
@click.pass_context
def command(
    context: click.Context,
    target: str | None,
    command: str | None,
    one_shot: bool,
    patience: float | None,
    examples: int | None,
    seed: int | None,
    clauses: tuple[str, ...],
    delivery: Delivery,
    max_age: float,
    max_attempts: int,
    corpus: Path | None,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Put a client through many scenarios and judge it.

    TARGET is package.module:factory or path/to/file.py:factory; factory(platform) returns a client with send(guest, text).
    """
    from contracts.verify import Options, verify

    options = Options(
        examples=examples,
        seed=seed,
        clauses=clauses,
        parameters=parameters(delivery, max_age, max_attempts, one_shot),
        corpus=corpus,
    )
    with clients_print_to_stderr():
        client = chosen(target, command, one_shot, patience)
        report = verify(client.name, client.clients, options)
    tell(replace(report, replay_with=client.replay_with), destinations, as_json=as_json)
    context.exit(report.exit_status(strict=strict))
