"""Metrics in Prometheus' text format: those that need no reading of a journal."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.control import Control


def metrics_of(control: Control, started: int) -> str:
    """Return the metrics, each family with its help. `started` is in milliseconds since the epoch."""
    return "".join(f"{line}\n" for line in _lines(control, started))


def _lines(control: Control, started: int) -> Iterator[str]:
    organizations = control.organizations()
    yield from _family("dayfly_organizations", "gauge", "Organisations that exist.")
    yield f"dayfly_organizations {len(organizations)}"
    yield from _family("dayfly_sessions_live", "gauge", "Sessions that have not ended.")
    for organization in organizations:
        yield f'dayfly_sessions_live{{organization="{organization["id"]}"}} {organization["live_sessions"]}'
    yield from _family(
        "dayfly_journal_entries_total", "counter", "Journal entries, including those that have left the journal."
    )
    for organization in organizations:
        id = organization["id"]
        yield f'dayfly_journal_entries_total{{organization="{id}"}} {control.tenant(id).requests.newest()}'
    yield from _family("dayfly_start_time_seconds", "gauge", "Start of this process, in seconds since the epoch.")
    yield f"dayfly_start_time_seconds {started / 1000:.3f}"


def _family(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
