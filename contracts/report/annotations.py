"""Violated clauses as GitHub annotations: lines of a job's output that GitHub shows beside the client's code."""

from __future__ import annotations

import ast
import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Ending, Report


class SourceLine(NamedTuple):
    """A file of the client, and a line in it; 1 if unknown."""

    file: Path
    line: int = 1


def workspace() -> Path:
    """Return the directory that file names are relative to: the checkout of a job, or else the current one."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())


def annotate(report: Report, root: Path) -> list[str]:
    """Return a line for each place at which clauses did not end as expected, with file names relative to `root`.

    GitHub shows ten errors of a step, so that the clauses of one place share one.
    """
    at: dict[SourceLine | None, list[ClauseResult]] = {}
    for result in (*report.violated, *report.with_ending(Ending.NOW_HELD)):
        at.setdefault(place_of(report, result), []).append(result)
    return [_annotation(results, place, root) for place, results in at.items()]


def _annotation(results: list[ClauseResult], place: SourceLine | None, root: Path) -> str:
    """Name the clauses in the text alone: a job's log does not show the title."""
    return error([f"{one.code} {one.name}: {one.words}" for one in results], place, root)


def error(words: Iterable[str], place: SourceLine | None, root: Path) -> str:
    """Return an annotation with these lines."""
    properties = dict(_properties(place, root))
    told = ",".join(f"{name}={data(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items())
    return f"::error {told}::{'%0A'.join(map(data, words))}"


def _properties(place: SourceLine | None, root: Path) -> Iterator[tuple[str, str]]:
    if place is not None:
        file = place.file.resolve()
        yield "file", (file.relative_to(root.resolve()) if file.is_relative_to(root.resolve()) else file).as_posix()
        yield "line", str(place.line)
    yield "title", "dayfly"


def data(text: str) -> str:
    """Return a text as the message of an annotation, which it cannot end."""
    return clean(text).replace("%", "%25")


def place_of(report: Report, result: ClauseResult) -> SourceLine | None:
    """Return the line that sent the request by which the clause was violated.

    If that is unknown, or in a file outside of the workspace, return the place at which the client begins.
    """
    found = result.counterexample
    if found is not None and found.line is not None:
        line = SourceLine(Path(found.line[0]), found.line[1])
        if line.file.resolve().is_relative_to(workspace().resolve()):
            return line
    return _beginning(report.target)


def _beginning(target: str) -> SourceLine | None:
    """Return the place of a factory, or the file that a command runs; None if there is none."""
    where, _, name = target.rpartition(":")
    with suppress(ValueError, OSError):  # not the name of a file
        if where.endswith(".py") and Path(where).is_file():
            return SourceLine(Path(where), _line_of(Path(where), name))
        module = Path(*where.split(".")).with_suffix(".py") if where else None
        if module is not None and module.is_file():
            return SourceLine(module, _line_of(module, name))
        return next(map(SourceLine, _files(shlex.split(target))), None)
    return None


def _files(words: list[str]) -> Iterator[Path]:
    """Yield the files that a command names; its program, which may be an interpreter, comes last."""
    for before, word in pairwise(words):
        module = Path(*word.split("."))
        names = [module.with_suffix(".py"), module / "__main__.py"] if before == "-m" else [Path(word)]
        yield from (name for name in names if name.is_file())
    yield from (name for name in map(Path, words[:1]) if name.is_file())


def _line_of(file: Path, name: str) -> int:
    """Return the line that defines `name`; the first line if none does."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return 1
    return next((node.lineno for node in tree.body if name in _names(node)), 1)


def _names(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()
