"""A lost answer: the platform acts, but the connection closes before any byte of its answer."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """The platform acts, and the client gets no answer."""
    return Effect(label="lost response", delivery="lost_response")
