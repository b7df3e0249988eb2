"""Output of the commands: the style of reports and how they are written, kept apart from what clients print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
import msgspec

from contracts.cli.destinations import STDOUT, Destination, is_summary
from contracts.cli.group import Noted
from contracts.cli.sources import without_user
from contracts.report.kinds import OF_DECLARED, OF_DEFAULT, Written, render
from contracts.report.style import Style

if TYPE_CHECKING:
    from contracts.report.model import Report


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
    from contracts.report.model import Report

    given = noted.asked.params  # what was not given may still be click's own mark
    named = (given.get(name) for name in ("target", "command", "recording", "url"))
    target = next((one for one in named if one and isinstance(one, str)), "dayfly")
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
    from contracts.report import facts, text

    people, problems = _delivered(
        lambda kind: _rendered(report, kind),
        lambda style: (text.titles if aside else text.render)(report, style),
        destinations,
        as_json=as_json,
        aside=aside,
    )
    for line in _for_github(report, destinations):
        click.echo(line, file=people)
    _complain([*problems, *([facts.unkept(report)] if report.unkept else [])])


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
    mode = "ab" if is_summary(path) else "wb"
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open(mode) as file:
            file.write(written)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def _for_github(report: Report, destinations: Sequence[Destination]) -> list[str]:
    """Write the summary page of a GitHub job, unless a report goes there anyway; return the lines for its log."""
    if not {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} & os.environ.keys():
        return []
    from contracts.report import github

    page = github.summary_page()
    is_asked_for = any(is_summary(path) for _, path in destinations)
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
