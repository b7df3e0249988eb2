"""Crumbs, request by request, as in the Jenkins handbook, "CSRF Protection"."""

from __future__ import annotations

from ast import literal_eval
from typing import Any

import httpx

from mockserver.engine.model import Fault
from tests.mockserver.platforms.served import broken_by_false_failure, clauses, served, told

HALF_AN_HOUR = 1_800_000
JSON = {"x-jenkins": "2.500", "content-type": "application/json"}


def enable(jenkins: httpx.Client, crumb: str | None) -> httpx.Response:
    return jenkins.post("/job/build/enable", headers={"Jenkins-Crumb": crumb} if crumb else {})


def page(status: int, reason: str, words: str, **headers: str) -> tuple[int, str, dict[str, str], Any]:
    html = {"x-jenkins": "2.500", "content-type": "text/html", **headers}
    return status, reason, html, f"<html><body>{words}</body></html>"


def no_crumb(why: str) -> tuple[int, str, dict[str, str], Any]:
    return page(403, f"crumb.{why}", "No valid crumb was included in the request")


def issued(jenkins: httpx.Client, form: str) -> str:
    """Ask for a crumb in a form, and return it; without a web session that is good, one begins."""
    had = jenkins.cookies.get("JSESSIONID")
    answer = jenkins.get(f"/crumbIssuer/api/{form}")
    status, _, headers, body = told(answer)
    cookie = headers.pop("set-cookie", None)
    assert (cookie is None) == (jenkins.cookies.get("JSESSIONID") == had)
    kind = {"json": "application/json", "python": "text/x-python"}[form]
    assert (status, headers) == (200, {"x-jenkins": "2.500", "content-type": kind})
    crumb = dict(literal_eval(body) if form == "python" else body)
    found = str(crumb.pop("crumb"))
    assert crumb == {"_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumbRequestField": "Jenkins-Crumb"}
    return found


def test_a_crumb_ends_with_its_web_session() -> None:
    for form in ("json", "python"):
        jenkins, mock = served("jenkins")
        crumb = issued(jenkins, form)
        assert told(enable(jenkins, None)) == no_crumb("missing")
        assert told(enable(jenkins, "made-up")) == no_crumb("unknown")
        for _ in range(2):  # a crumb is good for as many calls as one likes, and each keeps the web session alive
            mock.advance(HALF_AN_HOUR - 1)
            assert told(enable(jenkins, crumb)) == (200, "", {"x-jenkins": "2.500"}, "")
        mock.advance(HALF_AN_HOUR)
        assert told(enable(jenkins, crumb)) == no_crumb("ended")
        assert enable(jenkins, issued(jenkins, form)).status_code == 200


def test_a_crumb_is_refused_in_another_web_session() -> None:
    jenkins, _ = served("jenkins")
    first = issued(jenkins, "json")
    jenkins.cookies.clear()
    issued(jenkins, "python")
    assert told(enable(jenkins, first)) == no_crumb("foreign")


def test_reading_a_job_keeps_the_web_session_and_takes_no_crumb() -> None:
    jenkins, mock = served("jenkins")
    crumb = issued(jenkins, "json")
    job = {"_class": "hudson.model.FreeStyleProject", "name": "build", "fullName": "build"}
    for _ in range(2):
        mock.advance(HALF_AN_HOUR - 1)
        read = told(jenkins.get("/job/build/api/json"))
        assert read == (200, "", JSON, job | {"url": "http://platform.test/job/build/"})
    assert enable(jenkins, crumb).status_code == 200


def test_other_answers_are_pages() -> None:
    jenkins, mock = served("jenkins")
    assert told(jenkins.get("/job")) == page(404, "route.route", "Not Found")
    assert told(jenkins.get("/job/build/enable")) == page(405, "method.method", "Method Not Allowed", allow="POST")
    mock.plan(Fault(kind="status", status=503, operation="readJob"))
    starting = told(jenkins.get("/job/build/api/json"))
    assert starting == page(503, "fault.injected", "Jenkins is getting ready to work")


def test_clients_are_judged_by_these_clauses() -> None:
    crumb = dict.fromkeys(("S4/crumb", "R1/crumb", "R2/crumb"), "advice Jenkins handbook, CSRF Protection")
    plain = dict.fromkeys(("S4/websession", "A2/crumb", "R4", "R5", "D4/enabling"), "")
    assert clauses("jenkins") == {**crumb, **plain, "D3/enabling": "advice RFC 9110 §15.3.1"}


def test_a_job_that_was_enabled_was_enabled() -> None:
    assert broken_by_false_failure("jenkins", "enabling", "/job/build/enable") == {"D3/enabling"}
