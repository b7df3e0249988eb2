"""The tab where the contract's clauses are judged over an organisation's journal so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from contracts.workbench.remember import Memory
from mockserver.control import Tenant

if TYPE_CHECKING:
    from markupsafe import Markup

REMEMBERED = 8
"""Organisations whose page is remembered, for as long as nothing new is journalled. What it was drawn from takes far more."""


class ContractTab:
    """Judges, and remembers."""

    def __init__(self) -> None:
        self._memory: Memory[Markup] = Memory(REMEMBERED)

    def view(self, tenant: Tenant) -> Markup:
        """The tab's content."""
        from markupsafe import Markup

        from contracts.workbench.judged import judge

        latest = [exchange.context_id for exchange in tenant.requests.find(limit=1)]

        def draw() -> Markup:
            return Markup(flask.render_template("workbench/contract.html", judged=judge(tenant), id=tenant.id))

        return self._memory.get((tenant.id, tenant.requests.newest(), *latest), draw)
