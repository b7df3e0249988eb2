from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver.control import Tenant
from mockserver.errors import InvalidRequest
from mockserver.journal import Perturbed
from tests.mockserver.conftest import Mock


def test_a_fault_hits_as_often_as_it_says_and_only_its_operation(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    tenant.faults.add("status", "send", times=2, status=429, retry_after=3)
    assert mock.create().status_code == 200
    answers = [mock.send(session) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert tenant.faults.list() == []


def test_what_is_left_is_listed_in_seconds(tenant: Tenant, mock: Mock) -> None:
    tenant.faults.add("latency", seconds=1.5, where="after", times=None)
    tenant.faults.add("opaque_403", times=3)
    session = mock.session()
    assert tenant.faults.list() == [
        {"kind": "latency", "operation": None, "times": None, "probability": 1.0, "where": "after", "seconds": 1.5},
        {"kind": "opaque_403", "operation": "send", "times": 3, "probability": 1.0},
    ]
    tenant.faults.replace(tenant.faults.list()[1:])
    mock.send(session)
    assert [fault["times"] for fault in tenant.faults.list()] == [2]


def test_chances_repeat_with_their_seed(tenant: Tenant, mock: Mock) -> None:
    def draw(seed: int) -> list[int]:
        tenant.faults.replace([{"kind": "status", "times": None, "probability": 0.5}], seed)
        return [mock.create().status_code for _ in range(20)]

    assert draw(1) == draw(1) != draw(2)


def test_cleared_faults_hit_nobody(tenant: Tenant, mock: Mock) -> None:
    tenant.faults.add("lost_request")
    with pytest.raises(httpx.ConnectError):
        mock.create()
    tenant.faults.add("lost_request", times=None)
    assert tenant.faults.clear() == 1
    assert mock.create().status_code == 200


def test_all_of_it_is_journalled(tenant: Tenant) -> None:
    tenant.faults.add("lost_response", "create")
    tenant.faults.clear()
    tenant.faults.clear()
    tenant.faults.replace([], seed=7)
    assert [(entry.what, entry.detail) for entry in tenant.trace() if isinstance(entry, Perturbed)] == [
        ("fault", {"kind": "lost_response", "operation": "create", "times": 1, "probability": 1.0}),
        ("clear_faults", {}),
        ("set_faults", {"faults": [], "seed": 7}),
    ]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"kind": "earthquake"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": []}, "kind"),
        ({"kind": "opaque_403", "operation": "create"}, "operation"),
        ({"kind": "status", "operation": "delete"}, "operation"),
        ({"kind": "status", "operation": ["send"]}, "operation"),
        ({"kind": "status", "times": 0}, "times"),
        ({"kind": "status", "times": 1.5}, "times"),
        ({"kind": "status", "times": True}, "times"),
        ({"kind": "status", "probability": 0}, "probability"),
        ({"kind": "status", "probability": 1.01}, "probability"),
        ({"kind": "status", "probability": float("nan")}, "probability"),
        ({"kind": "status", "status": 399}, "status"),
        ({"kind": "status", "status": 600}, "status"),
        ({"kind": "status", "status": "503"}, "status"),
        ({"kind": "status", "retry_after": -1}, "retry_after"),
        ({"kind": "status", "retry_after": 0.5}, "retry_after"),
        ({"kind": "status", "after_acting": 1}, "after_acting"),
        ({"kind": "latency"}, "seconds"),
        ({"kind": "latency", "seconds": 0}, "seconds"),
        ({"kind": "latency", "seconds": float("inf")}, "seconds"),
        ({"kind": "latency", "seconds": 1, "where": "during"}, "where"),
        ({"kind": "latency", "seconds": 1, "status": 503}, "status"),
        ({"kind": "lost_request", "seconds": 1}, "seconds"),
        ({"kind": "lost_request", "milliseconds": 1}, "milliseconds"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tenant: Tenant, fault: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        tenant.faults.append(fault)
    assert caught.value.field == field
    assert tenant.faults.list() == []


def test_there_is_a_bound(tenant: Tenant) -> None:
    tenant.faults.replace([{"kind": "lost_request"}] * 1000)
    with pytest.raises(InvalidRequest, match="at most 1000"):
        tenant.faults.add("lost_request")
