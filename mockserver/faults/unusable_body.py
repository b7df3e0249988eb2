"""A complete 200 whose body is of no use to the client."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Replaces the body of a 200; the platform has acted, and other answers arrive as they are."""
    return Effect(label=f"200 with an unusable body: {fault.body}", body=fault.body)
