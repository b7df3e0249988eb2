"""Explains why nothing in a recording can be replayed, by the hosts in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from contracts.har.archive import Archive
from contracts.har.hosts import none_asked
from contracts.reproduce.errors import RecordingError
from contracts.reproduce.steps import Step


def why_none(archive: Archive, steps: Sequence[Step], hosts: Collection[str]) -> RecordingError:
    """Return the error for a recording without requests to `hosts`, or to the platform."""
    return RecordingError(archive.source, _why_none(archive, steps, hosts))


def _why_none(archive: Archive, steps: Sequence[Step], hosts: Collection[str]) -> str:
    if hosts and steps:
        there = ", ".join(sorted({step.host for step in steps}))
        return f"nothing in it went to {', '.join(hosts)}; the platform's paths are asked for at {there}"
    told = none_asked(archive.entries, archive.elsewhere + Counter(step.host for step in steps))
    if archive.skipped:
        first = archive.skipped[0]
        told += f"; {len(archive.skipped)} of them cannot be read, entry {first.entry}: {first.reason}"
    return told
