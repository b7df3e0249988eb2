"""A gateway sends the client to a page of its own in place of an answer."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answers `status` with a Location; the platform does not act."""
    return Effect(label=f"redirect {fault.status}", acts=False, status=fault.status, emptied=True)
