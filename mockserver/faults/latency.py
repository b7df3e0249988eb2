"""A wait before or after the platform acts."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Wait `milliseconds` on the side given by `where`."""
    label = f"latency {fault.milliseconds / 1000:g} s {fault.where} acting"
    if fault.where == "before":
        return Effect(label=label, before=fault.milliseconds)
    return Effect(label=label, after=fault.milliseconds)
