"""Workers and replicas over one store. Races for one session are in `tests/chaos`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contracts.judge import Status
from contracts.probe import ProbeOptions, probe
from contracts.probe.provider import at_url
from mockserver.stores.durability import warning
from tests.functional.serving import Serving
from tests.functional.talking import Talker, conversation
from tests.need import need
from tests.valkey import Server

pytestmark = pytest.mark.slow

PATIENT = {"DAYFLY_POLICY_IDLE_TIMEOUT": "3600", "DAYFLY_POLICY_TTL": "3600"}
CREDENTIALS = ("--client-id", "replicated", "--client-secret", "replicated-secret")


@pytest.fixture
def valkey() -> Iterator[Server]:
    with Server(need("valkey"), append_only=True) as server:
        yield server


@pytest.fixture
def forgetful_valkey() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


def replica(valkey: Server, *options: str) -> Serving:
    return Serving("--store", valkey.url, *CREDENTIALS, *options, variables=PATIENT)


def test_workers_share_sessions_and_credentials(valkey: Server) -> None:
    with Serving("--store", valkey.url, "--workers", "2") as serving:
        assert [conversation(serving.told) for _ in range(20)] == [[200, 200, 200, 403]] * 20
        assert serving.stop() == (0, "")
        assert serving.complaints() == ""


def test_while_the_store_is_away_it_says_so_and_afterwards_it_is_as_before(valkey: Server) -> None:
    with replica(valkey) as serving, Talker(serving.told) as talker:
        talker.login()
        spent, fresh = talker.session(), talker.session()
        assert talker.send(spent).status_code == 200
        valkey.kill()
        for _ in range(3):
            answer = talker.send(fresh)
            assert (answer.status_code, answer.json()["code"]) == (503, "service.unavailable")
            assert answer.json()["contextId"] == answer.headers["ININ-Correlation-Id"]
            assert talker.create().status_code == 503
            assert talker.login().status_code == 503
        valkey.start()
        assert [talker.send(fresh).status_code for _ in range(2)] == [200, 403]
        assert talker.send(spent).headers["Dayfly-Reason"] == "session.consumed"
        assert conversation(serving.told) == [200, 200, 200, 403]


@pytest.mark.parametrize("options", [CREDENTIALS, ()], ids=["given", "drawn"])
def test_an_emptied_store_starts_again_with_the_same_credentials(forgetful_valkey: Server, options: tuple[str, ...]) -> None:
    with Serving("--store", forgetful_valkey.url, *options) as serving, Talker(serving.told) as talker:
        talker.login()
        assert talker.create().status_code == 200
        forgetful_valkey.kill()
        forgetful_valkey.start()
        assert talker.create().status_code == 401
        assert conversation(serving.told) == [200, 200, 200, 403]


def test_a_store_that_cannot_be_reached_is_said_so_at_the_start(valkey: Server) -> None:
    valkey.kill()
    with pytest.raises(AssertionError, match="unavailable") as caught, replica(valkey):
        pass
    assert str(caught.value).count("\n") == 1


def test_a_store_that_may_forget_is_warned_of(valkey: Server, forgetful_valkey: Server) -> None:
    assert warning(valkey.url) is None
    assert warning("memory:") is None
    assert warning("redis://127.0.0.1:1/0") is None
    told = warning(forgetful_valkey.url)
    assert told is not None
    assert "has no append-only file" in told


AHEAD = """\
import runpy, time
real = time.time_ns
time.time_ns = lambda: real() + {nanoseconds}
runpy.run_module("contracts.cli", run_name="__main__")
"""


def replica_of_another_time(valkey: Server, seconds: float) -> Serving:
    """A replica whose system clock is so far ahead of the others' (behind, if negative)."""
    command = (sys.executable, "-c", AHEAD.format(nanoseconds=round(seconds * 1e9)), "serve")
    return Serving("--store", valkey.url, *CREDENTIALS, command=command)


@pytest.mark.parametrize("seconds", [0.5, -0.5, 86_400])
def test_replicas_go_by_the_stores_clock_whatever_theirs_show(valkey: Server, seconds: float) -> None:
    with replica_of_another_time(valkey, seconds) as odd, Serving("--store", valkey.url, *CREDENTIALS) as even:
        clock = f"{even.url}/__admin/organizations/default/clock"
        with Talker(odd.told) as there, Talker(even.told) as here:
            there.login()
            here.login()
            for first, second in ((here, there), (there, here)):
                for _ in range(5):
                    dead = first.session()
                    here.http.post(f"{clock}/advance", json={"seconds": 30}).raise_for_status()
                    alive = first.session()
                    refused = second.send(dead)
                    assert refused.headers["Dayfly-Reason"] == "session.idle"
                    assert second.send(alive).status_code == 200
                    explained = explanation(second, refused.headers["ININ-Correlation-Id"])
                    assert explained["session"]["first_cause"]["state"] == "idle"
                    assert explained["session"]["first_cause"]["before"] >= 0
            trace = here.http.get(f"{even.url}/__admin/organizations/default/trace").text.splitlines()
    stamps = [entry["at"] for entry in map(json.loads, trace) if entry["type"] in {"arrival", "answer"}]
    assert len(stamps) > 40
    assert stamps == sorted(stamps)


def explanation(talker: Talker, context_id: str) -> Any:
    return talker.http.get(f"/__admin/requests/{context_id}/explain").raise_for_status().json()


def test_a_probe_sees_replicas_whose_clocks_agree(valkey: Server) -> None:
    with (
        replica_of_another_time(valkey, 0.2) as odd,
        replica(valkey) as even,
        at_url(even.url, replicas=[odd.url]) as provider,
    ):
        report = probe(provider, ProbeOptions(seed=0, examples=0, clauses=("P13",)))
    assert {result.code: result.status for result in report.clauses} == {"P13": Status.HELD}


def test_signing_out_holds_at_every_replica_and_after_a_restart(valkey: Server) -> None:
    page, token = "/__admin/console/organizations/default", ("--admin-token", "a-token")
    with replica(valkey, *token) as one, replica(valkey, *token) as other:
        answer = httpx.post(f"{one.url}/__admin/console/login", data={"token": "a-token"})
        _, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")

        def seen_at(server: Serving) -> int:
            return httpx.get(server.url + page, cookies=cookie_of(server, value)).status_code

        word = re.search(r'name="form_word" value="([^"]+)"', httpx.get(one.url + page, cookies=cookie_of(one, value)).text)
        assert word is not None
        assert (seen_at(one), seen_at(other)) == (200, 200)
        httpx.post(f"{other.url}/__admin/console/logout", data={"form_word": word[1]}, cookies=cookie_of(other, value))
        assert (seen_at(one), seen_at(other)) == (303, 303)
    with replica(valkey, *token) as restarted:
        assert seen_at(restarted) == 303


def cookie_of(server: Serving, value: str) -> dict[str, str]:
    """The console's cookie for a server."""
    return {f"dayfly-console-{server.url.rpartition(':')[2]}": value}
