"""`dayfly reproduce`: replays a recording in its own time, and explains each refusal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contracts.cli import completing
from contracts.cli.options import SETTINGS, reports_as
from contracts.cli.options import platform as platform_option
from contracts.cli.output import Destination, check_emit, deliver, unwritable, write
from contracts.replay.reports import KINDS, render
from contracts.stories.exports import KINDS as STORIES

if TYPE_CHECKING:
    from contracts.replay import ReproductionReport
    from contracts.stories.model import AnyStory

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _writable(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Return the path of a file that can be written. Raises BadParameter before anything runs."""
    if path is not None and (problem := unwritable(path)):
        raise click.BadParameter(problem, context, parameter)
    return path


@click.command("reproduce", context_settings=SETTINGS)
@click.argument("recording", metavar="FILE.har|TRACE.jsonl", shell_complete=completing.files)
@click.option("--policy", type=FILE, metavar="FILE.toml", help="The policy to enforce; by default the recording's.")
@click.option(
    "--infer-policy",
    metavar="FILE.toml",
    callback=_writable,
    help="Write the policy inferred from the recording, for dayfly serve --policy.",
)
@click.option(
    "--emit",
    type=click.Choice(list(STORIES)),
    help="Print the smallest story that is refused as the first refused entry is; json is a story file, the rest scripts.",
)
@click.option("--entry", type=click.IntRange(min=0), metavar="N", help="Print the story of this entry instead.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Replay only requests to this host; may be repeated.")
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
    platform: str,
    destinations: Sequence[Destination],
    as_json: bool,
) -> None:
    """Replay a recording on a fresh mock, whose clock follows the recording's, and explain each refusal.

    A recording is a trace in JSON Lines, or a HAR file of a browser or a proxy, of the mock or of a real service. It is read
    without its secrets. The content decides its format, not its name; gzip, and zip as Playwright writes it, are unpacked. If a
    HAR file holds several of dayfly's own traces, FILE.har#PAGE names one. With --platform it is one of that platform.

    Exit status: 0 the mock answers as recorded, 1 it answers otherwise, 2 nothing could be replayed. With --emit the report
    goes to standard error, and the status is 0, or 2 if the mock does not refuse that entry as recorded.
    """
    from contracts.cli.declared import is_declared
    from contracts.replay import text
    from contracts.replay.reports import toml

    if emit is None and entry is not None:
        raise click.UsageError("--entry needs --emit")
    check_emit(emit, destinations, as_json)
    if is_declared(platform):
        if infer_policy is not None or hosts:
            raise click.UsageError("--infer-policy and --host are for the web chat, and do not go with --platform")
        report, smallest = _declared(recording, platform, policy)
    else:
        report, smallest = _web_chat(recording, policy, hosts)
    try:
        deliver(
            lambda kind: render(report, kind),
            lambda style: text.render(report, style),
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


Smallest = Callable[[int | None], "AnyStory"]
"""Returns the smallest story that is refused as an entry is; None for the first one that was refused."""


def _web_chat(recording: str, policy: Path | None, hosts: Sequence[str]) -> tuple[ReproductionReport, Smallest]:
    from contracts.cli.sources import file_and_page
    from contracts.replay import open_recording, reproduce, smallest
    from mockserver.settings import policy_from_file

    name, page = file_and_page(recording)
    enforced = policy_from_file(policy) if policy is not None else None
    with _bar("reading", _size(name)) as read_on:
        opened = open_recording(Path(name), page, hosts, read_on)
    with _bar("replaying", len(opened.steps)) as played:
        report = reproduce(opened, enforced, played)
    return report, lambda entry: smallest(opened, report, entry)


def _declared(recording: str, platform: str, policy: Path | None) -> tuple[ReproductionReport, Smallest]:
    from contracts.cli.declared import policy_of, reading_of
    from contracts.replay.declared import DeclaredReplay
    from contracts.verify.declared import PlatformSource
    from mockserver.platform import compile_platform, find

    path, words = find(platform), policy_of(policy)
    declared = PlatformSource(platform, lambda recorded: compile_platform(path, {**recorded, **words}))
    reading = reading_of(declared, recording)
    report = DeclaredReplay(reading, platform, recording, "as declared" if policy is None else f"that of {policy}").report()
    return report, lambda entry: DeclaredReplay(reading, platform, recording).smallest(entry)


def _size(name: str) -> int:
    return os.path.getsize(name) if os.path.isfile(name) else 0


@contextmanager
def _bar(label: str, length: int) -> Iterator[Callable[[int], object]]:
    """Show a progress bar on standard error, if that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update
