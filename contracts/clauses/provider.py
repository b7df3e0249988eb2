"""The demands on a provider: the platform, a mock of it, or a set of replicas. `contracts.probe` checks them.

`provider.toml` in this directory words them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from contracts.formats import table
from contracts.judge import Requirement, Subject


@dataclass(frozen=True, kw_only=True)
class ProviderClause(Requirement):
    """A named demand on a provider. `needs` says what must be there besides credentials; empty if they are enough."""

    subject: ClassVar[Subject] = "provider"

    needs: str = ""


PROVIDER_CLAUSES = tuple(
    ProviderClause(code=code, **told) for code, told in table("contracts.clauses", "provider.toml").items()
)
"""The catalogue, in the order in which verdicts are reported."""
