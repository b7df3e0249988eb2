"""The addresses of clauses' pages: from one setting, in every report."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from typing import NoReturn

import pytest

from contracts import pages
from contracts.clauses import CLAUSES
from contracts.cli import run
from contracts.report import html, json, junit, markdown, text
from contracts.report.describe import describe, document
from tests.contracts.report.stories import reused

SITE = "https://docs.example/dayfly"
PAGE = f"{SITE}/clauses/S1/"


@pytest.mark.parametrize("setting", [SITE, f"{SITE}/"])
def test_a_clause_of_a_kind_has_the_page_of_its_clause(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_SITE", setting)
    assert pages.page_of("S1") == pages.page_of("S1/ticket") == PAGE


def test_the_projects_url_is_used_if_the_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAYFLY_SITE", raising=False)
    monkeypatch.setattr(pages, "_published", lambda: SITE)
    assert pages.page_of("S1") == PAGE


def test_a_source_tree_that_is_not_installed_has_no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(pages, "metadata", missing)
    assert pages._published.__wrapped__() == ""


@pytest.mark.parametrize("setting", ["javascript:alert(1)", "docs.example"])
def test_only_an_address_of_the_web_is_linked_to(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_SITE", setting)
    assert pages.page_of("S1") == ""


def test_reports_name_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_SITE", SITE)
    report = reused()
    assert json.document(report)["clauses"][0]["page"] == PAGE
    assert f'<a href="{PAGE}">' in html.render(report)
    for rendered in (text.render(report), junit.render(report).decode(), markdown.render(report)):
        assert f"= page: {PAGE}" in rendered


def test_explanations_name_the_page(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DAYFLY_SITE", SITE)
    assert f"page       {PAGE}\n" in describe(CLAUSES[0])
    assert document(CLAUSES[0])["page"] == PAGE
    assert run(["explain", "--platform", "acme", "S1"]) == 0
    assert PAGE in capfd.readouterr().out
