"""The tab that judges an organisation's journal by the contract's clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from contracts.console_panels.remember import Memory
from mockserver.control import Tenant

if TYPE_CHECKING:
    from markupsafe import Markup

REMEMBERED = 8
"""Organisations whose rendered page is remembered until something new is journalled."""


class ContractTab:
    """Judges a journal, and remembers the page."""

    def __init__(self) -> None:
        self._memory: Memory[Markup] = Memory(REMEMBERED)

    def view(self, tenant: Tenant) -> Markup:
        """Return the tab's content."""
        from markupsafe import Markup

        from contracts.console_panels.judged import judge

        latest = [exchange.context_id for exchange in tenant.requests.find(limit=1)]

        def draw() -> Markup:
            return Markup(flask.render_template("panels/contract.html", judged=judge(tenant), id=tenant.id))

        return self._memory.get((tenant.id, tenant.requests.newest(), *latest), draw)
