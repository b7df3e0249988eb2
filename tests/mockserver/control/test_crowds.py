"""Many calls that change the same record at once: all are answered, and counted exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mockserver.assemble import Assembly
from mockserver.control import Tenant
from mockserver.settings import Settings
from tests.mockserver.conftest import Mock

CALLERS = 16


def crowd(call: Callable[[int], httpx.Response], times: int) -> Counter[str]:
    """The reasons (or statuses, for answers 200) that so many calls get, made at once."""
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(call, range(times)))
    return Counter(answer.headers.get("Dayfly-Reason", str(answer.status_code)) for answer in answers)


def test_a_rate_limit_lets_exactly_as_many_pass_as_it_says(tenant: Tenant, mock: Mock) -> None:
    tenant.set_policy({"rate_limit_per_minute": 150, "token_idle_timeout": 60})
    assert crowd(lambda _: mock.create(), 300) == {"200": 150, "rate.limited": 150}


def test_refusals_of_dead_sessions_are_counted_too(tenant: Tenant, mock: Mock) -> None:
    tenant.set_policy({"rate_limit_per_minute": 50})
    assert crowd(lambda _: mock.send("prev-session-uuid"), 100) == {"session.unknown": 50, "rate.limited": 50}


def test_tokens_that_are_used_at_once_are_not_idle(tenant: Tenant, mock: Mock) -> None:
    tenant.set_policy({"token_idle_timeout": 60})
    assert crowd(lambda _: mock.create(), 200) == {"200": 200}


def test_a_client_that_logs_in_at_once_keeps_as_many_tokens_as_it_may(tenant: Tenant, mock: Mock) -> None:
    tenant.set_policy({"max_tokens_per_client": 10})
    assert crowd(lambda _: mock.login(), 100) == {"200": 100}
    states = Counter(token.state for token in tenant.tokens.list(limit=1000))
    assert states == {"active": 10, "evicted": 91}


def test_a_bound_that_comes_after_many_tokens_evicts_all_but_the_newest(tenant: Tenant, mock: Mock) -> None:
    for _ in range(40):
        mock.login()
    tenant.set_policy({"max_tokens_per_client": 1})
    assert Counter(token.state for token in tenant.tokens.list()) == {"active": 41}
    assert mock.login().status_code == 200
    assert [token.state for token in tenant.tokens.list()] == ["evicted"] * 41 + ["active"]
    assert tenant.tokens.revoke() == 1


def test_each_fault_hits_as_often_as_it_says(tenant: Tenant, mock: Mock) -> None:
    tenant.faults.add("status", "create", times=60, status=500)
    tenant.faults.add("status", "send", times=7, status=500)
    tenant.faults.add("status", "create", times=60, status=429)
    hit = crowd(lambda _: mock.create(), 200)
    assert hit == {"fault.injected": 120, "200": 80}
    assert [fault["times"] for fault in tenant.faults.list()] == [7]


def test_chances_are_drawn_one_after_the_other(tenant: Tenant, mock: Mock) -> None:
    """So a seed gives as many hits in a crowd as it gives to one caller."""

    def hits(call: Callable[[Callable[[int], httpx.Response], int], Counter[str]]) -> int:
        tenant.faults.replace([{"kind": "status", "times": None, "probability": 0.3}], seed=7)
        return call(lambda _: mock.create(), 100)["fault.injected"]

    def one_by_one(call: Callable[[int], httpx.Response], times: int) -> Counter[str]:
        return Counter(call(number).headers.get("Dayfly-Reason", "200") for number in range(times))

    assert hits(crowd) == hits(one_by_one) > 0


def test_a_session_with_many_handshakes_takes_them_all(tenant: Tenant, mock: Mock) -> None:
    tenant.set_policy({"handshakes": 150})
    session = mock.session()
    assert crowd(lambda _: mock.send(session), 200) == {"200": 150, "session.consumed": 50}


def test_a_record_that_keeps_changing_does_not_look_like_a_lost_store(
    mock: Mock, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = mock.session()
    monkeypatch.setattr(assembly.store, "commit", lambda *_, **__: False)
    answer = mock.send(session)
    assert (answer.status_code, answer.headers["Dayfly-Reason"]) == (503, "store.contended")


class TestCapacity:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(max_live_sessions=100)

    def test_it_is_never_exceeded(self, tenant: Tenant, mock: Mock) -> None:
        assert crowd(lambda _: mock.create(), 200) == {"200": 100, "capacity.sessions": 100}
