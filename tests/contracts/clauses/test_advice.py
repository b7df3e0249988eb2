"""Advice that names a library is followed to the letter here, and acquits the client over several seeds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from tenacity import retry, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_exponential_jitter, wait_fixed, wait_random_exponential
from urllib3.util import Retry

from contracts.clauses import CLAUSES
from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.verify import Options, verify
from mockserver.explain.advice import ADVICE
from tests.contracts.small import SESSIONS, TOKEN, Small

pytestmark = pytest.mark.slow

SEEDS = range(3)
LIBRARIES = ("tenacity", "urllib3", "requests", "httpx", "aiohttp", "backoff", "stamina", "undici", "axios", "got")
TRIED = {("R4", "tenacity"), ("R6", "tenacity"), ("R6", "urllib3")}
"""Advice that a test below follows: a clause, and the library that its advice tells how to use."""


def may_pass(error: BaseException) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code >= 500


def with_tenacity(wait: wait_base, attempts: int = 5) -> Callable[[Any], Small]:
    """A client that tries its token call and its create again, as tenacity does with these settings."""
    again = retry(retry=retry_if_exception(may_pass), wait=wait, stop=stop_after_attempt(attempts), reraise=True)

    class Client(Small):
        @again
        def log_in(self) -> str:
            return super().log_in()

        def create(self, guest: Any) -> str:
            self.bearer()  # a login within the create would be tried again by both, five times five
            return self.try_to_create(guest)

        @again
        def try_to_create(self, guest: Any) -> str:
            return super().create(guest)

    return Client


class PausingRetry(Retry):
    """As R6 advises."""

    def get_backoff_time(self) -> float:
        return max(0.5, super().get_backoff_time())


def with_urllib3(kind: type[Retry], **options: Any) -> Callable[[Any], Small]:
    """A client on requests whose token call and create are tried again by urllib3; a send never is."""

    class Client(Small):
        def __init__(self, platform: Any) -> None:
            self.platform, self.http, self.token = platform, requests.Session(), None
            policy = kind(total=3, status_forcelist=range(500, 600), allowed_methods=None, raise_on_status=False, **options)
            for path in (TOKEN, SESSIONS):
                self.http.mount(platform.base_url + path, HTTPAdapter(max_retries=policy))

        def log_in(self) -> str:
            pair = (self.platform.client_id, self.platform.client_secret)
            form = {"grant_type": "client_credentials"}
            answer = self.http.post(self.platform.base_url + TOKEN, auth=pair, data=form, timeout=30)
            answer.raise_for_status()
            return str(answer.json()["access_token"])

        def post(self, path: str, body: Any) -> Any:
            bearer = {"Authorization": f"Bearer {self.bearer()}"}
            answer = self.http.post(self.platform.base_url + path, json=body, headers=bearer, timeout=30)
            answer.raise_for_status()
            return answer.json()

    return Client


def ending(factory: Any, code: str, seed: int, *, socket: bool = False) -> Status:
    options = Options(seed=seed, examples=20 if code == "R6" else 100, clauses=(code,))
    report = verify("client", PythonClients(factory, socket=socket), options)
    return report.clauses[0].status


ADVISED = {
    "exponential": wait_exponential_jitter(),
    "fixed and random": wait_fixed(0.1) + wait_random_exponential(),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("wait", ADVISED.values(), ids=ADVISED.keys())
def test_waits_by_tenacity_as_advised_keep_r6(wait: wait_base, seed: int) -> None:
    assert ending(with_tenacity(wait), "R6", seed) is Status.HELD


def test_a_wait_that_may_be_zero_breaks_r6() -> None:
    drawn_low = wait_random_exponential(multiplier=0.05)
    assert ending(with_tenacity(drawn_low), "R6", 0) is Status.VIOLATED


@pytest.mark.parametrize("seed", SEEDS)
def test_attempts_bounded_by_tenacity_keep_r4(seed: int) -> None:
    assert ending(with_tenacity(wait_fixed(1)), "R4", seed) is Status.HELD


def test_more_attempts_break_r4() -> None:
    assert ending(with_tenacity(wait_fixed(1), attempts=50), "R4", 0) is Status.VIOLATED


@pytest.mark.parametrize("seed", SEEDS)
def test_urllib3_with_a_pause_of_its_own_keeps_r6(seed: int) -> None:
    assert ending(with_urllib3(PausingRetry), "R6", seed, socket=True) is Status.HELD


def test_urllib3_does_not_wait_before_its_first_retry_whatever_the_factor() -> None:
    assert ending(with_urllib3(Retry, backoff_factor=5), "R6", 0, socket=True) is Status.VIOLATED


def test_advice_quotes_what_is_tried_here() -> None:
    (r6,) = (clause for clause in CLAUSES if clause.code == "R6")
    (r4,) = (clause for clause in CLAUSES if clause.code == "R4")
    told = " ".join((*r4.advice, *r6.advice))
    quoted = ["stop_after_attempt(5)", "wait_exponential_jitter()", "wait_fixed(0.1) + wait_random_exponential()"]
    assert [code for code in quoted if f"`{code}`" not in told] == []
    assert "`return max(0.5, super().get_backoff_time())`" in told


def test_no_other_advice_tells_how_to_use_a_library() -> None:
    """New advice of this kind needs a test that follows it."""
    named = re.compile(rf"\bIn ({'|'.join(LIBRARIES)})\b")
    mentioned = {(clause.code, name) for clause in CLAUSES for advice in clause.advice for name in named.findall(advice)}
    assert mentioned == TRIED
    assert not [advice for told in ADVICE.values() for advice in told if named.search(advice)]
