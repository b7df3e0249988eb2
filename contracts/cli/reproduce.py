"""`dayfly reproduce`: replays a recording in its own time, and tells why its refusals were."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from contracts.cli.options import SETTINGS

POLICY = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("reproduce", context_settings=SETTINGS)
@click.argument("recording", metavar="FILE.har|TRACE.jsonl")
@click.option("--policy", type=POLICY, metavar="FILE.toml", help="What the mock enforces; else what the recording names.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Whose requests to replay; may be repeated.")
@click.pass_context
def command(context: click.Context, recording: str, policy: Path | None, hosts: Sequence[str]) -> None:
    """Replay a recording on a fresh organisation whose clock follows it, and tell why each 403 was one."""
    from contracts.cli.console import style_for
    from contracts.reproduce import open_recording, reproduce
    from contracts.reproduce.text import render
    from mockserver.settings import policy_from_file

    name, _, page = recording.partition("#")
    enforced = policy_from_file(policy) if policy is not None else None
    with _progress(Path(name)) as progress:
        read = open_recording(Path(name), page or None, hosts, progress)
    report = reproduce(read, enforced)
    click.echo(render(report, style_for(sys.stdout)), nl=False, color=True)
    context.exit(report.exit_status)


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], object]]:
    """A bar on standard error while a file is read, where that is a terminal."""
    size = path.stat().st_size if path.is_file() else 0
    with click.progressbar(
        length=size, label="reading", file=sys.stderr, hidden=not sys.stderr.isatty(), update_min_steps=1 << 20
    ) as bar:
        yield bar.update
