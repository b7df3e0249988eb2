"""What the commands share at the terminal: how reports look, where they go, and that a client's own prints do not get in."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

import click

from contracts.report import json, text
from contracts.report.model import Report
from contracts.report.style import PLAIN, Style

WRITERS: dict[str, Callable[[Report], bytes]] = {
    "json": json.render,
    "text": lambda report: text.render(report, PLAIN).encode(),
}
"""Kinds of report that can be written to a file."""


class Destination(NamedTuple):
    """A report to be written: `--report KIND:PATH`."""

    kind: str
    path: Path


def destinations(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> tuple[Destination, ...]:
    """Reads the values of --report."""
    return tuple(_destination(ctx, param, value) for value in values)


def _destination(ctx: click.Context, param: click.Parameter, value: str) -> Destination:
    kind, colon, path = value.partition(":")
    if kind not in WRITERS or not colon or not path:
        kinds = " or ".join(sorted(WRITERS))
        raise click.BadParameter(f"{value!r} must be KIND:PATH, where KIND is {kinds}", ctx, param)
    if not Path(path).resolve().parent.is_dir():
        raise click.BadParameter(f"there is no directory {Path(path).parent}", ctx, param)
    return Destination(kind, Path(path))


def style_for(stream: TextIO) -> Style:
    """How text is to look on `stream`: NO_COLOR, FORCE_COLOR, the terminal's width, and what its encoding can show."""
    colour = stream.isatty() and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        colour = True
    if os.environ.get("NO_COLOR"):
        colour = False
    return Style(shutil.get_terminal_size((100, 24)).columns, colour, _shows_unicode(stream))


def _shows_unicode(stream: TextIO) -> bool:
    try:
        "…→·∿⋯".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def tell(report: Report, destinations: Sequence[Destination], *, as_json: bool) -> None:
    """Writes a report to where it is wanted: files, and standard output, which `as_json` leaves to programs."""
    for kind, path in destinations:
        try:
            path.write_bytes(WRITERS[kind](report))
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    people = sys.stderr if as_json else sys.stdout
    click.echo(text.render(report, style_for(people)), file=people, nl=False, color=True)
    if as_json:
        click.echo(json.render(report), nl=False)


@contextmanager
def clients_print_to_stderr() -> Iterator[None]:
    """While it lasts, what anybody in this process writes to standard output goes to standard error."""
    sys.stdout.flush()
    with redirect_stdout(sys.stderr), _descriptor_redirected():
        yield


@contextmanager
def _descriptor_redirected() -> Iterator[None]:
    """The same for those who write to the descriptor itself: children, and code that is not Python."""
    saved = None
    with suppress(OSError):
        saved = os.dup(1)
        os.dup2(2, 1)
    try:
        yield
    finally:
        if saved is not None:
            os.dup2(saved, 1)
            os.close(saved)
