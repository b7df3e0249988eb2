"""The scenarios that a client is put through."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.protocol.scenario import Advance, DeclaredScenario, Do, End, Inject, Together
from contracts.protocol.walk import deaths, walk
from contracts.scenario import complexity, encode
from contracts.verify.declared import _spread
from mockserver.engine.model import Fault
from mockserver.platform import compile_platform, find
from mockserver.platform.model import Platform


def platform(name: str) -> Platform:
    return compile_platform(find(name), {}, name)


def test_what_a_kind_is_within_can_end_too() -> None:
    jenkins = deaths(platform("jenkins"))
    assert End("crumb") in jenkins
    assert End("websession") in jenkins
    assert Advance(1801) in jenkins


def test_something_dies_twice_so_that_a_successor_has_to_be_used() -> None:
    oauth = platform("oauth")
    (unit,) = (Do(name, dict(effect["with"])) for name, effect in oauth.effects.items())
    expired = Advance(3601)
    assert (unit, expired, unit, expired, unit) in [one.steps for one in walk(oauth, {"read": 1, "refreshToken": 1})]


def test_of_many_scenarios_those_in_which_credentials_end_go_first() -> None:
    scenarios = walk(platform("mcp"), {"initialize": 1, "notify": 1, "callTool": 1}, races=False)
    ends = [one for one in scenarios if not any(isinstance(step, Inject | Together) for step in one.steps)]
    chosen = _spread(scenarios, len(ends) + 5, 0)
    assert [one for one in chosen if one in ends] == ends
    assert len(chosen) == len(ends) + 5


def test_an_answer_is_simpler_than_none() -> None:
    lost, failed = Inject("read", Fault(kind="lost_request")), Inject("read", Fault(kind="status", status=503, retry_after=2))
    assert complexity(DeclaredScenario((failed, Do("read")))) < complexity(DeclaredScenario((lost, Do("read"))))
    assert complexity(DeclaredScenario((lost, Do("read")))) < complexity(DeclaredScenario((failed, Do("read"), Do("read"))))


def test_a_seed_chooses_among_the_others() -> None:
    scenarios = walk(platform("mcp"), {"initialize": 1, "notify": 1, "callTool": 1}, races=False)

    def faults(seed: int) -> set[bytes]:
        chosen = _spread(scenarios, 40, seed)
        return {encode(one) for one in chosen if any(isinstance(step, Inject) for step in one.steps)}

    assert faults(1) == faults(1)
    assert len(set().union(*(faults(seed) for seed in range(20)))) > 3 * len(faults(0))
    assert all(len(_spread(scenarios, most, seed)) == most for most in (0, 1, 7, 40) for seed in range(5))


def test_each_error_that_asks_for_a_wait_is_injected() -> None:
    mcp = platform("mcp")
    busy = replace(mcp.refused["503"], status=409, headers=(("Retry-After", "2"),))
    asks = Inject("callTool", Fault(kind="status", status=409, retry_after=2))
    unit = next(Do(name, dict(effect["with"])) for name, effect in mcp.effects.items())
    scenarios = walk(replace(mcp, refused={**mcp.refused, "409": busy}), {"callTool": 1}, races=False)
    assert (asks, unit) in [one.steps for one in scenarios]
    assert not any(asks in one.steps for one in walk(mcp, {"callTool": 1}, races=False))
