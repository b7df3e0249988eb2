"""An organisation's faults to come."""

from __future__ import annotations

from typing import Any

from mockserver.control import Control, Tenant
from mockserver.web.admin.calls import Calls

FAULTS = "/organizations/<id>/faults"


def add(calls: Calls, _: Control) -> None:
    @calls.add("GET", FAULTS)
    def list_faults(tenant: Tenant) -> dict[str, Any]:
        return {"faults": tenant.faults.list()}

    @calls.add("POST", FAULTS, 201)
    def add_fault(tenant: Tenant, /, **fault: Any) -> dict[str, Any]:
        return tenant.faults.append(fault)

    @calls.add("PUT", FAULTS)
    def replace_faults(tenant: Tenant, *, faults: list[dict[str, Any]], seed: int = 0) -> dict[str, Any]:
        return {"faults": tenant.faults.replace(faults, seed)}

    @calls.add("DELETE", FAULTS)
    def clear_faults(tenant: Tenant) -> dict[str, Any]:
        return {"count": tenant.faults.clear()}
