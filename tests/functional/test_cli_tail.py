"""`dayfly tail`, on a server that runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from functools import partial

import httpx
import pytest

from tests.functional.conftest import Dayfly
from tests.functional.serving import Serving
from tests.functional.talking import Talker, conversation

TAIL = (sys.executable, "-m", "contracts.cli", "tail")


@pytest.fixture
def tail(dayfly: Dayfly) -> Dayfly:
    return partial(dayfly, "tail")


def test_what_was_there_is_told_in_lines_and_in_json(tail: Dayfly) -> None:
    with Serving() as server:
        conversation(server.told)
        lines = tail(server.url, "--no-follow").stdout.splitlines()
        refused = tail(server.url, "--no-follow", "--json", "--status", "403").stdout.splitlines()

    assert [line.split()[1:3] for line in lines[:4]] == [["200", "token"], ["200", "create"], ["200", "send"], ["403", "send"]]
    assert "session.consumed" in lines[3]
    told = [json.loads(line) for line in refused]
    assert [exchange["reason"] for exchange in told] == ["session.consumed"]
    assert lines[4].split() == ["contextId", told[0]["context_id"]]


def test_what_comes_is_told_as_it_happens_until_it_is_interrupted() -> None:
    with Serving("--admin-token", "a-token") as server, Talker(server.told) as talker:
        talker.login()
        command = [*TAIL, server.url, "--admin-token", "a-token"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert "token" in process.stdout.readline()  # it has begun
            talker.create()
            assert "create" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate()
    assert (process.returncode, rest, errors.strip()) == (130, "", "")


def test_a_journal_that_begins_anew_is_followed_from_its_beginning() -> None:
    with Serving() as server, Talker(server.told) as talker:
        talker.login()
        seen = {"Last-Event-ID": "4711"}
        with talker.http.stream("GET", "/__admin/organizations/default/requests?follow", headers=seen) as stream:
            assert any('"operation":"token"' in line for line in stream.iter_lines())


def test_an_unknown_organisation_and_a_wrong_token_end_in_words(tail: Dayfly) -> None:
    with Serving("--admin-token", "a-token") as server:
        refused = tail(server.url, "--admin-token", "another")
        unknown = tail(server.url, "--admin-token", "a-token", "--organization", "nobody")
    assert (refused.returncode, unknown.returncode) == (2, 2)
    assert "the control API requires its token" in refused.stderr
    assert "no organization 'nobody'" in unknown.stderr


def test_a_request_that_names_no_organisation_is_not_lost_from_sight(tail: Dayfly) -> None:
    with Serving() as server, Talker(server.told) as talker:
        talker.login()
        url, made_up = f"{server.url}/api/v2/conversations/webchat/sessions", {"Authorization": "Bearer made-up"}
        httpx.post(url, headers=made_up)
        shown = tail(server.url, "--no-follow")
        assert "auth.unknown" in shown.stdout
        assert shown.stderr == ""
        httpx.post(f"{server.url}/__admin/organizations")
        counted = tail(server.url, "--no-follow")
        assert "auth.unknown" not in counted.stdout
        assert counted.stderr == "1 request names no organisation, see: dayfly tail --organization unassigned\n"


def following(server: Serving) -> subprocess.Popen[str]:
    """Start `dayfly tail`, and wait until it has told what was there."""
    process = subprocess.Popen([*TAIL, server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "token" in process.stdout.readline()
    return process


def lose_one(server: Serving) -> None:
    httpx.post(f"{server.url}/api/v2/conversations/webchat/sessions", headers={"Authorization": "Bearer made-up"})


def test_while_following_too() -> None:
    with Serving() as server, Talker(server.told) as talker:
        talker.login()
        with following(server) as process:
            assert process.stdout is not None
            lose_one(server)
            assert "auth.unknown" in process.stdout.readline()
            assert "contextId" in process.stdout.readline()
            talker.create()
            assert "create" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate()
            assert (rest, errors.strip()) == ("", "")


def test_with_more_organisations_they_are_counted_while_following() -> None:
    with Serving() as server, Talker(server.told) as talker:
        talker.login()
        httpx.post(f"{server.url}/__admin/organizations")
        lose_one(server)
        with following(server) as process:
            assert process.stderr is not None
            told = "names no organisation, see: dayfly tail --organization unassigned\n"
            assert process.stderr.readline() == f"1 request {told}"
            for _ in range(3):
                lose_one(server)
            assert process.stderr.readline().startswith("2 requests name")
            assert process.stderr.readline().startswith("4 requests name")
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate()
            assert (rest, errors.strip()) == ("", "")
