"""Numbers for a monitoring system, in Prometheus' text format: what can be told without reading any journal."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.control import Control


def metrics_of(control: Control, started: int) -> str:
    """One line a value, each family with its help. `started` is in milliseconds since the epoch."""
    return "".join(f"{line}\n" for line in _lines(control, started))


def _lines(control: Control, started: int) -> Iterator[str]:
    organizations = control.organizations()
    yield from _family("dayfly_organizations", "gauge", "Organisations that exist.")
    yield f"dayfly_organizations {len(organizations)}"
    yield from _family("dayfly_sessions_live", "gauge", "Sessions that have not ended.")
    for organization in organizations:
        yield f'dayfly_sessions_live{{organization="{organization["id"]}"}} {organization["live_sessions"]}'
    yield from _family("dayfly_journal_entries_total", "counter", "Entries the journal has had, also those that have left it.")
    for organization in organizations:
        id = organization["id"]
        yield f'dayfly_journal_entries_total{{organization="{id}"}} {control.tenant(id).requests.newest()}'
    yield from _family("dayfly_start_time_seconds", "gauge", "When this process began to serve, in seconds since the epoch.")
    yield f"dayfly_start_time_seconds {started / 1000:.3f}"


def _family(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
