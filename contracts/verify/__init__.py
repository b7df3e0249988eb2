"""Verification of a client: scenarios, runs, verdicts, the smallest counterexamples, and a report."""

from contracts.judge.selection import UnknownClause
from contracts.verify.client import verify_client, verify_protocol
from contracts.verify.errors import ContractViolated, NothingExercised, ProtocolViolated
from contracts.verify.recorded import check
from contracts.verify.run import Options, replay, select, verify

__all__ = [
    "ContractViolated",
    "NothingExercised",
    "Options",
    "ProtocolViolated",
    "UnknownClause",
    "check",
    "replay",
    "select",
    "verify",
    "verify_client",
    "verify_protocol",
]
