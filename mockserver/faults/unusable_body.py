"""A complete 200 whose body the client cannot use."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Replace the body of a 200, after the platform has acted. Other answers are unchanged."""
    return Effect(label=f"200 with an unusable body: {fault.body}", body=fault.body)
