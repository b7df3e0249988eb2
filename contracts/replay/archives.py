"""Opens a recording of any kind. HAR files of browsers, proxies and the mock are read entry by entry, to need little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from contracts.har import secrets
from contracts.har.archive import VERSIONS, Archive, Progress
from contracts.har.bodies import Attached, nothing_attached
from contracts.har.kinds import HarError
from contracts.har.moments import order
from contracts.har.opening import opened
from contracts.har.requests import HarRequest
from contracts.har.routes import none_asked
from contracts.har.survey import UNKNOWN, Findings
from contracts.replay import traces
from contracts.replay.recording import RecordedStep, Recording, RecordingError, RecordingProblem
from contracts.replay.requests import doubted, step_of, unmasked, with_credentials
from contracts.replay.timeline import in_order


def open_recording(
    path: Path, page: str | None = None, hosts: Collection[str] = (), progress: Callable[[int], object] = lambda _: None
) -> Recording:
    """Read the recording in the file at `path`. Raises RecordingError."""
    if str(path).startswith(("http:", "https:")):
        raise RecordingError(
            str(path), "give a file; download a running mock's recording from its …/__admin/organizations/ID/trace"
        )
    try:
        with path.open("rb") as file:
            found = opened(file, str(path), path.parent)
            if found.kind == "har":
                return read(found.file, str(path), hosts, page, progress, found.attached)
            return traces.read(_lines(found.file, progress), str(path))
    except HarError as error:
        where = "" if error.entry is None else f"entry {error.entry}: "
        raise RecordingError(str(path), where + error.problem) from error
    except OSError as error:
        raise RecordingError(str(path), str(error.strerror or error)) from error


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    for line in file:
        progress(len(line))
        yield line


class _Lacking:
    """Missing bodies, by the numbers of their entries, with the reasons."""

    def __init__(self) -> None:
        self.sent: dict[int, str] = {}
        self.issued: dict[int, str] = {}

    def take(self, one: HarRequest) -> None:
        """Note what a request lacks."""
        if one.lacks_body:
            self.sent[one.number] = one.lacks
        if one.is_call and one.operation == "create" and one.status == 200 and one.got_lacks:
            self.issued[one.number] = one.got_lacks


def read(
    file: BinaryIO,
    source: str,
    hosts: Collection[str] = (),
    page: str | None = None,
    progress: Progress = lambda _: None,
    attached: Attached = nothing_attached,
) -> Recording:
    """Read the recording in `file`, on all pages or on one: requests to `hosts`, by default to the platform's.

    Raises HarError if the file is not a HAR file, and RecordingError if it holds nothing to replay.
    """
    archive, lacking, known = Archive(source, page, attached), _Lacking(), set[str]()
    steps: list[RecordedStep] = []
    for one in archive.requests(file, progress):
        known |= secrets.of_request(one.authorization, one.sent, one.got)
        lacking.take(one)
        steps.append(step_of(one, known))
    if archive.own:
        return traces.of_entries(archive.own_trace(), source)
    found = archive.survey.findings(hosts)
    kept = [step for step in steps if step.number in found.kept]
    if not any(step.operation for step in kept):
        raise RecordingError(source, _why_none(archive, steps, hosts))
    ordered = in_order(unmasked(kept, found), order(found) if found.resolution > 1 else ())
    is_masked = found.sanitized or bool(found.masked_tokens)
    recorded = with_credentials(ordered.steps) if is_masked else ordered.steps
    problems = [
        *_wrong(archive, found),
        *_several_hosts(kept, hosts),
        *ordered.problems,
        *_bodies(kept, lacking.sent),
    ]
    return Recording(
        source=source,
        kind=f"HAR by {archive.creator}" if archive.creator else "HAR",
        steps=list(doubted(recorded, lacking.issued)),
        problems=sorted(problems, key=lambda problem: problem.number or 0),
        slack=found.resolution,
        sanitized=is_masked,
    )


def _wrong(archive: Archive, found: Findings) -> Iterator[RecordingProblem]:
    """Yield the problems of the file, and how they were handled."""
    if archive.version and archive.version not in VERSIONS:
        yield RecordingProblem(None, f"HAR {archive.version[:20]} is not known here; it is read as HAR 1.2")
    yield from (RecordingProblem(one.entry, one.reason) for one in archive.skipped)
    for why, count in archive.extent(found).left_out.items():
        yield RecordingProblem(None, f"{count} {'entry is' if count == 1 else 'entries are'} left out, {why}")
    for number, first in list(found.doubled.items())[:1]:
        more = f", and {len(found.doubled) - 1} more such" if len(found.doubled) > 1 else ""
        yield RecordingProblem(number, f"the same request as entry {first}, recorded twice and counted once{more}")
    if found.masked:
        text = f"the session ids of {len(found.masked)} requests are masked; nothing is concluded about sessions"
        yield RecordingProblem(None, text)
    if found.resolution == UNKNOWN:
        yield RecordingProblem(None, "all time stamps are the same; neither order nor time is known")
    if archive.cut is not None:
        yield RecordingProblem(archive.cut.entry, archive.cut.problem)


def _several_hosts(kept: list[RecordedStep], hosts: Collection[str]) -> Iterator[RecordingProblem]:
    found = sorted({step.host for step in kept if step.operation in {"create", "send"}})
    if len(found) > 1 and not hosts:
        told = f"requests to {len(found)} hosts are assumed to be one platform's ({', '.join(found)}); --host names one"
        yield RecordingProblem(None, told)


def _bodies(kept: list[RecordedStep], lacking: dict[int, str]) -> Iterator[RecordingProblem]:
    """Yield one problem for each reason for which bodies are missing."""
    for why in dict.fromkeys(lacking.values()):
        numbers = sorted(step.number for step in kept if lacking.get(step.number) == why)
        if numbers:
            more = f", and {len(numbers) - 1} more like it" if len(numbers) > 1 else ""
            text = f"its body {why}{more}; the body sent instead may be answered differently"
            yield RecordingProblem(numbers[0], text)


def _why_none(archive: Archive, steps: Sequence[RecordedStep], hosts: Collection[str]) -> str:
    if hosts and steps:
        there = ", ".join(sorted({step.host for step in steps}))
        return f"nothing in it went to {', '.join(hosts)}; the platform's paths are asked for at {there}"
    told = none_asked(archive.entries, archive.elsewhere + Counter(step.host for step in steps))
    if archive.skipped:
        first = archive.skipped[0]
        told += f"; {len(archive.skipped)} of them cannot be read, entry {first.entry}: {first.reason}"
    return told
