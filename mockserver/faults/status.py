"""An error answer in place of the platform's own: before it acts, or after it acted."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answers `status`, with Retry-After where one is given."""
    when = " after acting" if fault.after_acting else ""
    wait = "" if fault.retry_after is None else f", Retry-After {fault.retry_after}"
    label = f"status {fault.status}{when}{wait}"
    return Effect(label=label, acts=fault.after_acting, status=fault.status, retry_after=fault.retry_after)
