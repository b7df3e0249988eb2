"""A gateway that redirects the client to a page of its own instead of answering."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answer `status` with a Location header; the platform does not act."""
    return Effect(label=f"redirect {fault.status}", acts=False, status=fault.status, emptied=True)
