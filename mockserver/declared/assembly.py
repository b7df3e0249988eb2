"""A declared platform's mock in the parts that the control API and the console work on."""

from __future__ import annotations

from mockserver.assemble import Assembly
from mockserver.declared.entries import ACCEPTED, INJECTED
from mockserver.declared.explain import explanation
from mockserver.declared.mock import Mock
from mockserver.engine.model import Reason
from mockserver.explain import Explanation
from mockserver.journal_queries import Vocabulary
from mockserver.platform.model import Platform
from mockserver.service import PlatformService as Service
from mockserver.settings import Settings


class DeclaredAssembly(Assembly):
    """The parts of a mock of a declared platform."""

    def __init__(self, mock: Mock, settings: Settings) -> None:
        self.mock, self.settings, self.ids = mock, settings, mock.ids
        self.store, self.platform = mock.store, mock.service
        self.platform.hide = mock.hide
        self.vocabulary = vocabulary(mock.platform)
        self.declared, self.digest = mock.platform.name, mock.platform.digest
        self.explain = self._explained

    def _explained(self, context_id: str) -> Explanation:
        return explanation(self.mock, context_id)

    def restore_default(self, platform: Service) -> None:  # noqa: ARG002 - the mock has its own
        """Write what the store lacks."""
        self.mock.restore()

    def close(self) -> None:
        self.store.close()


def vocabulary(platform: Platform) -> Vocabulary:
    reasons = [ACCEPTED, INJECTED, *(reason.value for reason in FAILURES)]
    for operation in platform.operations.values():
        for guard in operation.guards:
            kind = platform.kinds.get(guard)
            causes = BODY_ROWS if guard == "body" else (guard,) if kind is None else tuple(kind.refused)
            reasons += [f"{guard}.{cause}" for cause in causes]
        reasons += ["operation.operation"] if operation.refuses else []
    reasons += [f"{row}.{row}" for row in ("route", "method") if row in platform.refused]
    return Vocabulary(tuple(platform.operations), tuple(dict.fromkeys(reasons)))


FAILURES = (Reason.INTERNAL, Reason.BUSY, Reason.STORE_UNAVAILABLE, Reason.STORE_CONTENDED)
"""Reasons of answers that the mock gives for itself."""

BODY_ROWS = ("media", "size", "json", "body")
"""The rows by which the body's guard refuses."""
