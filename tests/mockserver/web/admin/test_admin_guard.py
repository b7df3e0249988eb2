"""Access to the control API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver.assemble import assemble
from mockserver.engine.model import UNASSIGNED
from mockserver.settings import Settings
from mockserver.web import create_app
from mockserver.web.streaming import MAX_FOLLOWERS
from tests.mockserver.web.admin.conftest import problem

LIST = "/__admin/organizations"
TOKEN = "open sesame"


class TestWithoutToken:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:8403", "127.0.0.1", "127.0.0.1:8403", "127.1.2.3", "[::1]", "[::1]:8403"]
    )
    def test_this_machine_is_answered(self, admin: FlaskClient, address: str, host: str) -> None:
        answer = admin.get(LIST, headers={"Host": host}, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 200

    @pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "0.0.0.0", "", "localhost"])
    def test_other_machines_are_not(self, admin: FlaskClient, address: str) -> None:
        assert problem(admin.get(LIST, environ_base={"REMOTE_ADDR": address}))[:2] == (403, "forbidden")

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8403", "192.0.2.7", "[2001:db8::1]", "", "[::1"],
    )
    def test_a_name_that_leads_here_by_rebinding_is_not(self, admin: FlaskClient, host: str) -> None:
        assert problem(admin.get(LIST, headers={"Host": host}))[:2] == (403, "forbidden")

    @pytest.mark.parametrize(
        "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "CF-Connecting-IP"]
    )
    def test_nor_is_whoever_a_proxy_on_this_machine_speaks_for(self, admin: FlaskClient, header: str) -> None:
        assert problem(admin.get(LIST, headers={header: "192.0.2.7"}))[:2] == (403, "forbidden")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:9999"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_a_page_of_another_origin_changes_nothing(self, admin: FlaskClient, headers: dict[str, str]) -> None:
        assert problem(admin.post(LIST, headers=headers))[:2] == (403, "forbidden")
        assert len(admin.get(LIST).json["organizations"]) == 1  # type: ignore[index]

    @pytest.mark.parametrize(
        "headers", [{}, {"Origin": "http://localhost:8403"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
    )
    def test_its_own_pages_and_tools_do(self, admin: FlaskClient, headers: dict[str, str]) -> None:
        assert admin.post(LIST, headers={"Host": "localhost:8403", **headers}).status_code == 201


class TestWithToken:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(admin_token=TOKEN)

    def test_whoever_shows_it_is_answered_from_anywhere(self, admin: FlaskClient) -> None:
        answer = admin.get(
            LIST,
            headers={"Authorization": f"Bearer {TOKEN}", "Host": "mock.example"},
            environ_base={"REMOTE_ADDR": "192.0.2.7"},
        )
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer ", "Bearer open", f"Basic {TOKEN}", f"Bearer {TOKEN}!", "Bearer öpen"]
    )
    def test_nobody_else_is_and_least_for_being_near(self, admin: FlaskClient, authorization: str | None) -> None:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = admin.get(LIST, headers=headers)
        assert problem(answer)[:2] == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("path", ["/__admin/nowhere", "/__admin/openapi.json", "/__admin/metrics"])
    def test_nothing_is_told_without_it(self, admin: FlaskClient, path: str) -> None:
        assert problem(admin.get(path))[0] == 401

    @pytest.mark.parametrize("path", ["/__admin/health", "/__admin/ready"])
    def test_but_whether_the_server_serves(self, admin: FlaskClient, path: str) -> None:
        answer = admin.get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"}, headers={"Host": "mock.example"})
        assert answer.status_code == 200

    def test_with_it_another_origin_still_changes_nothing(self, admin: FlaskClient) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}
        assert problem(admin.post(LIST, headers=headers))[:2] == (403, "forbidden")

    def test_the_platform_itself_asks_for_its_own_tokens_only(self, admin: FlaskClient) -> None:
        answer: Any = admin.post("/api/v2/conversations/webchat/sessions", environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert answer.json["code"] == "authentication.required"


class TestRoots:
    @pytest.mark.parametrize("token", ["", TOKEN])
    @pytest.mark.parametrize("path", ["/", "/__admin", "/__admin/"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_they_lead_to_the_console(self, token: str, path: str, method: str) -> None:
        with assemble(Settings(admin_token=token)) as mock:
            answer = create_app(mock).test_client().open(path, method=method)
            assert (answer.status_code, answer.location) == (302, "/__admin/console")
            assert mock.store.entries(UNASSIGNED) == []

    def test_a_client_of_the_platform_that_is_lost_is_answered_by_the_platform(self, admin: FlaskClient) -> None:
        answer = admin.get("/", headers={"Authorization": "Bearer x"})
        assert (answer.status_code, answer.headers["Dayfly-Reason"]) == (404, "route.unknown")
        assert admin.post("/").headers["Dayfly-Reason"] == "route.unknown"

    @pytest.mark.parametrize(
        "path",
        ["/openapi.json", "/__admin/health", "/__admin/openapi.json", LIST, f"{LIST}/default/requests", "/__admin/console"],
    )
    def test_whatever_can_be_got_has_a_head(self, admin: FlaskClient, path: str) -> None:
        head = admin.head(path, follow_redirects=True)
        assert (head.status_code, head.data) == (200, b"")

    def test_the_head_of_a_stream_is_no_stream(self, admin: FlaskClient) -> None:
        for path in (f"{LIST}/default/requests?follow", "/__admin/console/organizations/default/events"):
            for _ in range(MAX_FOLLOWERS + 1):
                head = admin.head(path)
                assert (head.status_code, head.data) == (200, b"")
        assert admin.get(f"{LIST}/default/requests?follow").status_code == 200
