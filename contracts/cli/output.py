"""Output of the commands: the style and the destinations of reports, kept apart from what clients print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, TextIO

import click
import msgspec

from contracts.cli.group import Noted
from contracts.cli.sources import without_user
from contracts.report import text
from contracts.report.facts import unkept
from contracts.report.kinds import DIRECTORIES, KINDS, OF_DECLARED, OF_DEFAULT, Written, render
from contracts.report.model import Report
from contracts.report.style import Style

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
    return path != STDOUT and (_is_summary(path) or (Path(path).exists() and not Path(path).is_file()))


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


def style_for(stream: TextIO, most: int = sys.maxsize) -> Style:
    """Return the style for `stream`, by NO_COLOR, FORCE_COLOR, the terminal's width and the stream's encoding.

    It has at `most` so many columns.
    """
    colour = stream.isatty() and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        colour = True
    if os.environ.get("NO_COLOR"):
        colour = False
    return Style(min(most, shutil.get_terminal_size((100, 24)).columns), colour, _shows_unicode(stream))


def _shows_unicode(stream: TextIO) -> bool:
    try:
        "…→·∿⋯⋮".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say_json(document: object) -> None:
    """Print a document for programs. An error that follows is not printed as JSON: standard output holds one document."""
    _take_standard_output()
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def _take_standard_output() -> None:
    """Note in the context that a document for programs was printed."""
    _noted().printed = True


def _noted() -> Noted:
    context = click.get_current_context(silent=True)
    return context.obj if context is not None and isinstance(context.obj, Noted) else Noted()


def tell_unjudged(noted: Noted, problem: str) -> list[str]:
    """Write the `problem` to the reports that a command was asked for and could not write. Return what to say of that.

    Without it a file of an earlier run would be read as this one's.
    """
    if noted.asked is None:
        return []
    given = noted.asked.params
    target = next((given[name] for name in ("target", "command", "recording", "url") if given.get(name)), "dayfly")
    report = Report(target=without_user(target), clauses=(), examples=0, stopped=" ".join(problem.split()))
    wanted = [one for one in given.get("destinations", ()) if one.kind not in {*OF_DECLARED, *OF_DEFAULT}]
    problems = [f"dayfly: {one}" for one in _unwritten(lambda kind: _rendered(report, kind), wanted)]
    return [*problems, *_for_github(report, wanted)]


def check_emit(emit: str | None, destinations: Sequence[Destination], as_json: bool) -> None:
    """Raise UsageError if a report is to go to standard output beside a script."""
    if emit is not None and (as_json or any(path == STDOUT for _, path in destinations)):
        raise click.UsageError("--emit takes standard output; write the report to a file, as in --report json:report.json")


def tell(report: Report, destinations: Sequence[Destination], *, as_json: bool, aside: bool = False) -> None:
    """Write a report to its files and for people: to standard output, or to standard error if programs read standard output.

    If `aside`, the caller writes to standard output itself, and people are told in a few lines. Raises ClickException at the
    end if a file or the corpus could not be written.
    """
    people, problems = _delivered(
        lambda kind: _rendered(report, kind),
        lambda style: (text.titles if aside else text.render)(report, style),
        destinations,
        as_json=as_json,
        aside=aside,
    )
    for line in _for_github(report, destinations):
        click.echo(line, file=people)
    _complain([*problems, *([unkept(report)] if report.unkept else [])])


def _rendered(report: Report, kind: str) -> Written:
    if kind == "issue" and report.platform:
        from contracts.protocol import issue

        return issue.render(report).encode("utf-8", "backslashreplace")
    return render(report, kind)


def deliver(
    render: Callable[[str], Written],
    as_text: Callable[[Style], str],
    destinations: Sequence[Destination],
    *,
    as_json: bool,
    aside: bool = False,
) -> None:
    """Write a report of any type, which `render` returns as a file of a kind and `as_text` for people.

    Raises ClickException at the end if a file could not be written.
    """
    _, problems = _delivered(render, as_text, destinations, as_json=as_json, aside=aside)
    _complain(problems)


def _delivered(
    render: Callable[[str], Written],
    as_text: Callable[[Style], str],
    destinations: Sequence[Destination],
    *,
    as_json: bool,
    aside: bool,
) -> tuple[TextIO, list[str]]:
    """Write as much as possible. Return the stream that people read, and a message for each file that could not be written."""
    _noted().asked = None
    problems = list(_unwritten(render, destinations))
    for_programs = {kind for kind, path in destinations if path == STDOUT} | ({"json"} if as_json else set())
    people = sys.stderr if for_programs or aside else sys.stdout
    click.echo(as_text(style_for(people)), file=people, nl=False, color=True)
    people.flush()
    for kind in sorted(for_programs):
        written = render(kind)
        assert isinstance(written, bytes)
        _take_standard_output()
        click.echo(written, nl=False)
    return people, problems


def _unwritten(render: Callable[[str], Written], destinations: Sequence[Destination]) -> Iterator[str]:
    """Write the files, and yield a message for each that could not be written."""
    for kind, path in destinations:
        if path != STDOUT:
            try:
                write(render(kind), path)
            except click.ClickException as error:
                yield error.message


def _complain(problems: Sequence[str]) -> None:
    if problems:
        raise click.ClickException("; ".join(problems))


def write(written: Written, path: str) -> None:
    """Write a file, or files into a directory. Raise ClickException if that fails.

    The summary page of a GitHub job is appended to, because all steps of a job share it.
    """
    if isinstance(written, Mapping):
        for name, content in written.items():
            write(content, os.path.join(path, name))
        return
    mode = "ab" if _is_summary(path) else "wb"
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open(mode) as file:
            file.write(written)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def _is_summary(path: str) -> bool:
    """Return whether a path is the summary page of a GitHub job."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(path).resolve() == Path(str(summary)).resolve()


def _for_github(report: Report, destinations: Sequence[Destination]) -> list[str]:
    """Write the summary page of a GitHub job, unless a report goes there anyway; return the lines for its log."""
    if not {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} & os.environ.keys():
        return []
    from contracts.report import github

    page = github.summary_page()
    is_asked_for = any(_is_summary(path) for _, path in destinations)
    problem = github.summarize([github.told(report)], page) if page is not None and not is_asked_for else ""
    return [*github.annotations_of(report), *([f"dayfly: {problem}"] if problem else [])]


@contextmanager
def clients_print_to_stderr() -> Iterator[None]:
    """Redirect everything that this process writes to standard output to standard error."""
    sys.stdout.flush()
    with redirect_stdout(sys.stderr), _descriptor_redirected():
        yield


@contextmanager
def _descriptor_redirected() -> Iterator[None]:
    """Redirect the file descriptor itself, for child processes and for code that is not Python."""
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
