"""Which hosts of a recording are the platform's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Protocol

from contracts.har.hosts import Asked, none_asked, platforms
from contracts.reproduce.errors import RecordingError
from contracts.reproduce.steps import Problem, Step


class Read(Protocol):
    """What was read of a file."""

    source: str
    entries: int
    elsewhere: Counter[str]
    steps: list[Step]
    problems: list[Problem]


def of_platform(read: Read, hosts: Collection[str]) -> list[Step]:
    """The steps that went to `hosts`; where none is named, to those that were asked for an operation.

    Raises RecordingError where there are none.
    """
    wanted = {host.lower() for host in hosts} or platforms([_asked(step) for step in read.steps])
    kept = [step for step in read.steps if step.host in wanted or step.host.partition(":")[0] in wanted]
    if not any(step.operation for step in kept):
        raise RecordingError(read.source, _why_none(read, hosts))
    found = sorted({step.host for step in kept if step.operation in {"create", "send"}})
    if len(found) > 1 and not hosts:
        names = ", ".join(found)
        read.problems.append(
            Problem(None, f"requests to {len(found)} hosts are taken for one platform's ({names}); --host names one")
        )
    return kept


def _asked(step: Step) -> Asked:
    return Asked(step.host, step.operation, shown=step.credential.token, issued=step.token)


def _why_none(read: Read, hosts: Collection[str]) -> str:
    if hosts and read.steps:
        there = ", ".join(sorted({step.host for step in read.steps}))
        return f"nothing in it went to {', '.join(hosts)}; the platform's paths are asked for at {there}"
    told = none_asked(read.entries, read.elsewhere)
    unread = [problem for problem in read.problems if problem.number is not None]
    if unread:
        told += f"; {len(unread)} of them cannot be read, entry {unread[0].number}: {unread[0].text}"
    return told
