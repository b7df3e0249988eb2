"""Time passes around the platform: before it acts, or after it acted."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Waits `milliseconds` on the side that `where` says."""
    label = f"latency {fault.milliseconds / 1000:g} s {fault.where} acting"
    if fault.where == "before":
        return Effect(label=label, before=fault.milliseconds)
    return Effect(label=label, after=fault.milliseconds)
