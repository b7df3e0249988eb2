"""An error in place of the platform's answer, before or after the platform acts."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answer `status`, with Retry-After if one is given."""
    when = " after acting" if fault.after_acting else ""
    form = fault.retry_after_form
    wait = "" if fault.retry_after is None or form in {"malformed", "absent"} else f", Retry-After {fault.retry_after}"
    written = "" if form == "seconds" else f", Retry-After {form}" if not wait else f" as a {form}"
    return Effect(
        label=f"status {fault.status}{when}{wait}{written}",
        acts=fault.after_acting,
        status=fault.status,
        retry_after=fault.retry_after,
        retry_after_form=form,
    )
