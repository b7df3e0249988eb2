"""The platform of a test: an organisation of its own."""

from __future__ import annotations

from contracts.pytest_platform.reached import Reached, Served
from contracts.report.model import Counterexample, Report
from contracts.verify import Options, check
from mockserver.control import Tenant
from mockserver.wire import Serving


class Platform(Reached):
    """An organisation, with its credentials: `id`, `client_id`, `client_secret`.

    `sessions`, `tokens`, `clients`, scopes and policy of it are those of `mockserver.control.Tenant`.
    """

    def __init__(self, tenant: Tenant, handler: Serving, served: Served | None = None) -> None:
        super().__init__(tenant, handler, served)
        self._name = tenant.name
        self.id, self.client_id, self.client_secret = tenant.id, tenant.client_id, tenant.client_secret
        self.sessions, self.tokens, self.clients = tenant.sessions, tenant.tokens, tenant.clients
        self.policy, self.set_policy = tenant.policy, tenant.set_policy
        self.grant_scope, self.revoke_scope, self.reject_tokens = tenant.grant_scope, tenant.revoke_scope, tenant.reject_tokens
        self.reset = tenant.reset

    def _judged(self, options: Options) -> Report:
        return check(self._name, tuple(self.trace()), options, source="test")

    def _course(self) -> Counterexample | None:
        trace = tuple(self.trace())
        return Counterexample(message="", evidence=(), trace=trace) if len(trace) > 1 else None
