"""Recordings on whose way the policy was changed: each request is made under the policy of its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from contracts.platform_requests import ClientCredentials, for_message, for_session, for_token
from contracts.replay import ReproductionReport, reproduce
from contracts.replay.traces import of_entries
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.engine.model import Policy
from mockserver.ids import Ids
from mockserver.journal import Perturbed
from mockserver.settings import Settings
from mockserver.wire import Request

START = 1_767_261_600_000


class Life:
    """An organisation with a client that uses a session at an age."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.now = START
        self.assembly = assemble(Settings(), system=lambda: self.now, ids=Ids.seeded(0))
        control = Control(self.assembly)
        self.tenant = control.create_organization(policy=policy)
        control.assign_strays_to(self.tenant.id)
        client = self.tenant.clients.create(name="x")
        self._login = for_token(ClientCredentials(client.client_id, client.client_secret))

    def use(self, seconds: float) -> None:
        """Logs in, creates a session, waits and sends."""
        shown = f"Bearer {self._told(self._login)['access_token']}"
        session = self._told(for_session(shown)).get("webChatSessionId", "none")
        self.now += round(seconds * 1000)
        self.assembly.handler.handle(for_message(shown, session))

    def _told(self, request: Request) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.assembly.handler.handle(request).body))

    def report(self, policy: Policy | None = None, *, tells_former: bool = True) -> ReproductionReport:
        """The recording, reproduced. Changes of an older journal do not tell which values they replaced."""
        entries = (
            replace(entry, former={}) if isinstance(entry, Perturbed) and not tells_former else entry
            for entry in self.tenant.trace()
        )
        return reproduce(of_entries(entries, "x.jsonl"), policy)


@contextmanager
def life(**policy: Any) -> Iterator[Life]:
    lived = Life(policy)
    with lived.assembly:
        yield lived


def statuses(report: ReproductionReport) -> list[int | None]:
    return [result.reproduced.status for result in report.results if result.request == "send"]


def told(report: ReproductionReport) -> list[str]:
    return [problem.text for problem in report.problems]


def test_a_policy_that_was_changed_is_changed_at_its_time() -> None:
    with life() as lived:
        lived.use(20)
        lived.tenant.set_policy({"idle_timeout": 10})
        lived.use(20)
        lived.tenant.set_policy({"idle_timeout": 40})
        lived.use(35)
        report, older = lived.report(), lived.report(tells_former=False)
    for one in (report, older):
        assert (statuses(one), one.differing) == ([200, 403, 200], [])
        assert (one.policy["idle_timeout"], one.policy_from) == (30, "as recorded, until it is changed")
    assert told(report) == []
    assert told(older) == [
        "the trace does not have the policy before this change; dayfly's default is assumed (idle_timeout 30), "
        "--policy sets another"
    ]


def test_a_change_tells_what_was_in_force_before() -> None:
    with life(idle_timeout=100) as lived:
        lived.use(60)
        lived.tenant.set_policy({"idle_timeout": 10})
        lived.use(20)
        lived.tenant.set_policy({"idle_timeout": 5, "ttl": 600})
        report = lived.report()
    assert (statuses(report), report.differing, told(report)) == ([200, 403], [], [])
    assert (report.policy["idle_timeout"], report.policy["ttl"]) == (100, 300)


def test_what_was_in_force_before_can_be_told() -> None:
    with life(idle_timeout=100) as lived:
        lived.use(60)
        lived.tenant.set_policy({"idle_timeout": 10})
        lived.use(20)
        assert [result.request for result in lived.report(tells_former=False).differing] == ["send"]
        report = lived.report(Policy(idle_timeout=100_000), tells_former=False)
    assert (statuses(report), report.differing, told(report)) == ([200, 403], [], [])


def test_a_policy_that_was_set_before_anybody_asked_is_no_matter() -> None:
    with life() as lived:
        lived.tenant.set_policy({"idle_timeout": 10})
        lived.use(20)
        report = lived.report()
    assert (statuses(report), report.differing, told(report)) == ([403], [], [])


@pytest.mark.parametrize("scope", ["another:scope", "webchat:session:write"])
def test_a_scope_that_is_asked_for_later_is_missing_from_then_on(scope: str) -> None:
    with life() as lived:
        lived.use(1)
        lived.tenant.set_policy({"send_scopes": [scope]})
        lived.use(1)
        report = lived.report()
    assert report.differing == []
    assert [result.taken for result in report.results if result.taken is not None] == []
