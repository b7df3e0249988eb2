"""`dayfly reproduce`: replays a recording in its own time, and explains each refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from contracts.cli import completing
from contracts.cli.destinations import Destination, file_to_write
from contracts.cli.options import SETTINGS, PlatformCommands, Whole, platform_option, reports_as
from contracts.cli.output import check_emit, deliver, write
from contracts.replay.reports import KINDS, render, toml
from contracts.stories.exports import KINDS as STORIES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("reproduce", context_settings=SETTINGS)
@click.argument("recording", metavar="FILE.har|TRACE.jsonl", shell_complete=completing.files)
@click.option("--policy", type=FILE, metavar="FILE.toml", help="The policy to enforce; by default the recording's.")
@click.option(
    "--infer-policy",
    metavar="FILE.toml",
    callback=file_to_write,
    help="Write the policy inferred from the recording, for dayfly serve --policy.",
)
@click.option(
    "--emit",
    type=click.Choice(list(STORIES)),
    help="Print the smallest story that is refused as the first refused entry is; json is a story file, the rest scripts.",
)
@click.option("--entry", type=Whole(min=0), metavar="N", help="Print the story of this entry instead.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    envvar="DAYFLY_HOSTS",  # DAYFLY_HOST is where `serve` listens
    help="Replay only requests to this host; may be repeated. Its variable is DAYFLY_HOSTS.",
)
@platform_option
@reports_as(KINDS)
@click.pass_context
def command(
    context: click.Context,
    recording: str,
    policy: Path | None,
    infer_policy: str | None,
    emit: str | None,
    entry: int | None,
    hosts: Sequence[str],
    platform: PlatformCommands,
    destinations: Sequence[Destination],
    as_json: bool,
) -> None:
    """Replay a recording on a fresh mock, whose clock follows the recording's, and explain each refusal.

    A recording is a trace in JSON Lines, or a HAR file of a browser or a proxy, of the mock or of a real service. It is read
    without its secrets. The content decides its format, not its name; gzip, and zip as Playwright writes it, are unpacked. If a
    HAR file holds several of dayfly's own traces, FILE.har#PAGE names one. With --platform it is one of that platform.

    Exit status: 0 the mock answers as recorded, 1 it answers otherwise, 2 nothing could be replayed. With --emit its last
    lines go to standard error, and the status is 0, or 2 if the mock does not refuse that entry as recorded.
    """
    from contracts.replay import text

    if emit is None and entry is not None:
        raise click.UsageError("--entry needs --emit")
    check_emit(emit, destinations, as_json)
    platform.accept(context, "infer_policy", "hosts")
    report, smallest = platform.reproduce(recording, policy, hosts)
    try:
        deliver(
            lambda kind: render(report, kind),
            lambda style: (text.render if emit is None else text.outcome)(report, style),
            destinations,
            as_json=as_json,
            aside=emit is not None,
        )
        if emit is not None:
            from contracts.stories.exports import render as script

            click.echo(script(smallest(entry), emit), nl=False)
    finally:
        if infer_policy is not None:
            write(toml(report).encode(), infer_policy)
    context.exit(report.exit_status if emit is None else 0)
