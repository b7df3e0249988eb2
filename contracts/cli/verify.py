"""`dayfly verify`: puts a client through many scenarios and judges it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from contracts.cli.destinations import Destination
from contracts.cli.judging_options import ClientChoice, chosen, client_options, contract_options, expected_failures, known
from contracts.cli.leftovers import nothing_left_running
from contracts.cli.options import SETTINGS, PlatformCommands, Whole, platform_option, report_options
from contracts.cli.output import clients_print_to_stderr, tell
from contracts.cli.progress import progress_bar
from contracts.judge import Parameters

if TYPE_CHECKING:
    from contracts.clients.base import Clients
    from contracts.generate import Extent
    from contracts.report.model import Report
    from contracts.verify.subject import Subject


@click.command("verify", context_settings=SETTINGS)
@client_options
@click.option("--examples", type=Whole(min=0), metavar="N", help="Scenarios to draw besides the built-in ones.")
@click.option("--seed", type=Whole(min=0), metavar="N", help="Draw the same scenarios again.")
@click.option(
    "--profile",
    type=click.Choice(["ci", "nightly"]),
    help="ci: seed 0, the default if CI is set; nightly: a fresh seed, ten times as many scenarios.",
)
@click.option(
    "--walk",
    type=click.Choice(["full", "short", "off"]),
    help="What to run before any is drawn. full: all single faults and pairs; short: one of each kind.",
)
@platform_option
@contract_options
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep counterexamples here, and try them first.",
)
@click.option("--corpus-keep", is_flag=True, help="Keep those in the corpus that no longer fail.")
@expected_failures
@report_options
@click.pass_context
def command(
    context: click.Context,
    choice: ClientChoice,
    examples: int | None,
    seed: int | None,
    profile: str | None,
    walk: Extent | None,
    platform: PlatformCommands,
    clauses: tuple[str, ...],
    contract: Parameters,
    corpus: Path | None,
    corpus_keep: bool,
    expected_failures: Path | None,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Put a client through many scenarios and judge it.

    TARGET is package.module:factory or path/to/file.py:factory; factory(platform) returns a client with send(guest, text),
    or, with --platform, with a method for each unit of work that the platform declares.
    """
    from contracts.verify import Options

    platform.accept(context, "profile", "walk")
    judged = platform.judged
    if corpus_keep and corpus is None:
        raise click.UsageError("--corpus-keep needs --corpus DIR")
    options = Options(
        examples=examples,
        seed=seed,
        profile=profile,
        walk=walk,
        clauses=clauses,
        parameters=replace(contract, one_shot=choice.one_shot),
        corpus=corpus,
        corpus_keep=corpus_keep,
        expected=known(expected_failures, judged.codes),
    )

    def run(client: Subject, clients: Clients) -> Report:
        with progress_bar() as watch:
            return replace(judged.verify(client.name, clients, options, watch), replay_with=client.typed)

    with nothing_left_running(), clients_print_to_stderr():
        report = chosen(choice, judged.methods).driven(run)
    tell(report, destinations, as_json=as_json)
    if report.platform and examples is not None and examples > report.examples:
        click.echo(f"dayfly: {report.examples} scenarios are all that there are; --examples {examples} adds none", err=True)
    context.exit(report.exit_status(strict=strict))
