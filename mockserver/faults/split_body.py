"""An answer that arrives in two pieces. A correct client does not notice."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """The platform acts, and its answer is complete."""
    return Effect(label="body in two pieces", split=True)
