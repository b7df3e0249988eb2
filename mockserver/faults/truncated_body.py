"""A 200 whose body ends too early."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Cut the body of a 200; other answers arrive whole."""
    return Effect(label="truncated body", delivery="truncated", only_ok=True)
