"""Access to the console, and to its changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.assemble import Assembly, assemble
from mockserver.errors import StoreUnavailable
from mockserver.settings import Settings
from mockserver.web import create_app
from mockserver.web.admin import tries
from mockserver.web.admin.tries import AT_ONCE
from mockserver.web.console.guard import MAX_FORM
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT

TOKEN = "open sesame"
LIST = "/__admin/organizations"
FREEZE = f"{DEFAULT}/clock/freeze"


class TestWithoutToken:
    def test_this_machine_is_let_in(self, browser: FlaskClient) -> None:
        assert browser.get(CONSOLE, headers={"Host": "localhost:8403"}).status_code == 200

    @pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", ""])
    def test_other_machines_are_not(self, browser: FlaskClient, address: str) -> None:
        answer = browser.get(CONSOLE, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 403
        assert "for this machine only" in answer.text

    @pytest.mark.parametrize("path", ["", "/assets/console.css", "/organizations/default/events", "/login", "x"])
    @pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"X-Forwarded-For": "192.0.2.7"}])
    def test_nor_is_a_name_that_leads_here_or_a_proxy_whatever_is_asked(
        self, browser: FlaskClient, path: str, headers: dict[str, str]
    ) -> None:
        assert browser.get(f"{CONSOLE}{path}", headers=headers).status_code == 403

    @pytest.mark.parametrize(
        "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
    )
    def test_a_page_of_another_origin_changes_nothing(self, browser: FlaskClient, headers: dict[str, str]) -> None:
        assert browser.post(FREEZE, headers=headers).status_code == 403
        assert browser.post(FREEZE, headers={"Origin": "http://localhost"}).status_code == 303

    def test_nobody_needs_to_sign_in(self, browser: FlaskClient) -> None:
        assert urlparse(browser.get(f"{CONSOLE}/login").location).path == f"{CONSOLE}/"
        assert browser.post(f"{CONSOLE}/login", data={"token": "any"}).headers.getlist("Set-Cookie") == []


class TestWithToken:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(admin_token=TOKEN)

    @pytest.fixture
    def signed_in(self, browser: FlaskClient) -> FlaskClient:
        answer = browser.post(f"{CONSOLE}/login", data={"token": f" {TOKEN}\n"})
        assert answer.status_code == 303
        return browser

    @pytest.mark.parametrize("path", ["", "/organizations/default", "/organizations/default/events", "/nowhere", "/logout"])
    def test_nothing_is_told_before_one_has_signed_in(self, browser: FlaskClient, path: str) -> None:
        answer = browser.get(f"{CONSOLE}{path}")
        assert (answer.status_code, urlparse(answer.location).path) == (303, f"{CONSOLE}/login")
        assert browser.get(f"{CONSOLE}/login").status_code == 200
        assert browser.get(f"{CONSOLE}/assets/console.mjs").status_code == 200

    def test_whoever_shows_it_as_programs_do_is_let_in(self, browser: FlaskClient) -> None:
        assert browser.get(CONSOLE, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200

    def test_the_cookie_is_for_the_console_alone_and_holds_no_token(self, browser: FlaskClient) -> None:
        answer = browser.post(f"{CONSOLE}/login", data={"token": TOKEN}, headers={"Host": "mock.example:8403"})
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("dayfly-console-8403=")
        assert {"HttpOnly", "SameSite=Strict", f"Path={CONSOLE}"} <= set(cookie.split("; "))
        assert "sesame" not in cookie

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
    def test_what_a_stranger_sends_is_read_so_far_only(self, browser: FlaskClient, kind: str) -> None:
        answer = browser.post(f"{CONSOLE}/login", data=bytes(MAX_FORM + 1), content_type=kind)
        assert answer.status_code == 413
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("token", ["", "open", TOKEN.upper(), "öpen"])
    def test_another_token_is_not_taken(self, browser: FlaskClient, token: str) -> None:
        answer = browser.post(f"{CONSOLE}/login", data={"token": token})
        assert answer.status_code == 401
        assert "not this server" in answer.text
        assert "Set-Cookie" not in answer.headers

    def test_one_comes_back_to_where_one_wanted_to_go(self, browser: FlaskClient) -> None:
        asked = browser.get(f"{DEFAULT}/requests?status=403&text=%26").location
        (wanted,) = parse_qs(urlparse(asked).query)["back"]
        answer = browser.post(f"{CONSOLE}/login", data={"token": TOKEN, "back": wanted})
        assert answer.location == f"{DEFAULT}/requests?status=403&text=%26"

    @pytest.mark.parametrize(
        "elsewhere",
        ["http://evil.example", "//evil.example", "/elsewhere", f"{CONSOLE}.evil", f"{CONSOLE}/\\evil", f"{CONSOLE}/\r\nx"],
    )
    def test_and_nowhere_else(self, browser: FlaskClient, elsewhere: str) -> None:
        answer = browser.post(f"{CONSOLE}/login", data={"token": TOKEN, "back": elsewhere})
        assert answer.location == f"{CONSOLE}/"

    def test_a_change_wants_the_word_that_its_form_carries(self, signed_in: FlaskClient) -> None:
        page = signed_in.get(DEFAULT).text
        found = re.search(r'name="form_word" value="([^"]+)"', page)
        assert found is not None
        for word in (None, "", "guessed"):
            answer = signed_in.post(FREEZE, data={} if word is None else {"form_word": word})
            assert answer.status_code == 403
            assert "earlier sign-in" in answer.text
        assert signed_in.post(FREEZE, data={"form_word": found[1]}).status_code == 303
        assert (
            signed_in.post(FREEZE, data={"form_word": found[1]}, headers={"Origin": "http://evil.example"}).status_code == 403
        )

    def test_the_word_of_one_visitor_is_of_no_use_to_another(self, app: Flask, signed_in: FlaskClient) -> None:
        other = app.test_client()
        other.post(f"{CONSOLE}/login", data={"token": TOKEN})
        found = re.search(r'name="form_word" value="([^"]+)"', other.get(DEFAULT).text)
        assert found is not None
        assert signed_in.post(FREEZE, data={"form_word": found[1]}).status_code == 403

    def test_the_cookie_is_good_for_no_control_call(self, signed_in: FlaskClient) -> None:
        assert signed_in.get("/__admin/organizations").status_code == 401

    def test_a_sign_in_ends_with_signing_out(self, signed_in: FlaskClient) -> None:
        page = signed_in.get(DEFAULT).text
        found = re.search(r'name="form_word" value="([^"]+)"', page)
        assert found is not None
        answer = signed_in.post(f"{CONSOLE}/logout", data={"form_word": found[1]}, follow_redirects=True)
        assert "You are signed out." in answer.text
        assert signed_in.get(DEFAULT).status_code == 303

    def test_with_another_token_it_ends_too_and_says_so(self, signed_in: FlaskClient) -> None:
        cookie = signed_in.get_cookie("dayfly-console", path=CONSOLE)
        assert cookie is not None
        with assemble(Settings(admin_token="another")) as assembly:
            elsewhere = create_app(assembly).test_client()
            elsewhere.set_cookie("dayfly-console", cookie.value, path=CONSOLE)
            answer = elsewhere.get(DEFAULT, follow_redirects=True)
        assert "You are no longer signed in" in answer.text

    def test_another_process_with_the_same_token_knows_it(self, assembly: Assembly, signed_in: FlaskClient) -> None:
        cookie = signed_in.get_cookie("dayfly-console", path=CONSOLE)
        assert cookie is not None
        replica = create_app(assembly).test_client()
        replica.set_cookie("dayfly-console", cookie.value, path=CONSOLE)
        assert replica.get(DEFAULT).status_code == 200


class TestSigningOut:
    @pytest.fixture
    def mock(self) -> Iterator[Assembly]:
        with assemble(Settings(admin_token=TOKEN)) as mock:
            yield mock

    def test_a_copy_of_the_cookie_is_good_for_nothing_afterwards(self, mock: Assembly) -> None:
        app = create_app(mock)
        browser, thief = app.test_client(), app.test_client(use_cookies=False)
        cookie = browser.post(f"{CONSOLE}/login", data={"token": TOKEN}).headers["Set-Cookie"].partition(";")[0]
        copied = {"Cookie": cookie}
        page = thief.get(DEFAULT, headers=copied)
        assert page.status_code == 200
        word = re.search(r'name="form_word" value="([^"]+)"', page.text)
        assert word is not None
        assert browser.post(f"{CONSOLE}/logout", data={"form_word": word[1]}).status_code == 303
        answer = thief.get(DEFAULT, headers=copied)
        assert (answer.status_code, "/login" in answer.location) == (303, True)

    def test_it_holds_for_every_process_on_the_store(self, mock: Assembly) -> None:
        browser, word = self.signed_in(mock)
        replica = create_app(mock).test_client()
        cookie = browser.get_cookie("dayfly-console", path=CONSOLE)
        assert cookie is not None
        replica.set_cookie("dayfly-console", cookie.value, path=CONSOLE)
        assert replica.get(DEFAULT).status_code == 200
        assert browser.post(f"{CONSOLE}/logout", data={"form_word": word}).status_code == 303
        assert replica.get(DEFAULT).status_code == 303

    def test_a_store_that_has_lost_the_visit_has_ended_it(self, mock: Assembly) -> None:
        browser, _ = self.signed_in(mock)
        cookie = browser.get_cookie("dayfly-console", path=CONSOLE)
        assert cookie is not None
        with assemble(mock.settings) as restarted:
            later = create_app(restarted).test_client()
            later.set_cookie("dayfly-console", cookie.value, path=CONSOLE)
            assert later.get(DEFAULT).status_code == 303

    def test_without_the_store_nobody_is_signed_out_or_let_in(self, mock: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
        def unavailable(name: str) -> bool:
            raise StoreUnavailable("redis://store", f"no answer about {name}")

        browser, word = self.signed_in(mock)
        monkeypatch.setattr(mock.store, "has_visit", unavailable)
        page = browser.get(DEFAULT)
        assert (page.status_code, "That could not be done" in page.text) == (503, True)
        assert browser.post(f"{CONSOLE}/logout", data={"form_word": word}).status_code == 503
        monkeypatch.undo()
        assert browser.get(DEFAULT).status_code == 200

    def signed_in(self, mock: Assembly) -> tuple[FlaskClient, str]:
        browser = create_app(mock).test_client()
        browser.post(f"{CONSOLE}/login", data={"token": TOKEN})
        word = re.search(r'name="form_word" value="([^"]+)"', browser.get(DEFAULT).text)
        assert word is not None
        return browser, word[1]

    @pytest.fixture
    def slowly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However slow the test is, no guess is forgiven meanwhile."""
        monkeypatch.setattr(tries, "EVERY", 3_600_000)

    @pytest.mark.usefixtures("slowly")
    def test_an_address_that_guesses_is_told_to_wait_and_holds_nobody_else(self, mock: Assembly) -> None:
        app = create_app(mock)

        def tried(token: str, address: str = "192.0.2.7") -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            return app.test_client().get(LIST, headers=headers, environ_base={"REMOTE_ADDR": address})

        tried_before_the_bound = [tried(f"guess {number}").status_code for number in range(AT_ONCE)]
        assert tried_before_the_bound == [401] * AT_ONCE
        refused = tried(TOKEN)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
        assert tried(TOKEN, "192.0.2.8").status_code == 200

    @pytest.mark.usefixtures("slowly")
    def test_guesses_at_the_login_are_counted_too(self, mock: Assembly) -> None:
        browser = create_app(mock).test_client()
        answers = [browser.post(f"{CONSOLE}/login", data={"token": f"guess {number}"}) for number in range(AT_ONCE + 1)]
        assert [answer.status_code for answer in answers] == [*[401] * AT_ONCE, 429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
        assert "Try again in a few seconds" in answers[-1].text
