"""The judge of clients of an ephemeral-session platform, and the tools that put clients to the test.

The names in `__all__` are the package's public surface; everything else may change. Each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.errors import ContractsError
    from contracts.pytest_plugin import contract_test
    from contracts.verify import (
        ContractViolated,
        NothingExercised,
        ProtocolViolated,
        verify_client,
        verify_protocol,
    )

__all__ = [
    "ContractViolated",
    "ContractsError",
    "NothingExercised",
    "ProtocolViolated",
    "contract_test",
    "verify_client",
    "verify_protocol",
]

_HOMES = {
    "ContractViolated": "contracts.verify",
    "ContractsError": "contracts.errors",
    "NothingExercised": "contracts.verify",
    "ProtocolViolated": "contracts.verify",
    "contract_test": "contracts.pytest_plugin",
    "verify_client": "contracts.verify",
    "verify_protocol": "contracts.verify",
}

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
