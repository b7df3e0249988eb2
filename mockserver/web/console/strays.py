"""Requests that name no organisation, on an organisation's pages.

They are shown if there is only one organisation they can be meant for, and otherwise counted.
"""

from __future__ import annotations

from typing import NamedTuple

from mockserver.control import Tenant
from mockserver.control.requests import Filter
from mockserver.engine.model import UNASSIGNED
from mockserver.journal_queries import Exchange
from mockserver.web.console.extension import Console

MOST = 5
"""The most requests to show, the newest."""


class StrayRequests(NamedTuple):
    """`number` is their count, `newest` their journal's newest entry. `shown` is None if they are only counted."""

    number: int
    newest: int
    shown: list[Exchange] | None = None


def strays_of(console: Console, tenant: Tenant, wanted: Filter | None) -> StrayRequests:
    """Return the strays for a page of `tenant`. Without a filter they are only counted."""
    if tenant.id == UNASSIGNED:
        return StrayRequests(0, 0)
    requests = console.control.tenant(UNASSIGNED).requests
    newest = requests.newest()
    number = (newest + 1) // 2  # each has two entries once it is answered, and the journal contains only these
    if wanted is None or not number or len(console.assembly.store.organizations()) > 1:
        return StrayRequests(number, newest)
    return StrayRequests(number, newest, requests.search(wanted, None, None, MOST))
