"""Verification of a client: scenarios, runs, verdicts, the smallest counterexamples, and a report."""

from contracts.verify.client import verify_client, verify_protocol
from contracts.verify.errors import ContractViolated, NothingExercised, ProtocolViolated, UnknownClause
from contracts.verify.recorded import check
from contracts.verify.run import Options, replay, select, select_from, verify

__all__ = [
    "ContractViolated",
    "NothingExercised",
    "Options",
    "ProtocolViolated",
    "UnknownClause",
    "check",
    "replay",
    "select",
    "select_from",
    "verify",
    "verify_client",
    "verify_protocol",
]
