"""`dayfly check`: judges a recording, or the journal of a running mock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from contracts.cli import completing
from contracts.cli.options import (
    SETTINGS,
    admin_token,
    contract_options,
    expected_failures,
    known,
    report_options,
)
from contracts.cli.options import platform as platform_option
from contracts.cli.output import Destination, tell
from contracts.judge import Parameters
from contracts.report.model import Source


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
    platform: str,
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
    from contracts.cli.declared import check as declared_check
    from contracts.cli.declared import declaration
    from contracts.cli.sources import WEB, recorded, without_user
    from contracts.errors import TraceMalformed
    from contracts.verify import Options, check

    declared = declaration(platform, context)
    options = Options(clauses=clauses, parameters=contract, expected=known(expected_failures, declared))
    if declared is not None:
        report = declared_check(declared, recording, organization, admin_token, options)
    else:
        read = recorded(recording, organization, admin_token)
        source: Source = "journal" if recording.startswith(WEB) else "recording"
        try:
            report = check(without_user(recording), read.trace, options, read.extent, source, read.in_other_order)
        except TraceMalformed as error:
            raise click.ClickException(f"{recording}: {error}") from error
    tell(report, destinations, as_json=as_json)
    context.exit(report.exit_status(strict=strict))
