from __future__ import annotations

import pytest
from werkzeug.test import Client, TestResponse

from mockserver.assemble import assemble
from mockserver.errors import SettingsError
from mockserver.settings import Settings
from mockserver.web.app import create_app
from mockserver.web.cors import Cors

TOKEN, CREATE = "/oauth/token", "/api/v2/conversations/webchat/sessions"
PAGE = "http://localhost:5173"


def client(*cors: str) -> Client:
    settings = Settings(cors=cors) if cors else Settings()
    return Client(create_app(assemble(settings)))


def preflight(mock: Client, origin: str, **more: str) -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return mock.options(CREATE, headers={**asked, **{name.replace("_", "-"): value for name, value in more.items()}})


@pytest.mark.parametrize(
    ("rule", "origin", "allowed"),
    [
        ("loopback", "http://localhost:5173", True),
        ("loopback", "https://LOCALHOST", True),
        ("loopback", "http://127.0.0.1:8080", True),
        ("loopback", "http://[::1]:8080", True),
        ("loopback", "http://shop.localhost:3000", True),
        ("loopback", "http://localhost.evil.example", False),
        ("loopback", "http://evil.example", False),
        ("loopback", "null", False),
        ("loopback", "http://[::1", False),
        ("*", "https://shop.example", True),
        ("*", "null", True),
        ("off", "http://localhost:5173", False),
        ("https://shop.example", "https://shop.example", True),
        ("https://shop.example/", "https://SHOP.example", True),
        ("https://shop.example", "https://shop.example:444", False),
        ("https://shop.example", "http://localhost:5173", False),
    ],
)
def test_an_origin_is_allowed_by_the_rule(rule: str, origin: str, allowed: bool) -> None:
    assert Cors([rule]).allows(origin) is allowed


@pytest.mark.parametrize("wrong", [["shop.example"], ["http://a b"], ["http://shop.example/path"], ["off", "*"], ["on"]])
def test_what_is_not_an_origin_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SettingsError, match=r"origin|contradicts"):
        Cors(wrong)


def test_a_preflight_allows_what_the_page_asks_for() -> None:
    answer = preflight(client(), PAGE, Access_Control_Request_Headers="authorization,content-type")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_in_a_public_network_may_reach_this_machine() -> None:
    answer = preflight(client("*"), "https://shop.example", Access_Control_Request_Private_Network="true")
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"


def test_a_preflight_is_not_a_request_to_the_platform() -> None:
    mock = assemble(Settings())
    Client(create_app(mock)).options(CREATE, headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    Client(create_app(mock)).options(CREATE, headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    assert not mock.store.entries("unassigned")


def test_a_page_may_read_a_refusal_and_why() -> None:
    answer = client().post(CREATE, headers={"Origin": PAGE})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert {"Dayfly-Reason", "ININ-Correlation-Id", "Retry-After"} <= set(exposed.split(", "))


def test_an_unknown_path_is_readable_too() -> None:
    answer = client().post("/nowhere", headers={"Origin": PAGE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, PAGE)


def test_a_page_of_an_origin_that_is_not_allowed_is_told_how_to_change_that() -> None:
    refused = preflight(client(), "http://evil.example")
    assert refused.status_code == 403
    assert "--cors http://evil.example" in refused.get_json()["error"]["message"]
    assert "Access-Control-Allow-Origin" not in client().post(CREATE, headers={"Origin": "http://evil.example"}).headers


@pytest.mark.parametrize("path", ["/__admin/organizations", "/__admin/console"])
def test_the_control_api_and_the_console_stay_closed(path: str) -> None:
    mock = client("*")
    assert "Access-Control-Allow-Origin" not in mock.get(path, headers={"Origin": PAGE}).headers
    asked = mock.options(path, headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_a_client_that_is_no_page_sees_no_difference() -> None:
    answer = client().post(CREATE)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
