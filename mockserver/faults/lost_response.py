"""The platform acts and its answer is lost: the connection closes before any byte of it."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """The platform acts, and nothing comes back."""
    return Effect(label="lost response", delivery="lost_response")
