"""Reads a HAR file of a browser, a proxy or the mock as a recording, request by request, to need little memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

from msgspec.structs import replace

from contracts.har import secrets
from contracts.har.archive import VERSIONS, Archive, Progress
from contracts.har.bodies import Attached, nothing_attached
from contracts.har.moments import order
from contracts.har.requests import Recorded
from contracts.har.survey import UNKNOWN, Findings
from contracts.reproduce import traces
from contracts.reproduce.hosts import why_none
from contracts.reproduce.order import in_order
from contracts.reproduce.requests import step_of
from contracts.reproduce.steps import Problem, Recording, Step
from mockserver.journal import Credential


class _Lacking:
    """Missing bodies, by the numbers of their entries, with the reasons."""

    def __init__(self) -> None:
        self.sent: dict[int, str] = {}
        self.issued: dict[int, str] = {}

    def take(self, one: Recorded) -> None:
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
    steps: list[Step] = []
    for one in archive.requests(file, progress):
        known |= secrets.of_header(one.authorization)
        known |= secrets.of_document(one.sent) | secrets.of_document(one.got)
        lacking.take(one)
        steps.append(step_of(one, known))
    if archive.own:
        return traces.of_entries(archive.own_trace(), source)
    found = archive.survey.findings(hosts)
    kept = [step for step in steps if step.number in found.kept]
    if not any(step.operation for step in kept):
        raise why_none(archive, steps, hosts)
    ordered = in_order(_unmasked(kept, found), order(found) if found.resolution > 1 else ())
    is_masked = found.sanitized or bool(found.masked_tokens)
    recorded = _with_credentials(ordered.steps) if is_masked else ordered.steps
    problems = [
        *_wrong(archive, found),
        *_several_hosts(kept, hosts),
        *ordered.problems,
        *_bodies(kept, lacking.sent),
    ]
    return Recording(
        source=source,
        kind=f"HAR by {archive.creator}" if archive.creator else "HAR",
        steps=list(_doubted(recorded, lacking.issued)),
        problems=sorted(problems, key=lambda problem: problem.number or 0),
        slack=found.resolution,
        sanitized=is_masked,
    )


def _wrong(archive: Archive, found: Findings) -> Iterator[Problem]:
    """Yield the problems of the file, and how they were handled."""
    if archive.version and archive.version not in VERSIONS:
        yield Problem(None, f"HAR {archive.version[:20]} is not known here; it is read as HAR 1.2")
    yield from (Problem(one.entry, one.reason) for one in archive.skipped)
    for why, count in archive.extent(found).left_out.items():
        yield Problem(None, f"{count} {'entry is' if count == 1 else 'entries are'} left out, {why}")
    for number, first in list(found.doubled.items())[:1]:
        more = f", and {len(found.doubled) - 1} more such" if len(found.doubled) > 1 else ""
        yield Problem(number, f"the same request as entry {first}, recorded twice and counted once{more}")
    if found.masked:
        text = f"the session ids of {len(found.masked)} requests are masked; nothing is concluded about sessions"
        yield Problem(None, text)
    if found.resolution == UNKNOWN:
        yield Problem(None, "all time stamps are the same; neither order nor time is known")
    if archive.cut is not None:
        yield Problem(archive.cut.entry, archive.cut.problem)


def _several_hosts(kept: list[Step], hosts: Collection[str]) -> Iterator[Problem]:
    found = sorted({step.host for step in kept if step.operation in {"create", "send"}})
    if len(found) > 1 and not hosts:
        told = f"requests to {len(found)} hosts are assumed to be one platform's ({', '.join(found)}); --host names one"
        yield Problem(None, told)


def _bodies(kept: list[Step], lacking: dict[int, str]) -> Iterator[Problem]:
    """Yield one problem for each reason for which bodies are missing."""
    for why in dict.fromkeys(lacking.values()):
        numbers = sorted(step.number for step in kept if lacking.get(step.number) == why)
        if numbers:
            more = f", and {len(numbers) - 1} more like it" if len(numbers) > 1 else ""
            text = f"its body {why}{more}; the body sent instead may be answered differently"
            yield Problem(numbers[0], text)


def _unmasked(steps: list[Step], found: Findings) -> list[Step]:
    """Give each request with a masked id an id of its own, because it is unknown which ids were the same."""
    return [_unlike_others(step) if step.number in found.masked else step for step in steps]


def _unlike_others(step: Step) -> Step:
    own = f"masked in entry {step.number}"
    accepted = step.effect in {"accepted", "none"} and step.status == 200
    return replace(
        step,
        issued=own if step.issued is not None else None,
        session=own if step.operation == "send" and accepted else None,
        body=None if step.operation == "send" else step.body,
        doubt="its id is masked, so a session is assumed that nothing else uses",
    )


def _doubted(steps: list[Step], issued: dict[int, str]) -> Iterator[Step]:
    """Yield the steps, with a doubt for sends whose session may come from an unreadable create."""
    known, unread = set[str](), ""
    for step in steps:
        if step.issued is not None:
            known.add(step.issued)
        if step.number in issued:
            unread = f"its session may be that of entry {step.number}, whose answer {issued[step.number]}"
        if step.operation == "send" and step.session not in known and unread and not step.doubt:
            step = replace(step, doubt=unread)  # noqa: PLW2901 - the same request, with what is known of it
        yield step


def _with_credentials(steps: list[Step]) -> list[Step]:
    """Give each request the newest token there was, because it is unknown which one it sent."""
    token, told = "the token of this recording", []
    for step in steps:
        is_login = step.operation == "token"
        issued = f"the token of entry {step.number}" if step.token is not None else None
        shown = step.credential if is_login else Credential("bearer", token=token, seen_in=("header",))
        told.append(replace(step, credential=shown, token=issued))
        token = issued or token
    return told
