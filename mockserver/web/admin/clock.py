"""An organisation's clock."""

from __future__ import annotations

from mockserver.control import Control, Tenant
from mockserver.control.clock import ClockReading
from mockserver.web.admin.calls import Calls

CLOCK = "/organizations/<id>/clock"


def add(calls: Calls, _: Control) -> None:
    """Add the views. Times are in seconds since the epoch, or ISO 8601; None is now."""

    @calls.add("GET", CLOCK)
    def read_clock(tenant: Tenant) -> ClockReading:
        return tenant.clock.read()

    @calls.add("POST", f"{CLOCK}/advance")
    def advance_clock(tenant: Tenant, *, seconds: float) -> ClockReading:
        tenant.clock.advance(seconds)
        return tenant.clock.read()

    @calls.add("POST", f"{CLOCK}/set")
    def set_clock(tenant: Tenant, *, at: float | str) -> ClockReading:
        tenant.clock.set(at)
        return tenant.clock.read()

    @calls.add("POST", f"{CLOCK}/freeze")
    def freeze_clock(tenant: Tenant, *, at: float | str | None = None) -> ClockReading:
        tenant.clock.freeze(at)
        return tenant.clock.read()

    @calls.add("POST", f"{CLOCK}/resume")
    def resume_clock(tenant: Tenant) -> ClockReading:
        tenant.clock.resume()
        return tenant.clock.read()
