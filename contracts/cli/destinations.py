"""Destinations of reports, as options name them. They are checked before anything runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import click

from contracts.cli.group import Noted
from contracts.report.kinds import DIRECTORIES, KINDS, OF_DECLARED

STDOUT = "-"


class Destination(NamedTuple):
    """The destination of a report: `--report KIND:PATH`. The path `-` is standard output."""

    kind: str
    path: str


def destinations(
    ctx: click.Context, param: click.Parameter, values: Sequence[str], *, kinds: Sequence[str]
) -> tuple[Destination, ...]:
    """Parse the values of --report. Raise BadParameter, also if two kinds would go to the same place."""
    read = tuple(destination(ctx, param, value, kinds) for value in values)
    _refuse_two_in_one(ctx, param, read, as_json=ctx.params.get("as_json", False))
    if isinstance(ctx.obj, Noted) and set(KINDS) <= set(kinds):
        ctx.obj.asked = ctx
    return read


def json_too(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """Parse --json. Raise BadParameter if --report sends another kind to standard output."""
    _refuse_two_in_one(ctx, param, ctx.params.get("destinations", ()), as_json=value)
    return value


def _refuse_two_in_one(
    ctx: click.Context, param: click.Parameter, destinations: Sequence[Destination], *, as_json: bool
) -> None:
    """Raise BadParameter if two kinds would go to one file, because the last would replace the others. Appending is allowed."""
    kinds: dict[str, str] = {STDOUT: "json"} if as_json else {}
    for kind, path in destinations:
        place = path if path == STDOUT else str(Path(path).resolve())
        if kinds.setdefault(place, kind) != kind and not _adds_up(path):
            name = "standard output" if path == STDOUT else path
            raise click.BadParameter(f"{name} has room for one report; give the others a file of their own", ctx, param)


def _adds_up(path: str) -> bool:
    """Return whether writing to a path appends to it: a device, or the summary page of a GitHub job."""
    return path != STDOUT and (is_summary(path) or (Path(path).exists() and not Path(path).is_file()))


def destination(ctx: click.Context, param: click.Parameter, value: str, kinds: Sequence[str]) -> Destination:
    """Parse one value of --report, for a report that has these kinds. Raise BadParameter."""
    kind, colon, path = value.partition(":")
    example = "json:report.json"
    if not colon or not path:
        raise click.BadParameter(f"{value!r} must be KIND:PATH, as in {example}; - is standard output", ctx, param)
    if kind not in kinds:
        near = get_close_matches(kind, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the kinds are {in_words(kinds)}"
        raise click.BadParameter(f"there is no report of the kind {kind!r}; {hint}", ctx, param)
    if kind in DIRECTORIES and (path == STDOUT or os.path.isfile(path)):
        raise click.BadParameter(f"the report {kind} is several files; name a directory for them", ctx, param)
    if path != STDOUT and (problem := unwritable(path, several=kind in DIRECTORIES)):
        raise click.BadParameter(problem, ctx, param)
    return Destination(kind, path)


def in_words(kinds: Sequence[str]) -> str:
    """Return the kinds of report as a list, with the option that some need."""
    return ", ".join(f"{kind} (with --platform)" if kind in OF_DECLARED else kind for kind in kinds)


def unwritable(name: str, *, several: bool = False) -> str:
    """Say why a file, or a directory of several, could not be written; "" if it could. The trial leaves no trace."""
    path = Path(name)
    if name == STDOUT:
        return f"{STDOUT} is not standard output here; name a file"
    try:
        if path.is_dir() and not several:
            return f"{path} is a directory; name a file in it"
        if path.is_file():
            path.open("ab").close()
        elif not path.exists() or path.is_dir():
            directory = next(place for place in (path, *path.absolute().parents) if place.exists())
            if not directory.is_dir():
                return f"{path.parent} is not a directory and cannot become one"
            TemporaryFile(dir=directory).close()
    except (OSError, ValueError) as error:
        return f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"
    return ""


def file_to_write(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """Return the path of a file that can be written. Raise BadParameter, before anything runs."""
    if path and (problem := unwritable(path)):
        raise click.BadParameter(problem, ctx, param)
    return path


def is_summary(path: str) -> bool:
    """Return whether a path is the summary page of a GitHub job."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(path).resolve() == Path(str(summary)).resolve()
