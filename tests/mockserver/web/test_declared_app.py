"""The application of a declared platform: its control API, the console and the pages of other origins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from mockserver.declared.mock import Mock, Registered
from mockserver.ids import pseudonym
from mockserver.platform import compile_platform, find
from mockserver.settings import Settings
from mockserver.web.declared import create_declared_app

CONTROL = "/__admin/organizations/default"
PAGES = "/__admin/console/organizations/default"
SECRET = "secret-of-the-client"


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    mock = Mock(compile_platform(find("oauth")), registered={"client": Registered("me", {"secret": SECRET})})
    app = create_declared_app(mock, Settings(cors=("http://page.test",)))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://localhost") as client:
        yield client


def token(http: httpx.Client) -> str:
    answer = http.post("/token", auth=("me", SECRET), data={"grant_type": "client_credentials"})
    return str(answer.json()["access_token"])


def read(http: httpx.Client, shown: str) -> httpx.Response:
    return http.get("/resource/x", headers={"Authorization": f"Bearer {shown}"})


def test_requests_are_found_counted_and_recorded_without_secrets(http: httpx.Client) -> None:
    good = token(http)
    assert [read(http, good).status_code, read(http, "made-up-by-the-client").status_code] == [200, 401]
    found = http.get(f"{CONTROL}/requests").json()["requests"]
    assert [one["reason"] for one in found] == ["access.unknown", "accepted", "accepted"]
    assert http.get(f"{CONTROL}/requests/count", params={"reason": "access"}).json() == {"count": 1}
    recording = http.get(f"{CONTROL}/trace").text
    assert good not in recording
    assert SECRET not in recording


@pytest.mark.parametrize(
    ("field", "value", "hint"), [("operation", "send", "clientToken"), ("reason", "acces", "did you mean")]
)
def test_a_filter_knows_the_words_of_the_platform(field: str, value: str, hint: str, http: httpx.Client) -> None:
    refused = http.get(f"{CONTROL}/requests", params={field: value})
    assert refused.status_code == 400
    assert hint in refused.text


def test_a_fault_is_planned_for_an_operation_of_the_platform(http: httpx.Client) -> None:
    good = token(http)
    assert http.post(f"{CONTROL}/faults", json={"kind": "status", "operation": "send"}).status_code == 400
    assert http.post(f"{CONTROL}/faults", json={"kind": "status", "operation": "read", "status": 503}).status_code == 201
    assert [read(http, good).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("times", 0, "from 1 to 1000000000"),
        ("skip", -1, "from 0 to 1000000000"),
        ("retry_after", -1, "from 0 to"),
        ("milliseconds", -1, "from 0 to"),
        ("probability", 0, "greater than 0, at most 1"),
        ("status", 200, "from 400 to 599"),
    ],
)
def test_a_fault_beyond_its_bounds_is_refused(field: str, value: int, hint: str, http: httpx.Client) -> None:
    answer = http.post("/__admin/faults", json={"kind": "status", "operation": "read", field: value})
    assert answer.status_code == 400
    assert (answer.json()["error"]["field"], hint in answer.json()["error"]["message"]) == (field, True)
    redirect = {"kind": "redirect", "operation": "read"}
    assert [http.post("/__admin/faults", json={**redirect, "status": one}).status_code for one in (302, 503)] == [201, 400]


def test_the_clock_is_one_however_it_is_moved(http: httpx.Client) -> None:
    good = token(http)
    http.post("/__admin/clock/freeze")
    http.post(f"{CONTROL}/clock/advance", json={"seconds": 3600})
    assert read(http, good).status_code == 401


@pytest.mark.parametrize("path", ["/__admin/clock", f"{CONTROL}/clock"])
@pytest.mark.parametrize("at", ["2100-01-01T00:00:00Z", 4102444800])
def test_the_clock_is_set_to_a_time_in_words_or_numbers(http: httpx.Client, path: str, at: float | str) -> None:
    assert http.post(f"{path}/freeze").status_code == 200
    assert http.post(f"{path}/set", json={"at": at}).status_code == 200
    assert http.get("/__admin/clock").json()["now"] == "2100-01-01T00:00:00.000Z"
    assert http.post(f"{path}/freeze", json={"at": "2100-01-02"}).status_code == 200
    wrong = http.post(f"{path}/set", json={"at": "tomorrow"})
    assert (wrong.status_code, "'tomorrow' is not a time; write it like" in wrong.text) == (400, True)


def test_the_console_shows_requests_with_their_explanations(http: httpx.Client) -> None:
    read(http, token(http))
    context = read(http, "made-up-by-the-client").headers["Dayfly-Context"]
    assert context in http.get(f"{PAGES}/requests").text
    page = http.get(f"{PAGES}/requests/{context}").text
    assert "was never issued here" in page
    assert "made-up-by-the-client" not in page
    assert http.get(PAGES).headers["Location"].endswith("/requests")


def test_the_console_shows_credentials_and_ends_them(http: httpx.Client) -> None:
    good = token(http)
    page = http.get(f"{PAGES}/credentials")
    assert "access token" in page.text
    assert good not in page.text
    assert http.post(f"{PAGES}/credentials/access/end").status_code == 303
    assert read(http, good).status_code == 401


def test_the_console_registers_a_credential_and_ends_one_in_each_way(http: httpx.Client) -> None:
    kept, other = token(http), token(http)
    page = f"{PAGES}/credentials"
    assert http.post(f"{page}/access/end", data={"which": pseudonym(other), "by": "expired"}).status_code == 303
    assert [read(http, one).status_code for one in (kept, other)] == [200, 401]
    states = [one["state"] for one in http.get("/__admin/credentials/access").json()["credentials"]]
    assert states == ["alive", "expired"]
    assert http.post(f"{page}/access", data={"named": "a-token-from-elsewhere"}).status_code == 303
    assert len(http.get("/__admin/credentials/access").json()["credentials"]) == 3
    assert http.post(f"{page}/access", data={"named": ""}).status_code == 400  # nobody would learn it
    assert http.post(f"{page}/client", data={"named": "somebody-else"}).status_code == 400
    assert http.post(f"{page}/access/end", data={"by": "evicted"}).status_code == 400
    assert "That is not there" in http.post(f"{page}/acess/end").text
    notes = [line["what"] for line in map(json.loads, http.get(f"{CONTROL}/trace").text.splitlines()) if "what" in line]
    assert notes == ["end", "register"]


def test_the_console_of_a_declared_platform_speaks_its_words_alone(http: httpx.Client) -> None:
    context = read(http, "made-up-by-the-client").headers["Dayfly-Context"]
    for page in ("requests", f"requests/{context}", "credentials", "faults"):
        shown = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", http.get(f"{PAGES}/{page}").text, flags=re.DOTALL)
        assert re.findall(r"\b[Gg]uests?\b|\b[Ss]essions?\b|\b[Mm]essages?\b|\bsends?\b", shown) == []


@pytest.mark.parametrize("page", ["requests", "credentials", "faults", "sessions", "access"])
def test_each_page_of_the_console_answers(page: str, http: httpx.Client) -> None:
    assert http.get(f"{PAGES}/{page}").status_code == (404 if page in {"sessions", "access"} else 200)


def test_a_page_of_an_allowed_origin_may_read_the_answer_and_no_other_may(http: httpx.Client) -> None:
    allowed = http.get("/resource/x", headers={"Origin": "http://page.test"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "http://page.test"
    assert "WWW-Authenticate" in allowed.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in http.get("/resource/x", headers={"Origin": "http://other.test"}).headers
    asking = {"Origin": "http://page.test", "Access-Control-Request-Method": "GET"}
    assert http.options("/resource/x", headers=asking).status_code == 204
    assert "Access-Control-Allow-Origin" not in http.get(f"{CONTROL}/requests", headers={"Origin": "http://page.test"}).headers


@pytest.mark.parametrize(
    ("path", "hint"), [("clock/freez", "did you mean 'clock/freeze'?"), ("openapi.json", "known are clock, ")]
)
def test_a_path_that_is_not_there_leads_to_those_that_are(http: httpx.Client, path: str, hint: str) -> None:
    answer = http.get(f"/__admin/{path}")
    assert answer.status_code == 404
    assert f"there is nothing at /__admin/{path}; {hint}" in answer.json()["error"]["message"]
