"""The run of a scenario's items: one client at work in one organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from typing import Any

from contracts import scenario as scenarios
from contracts.clients.base import Clients, Credentials, describe
from contracts.clients.errors import FactoryError
from contracts.clients.watched import WatchedHandler
from contracts.runner.journal_writer import JournalWriter, OpenIntent
from contracts.runner.playing import Playing
from contracts.runner.triggers import RequestTrigger
from contracts.scenario import Item, Message, Perturbation, Scenario
from mockserver.control import Tenant
from mockserver.engine.model import WRITE_SCOPE

_CONTROLS: dict[type[Perturbation], Callable[[Tenant], object]] = {
    scenarios.EndSessions: lambda tenant: tenant.sessions.end_all(),
    scenarios.ExpireTokens: lambda tenant: tenant.tokens.expire(),
    scenarios.RevokeTokens: lambda tenant: tenant.tokens.revoke(),
    scenarios.RejectTokens: lambda tenant: tenant.reject_tokens(True),
    scenarios.AcceptTokens: lambda tenant: tenant.reject_tokens(False),
    scenarios.RevokeScope: lambda tenant: tenant.revoke_scope(WRITE_SCOPE),
    scenarios.GrantScope: lambda tenant: tenant.grant_scope(WRITE_SCOPE),
}
"""Perturbations that are one call of the control API, which journals them."""


class ScenarioRun(Playing):
    """Starts a client in an organisation and runs the items.

    The scenario ends with a client that had to be given up, because another one in its place would say nothing about it.
    `restart_client` tests a change of clients.
    """

    def __init__(self, clients: Clients, handler: WatchedHandler, tenant: Tenant, writer: JournalWriter) -> None:
        """Raises ClientError if no client can be made."""
        credentials = Credentials(tenant.client_id, tenant.client_secret)
        super().__init__(clients, credentials, handler, writer.returned, writer.latest)
        self._tenant, self._writer = tenant, writer
        handler.arrived = self._watch.arrived
        handler.strayed = partial(self._written.write, "page")
        self._intents = 0
        self._down = ""
        self._driver = clients.start(self._seat)

    def play(self, scenario: Scenario) -> None:
        """Run the items. Stops early if the client has to be given up."""
        for restarts, items in groupby(enumerate(scenario.items), key=lambda one: isinstance(one[1], scenarios.RestartClient)):
            run = partial(self._go_through, items)
            if not self._goes_through(run if restarts or self._driver is None else partial(self._driver.conduct, run)):
                return

    def _go_through(self, items: Iterable[tuple[int, Item]]) -> None:
        for place, item in items:
            if isinstance(item, scenarios.Send | scenarios.SendParallel):
                self._send(place, item)
            else:
                self._perturb(item)

    def _send(self, place: int, item: Item) -> None:
        intents = [self._intent(place, message) for message in scenarios.messages(item)]
        driver = self._driver
        if driver is None:
            for intent in intents:
                intent.began()
                intent.ended("failed", self._down)
            return
        triggers = [RequestTrigger(one.before, one.nth, partial(self._perturb, one.do)) for one in scenarios.triggers(item)]
        self._ask(driver, intents, item.schedule if isinstance(item, scenarios.SendParallel) else (), triggers)

    def _intent(self, place: int, message: Message) -> OpenIntent:
        self._intents += 1
        return OpenIntent(self._writer, self._intents - 1, place, message)

    def _perturb(self, perturbation: Perturbation) -> float:
        """Perturb the platform. Return how many seconds the request that is about to arrive is held up."""
        match perturbation:
            case scenarios.Advance():
                return self._advance(perturbation)
            case scenarios.RestartClient():
                self._writer.perturbed(perturbation)
                self._restart()
            case scenarios.Fault():
                self._add_fault(perturbation)
            case _:
                _CONTROLS[type(perturbation)](self._tenant)
        return 0.0

    def _advance(self, advance: scenarios.Advance) -> float:
        if self._clients.clock != "virtual":
            self._tenant.clock.advance(advance.seconds)
            self._clients.skip(advance.seconds)
            return 0.0
        if self._driver is not None and self._watch.is_open:
            # Everything that is due before the request arrives comes first, above all the client's own deadlines.
            self._writer.held_up(advance)
            self._driver.grant(advance.seconds)
            return advance.seconds
        self._writer.perturbed(advance)
        if self._driver is None:
            self._clients.skip(advance.seconds)
        else:
            self._driver.advance(advance.seconds)
        return 0.0

    def _restart(self) -> None:
        if self._driver is not None:
            self._driver.close()
        self._driver = None
        try:
            self._driver = self._clients.start(self._seat)
        except FactoryError as error:  # the platform may well be in a state in which no client can start
            self._down = describe(FactoryError(error.problem))

    def _add_fault(self, fault: scenarios.Fault) -> None:
        details: dict[str, Any] = {}
        if fault.kind == "status":
            names = ("status", "retry_after", "retry_after_form", "after_acting")
            details = {name: getattr(fault, name) for name in names}
        elif fault.kind == "latency":
            details = {"seconds": fault.seconds, "where": fault.where}
        elif fault.kind == "redirect":
            details = {"status": fault.status}
        elif fault.kind == "unusable_body":
            details = {"body": fault.body}
        self._tenant.faults.add(fault.kind, fault.operation, fault.times, **details)
