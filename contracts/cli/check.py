"""`dayfly check`: judges a recording, or the journal of a running mock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from contracts.cli import completing
from contracts.cli.destinations import Destination
from contracts.cli.judging_options import contract_options, expected_failures, known
from contracts.cli.options import SETTINGS, PlatformCommands, admin_token, platform_option, report_options
from contracts.cli.output import tell
from contracts.judge import Parameters


@click.command("check", context_settings=SETTINGS)
@click.argument("recording", metavar="TRACE.jsonl|FILE.har|URL", shell_complete=completing.files)
@click.option(
    "--organization",
    metavar="ID",
    default="default",
    show_default=True,
    help="The organisation whose journal to judge, at a URL.",
)
@admin_token
@platform_option
@contract_options
@expected_failures
@report_options
@click.pass_context
def command(
    context: click.Context,
    recording: str,
    organization: str,
    admin_token: str,
    platform: PlatformCommands,
    clauses: tuple[str, ...],
    contract: Parameters,
    expected_failures: Path | None,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Judge a recording, or the journal of the mock that runs at a URL.

    A recording is a trace in JSON Lines or a HAR file, of the mock or of a real service; - is standard input. The content
    decides its format, not its name; gzip, and zip as Playwright writes it, are unpacked. If a HAR file holds several of
    dayfly's own traces, FILE.har#PAGE names one. The report says how much of a HAR file was read, and what was left out.
    """
    from contracts.verify import Options

    platform.accept(context)
    options = Options(clauses=clauses, parameters=contract, expected=known(expected_failures, platform.judged.codes))
    report = platform.check(recording, organization, admin_token, options)
    tell(report, destinations, as_json=as_json)
    context.exit(report.exit_status(strict=strict))
