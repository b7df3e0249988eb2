"""The report as one self-contained HTML page. It loads nothing else, and texts of clients are never markup in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources

from contracts.report import facts
from contracts.report.markup import Markup, element, inside, prose
from contracts.report.model import ClauseResult, Ending, Report
from contracts.report.places import places
from contracts.report.story import story
from contracts.report.verdicts import VERDICTS, counts


def render(report: Report) -> str:
    """Return the page, ending with a newline."""
    style, script = Markup(_asset("report.css") + _asset("lanes.css")), _asset("report.mjs")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{report.target}: {_verdict(report)}"),
        element("style", style),
    )
    body = element("body", _header(report), element("main", _main(report)), element("script", script, type="module"))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _asset(name: str) -> Markup:
    return Markup(resources.files("contracts.report").joinpath(name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """Allow only this page's own style and script, even if other markup got into the page."""
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _verdict(report: Report) -> str:
    if report.violated:
        return "broken"
    if report.failed:
        return "now held"
    if report.exit_status() != 0:
        return "no verdict" if report.stopped or report.with_ending(Ending.INCONCLUSIVE) else "not exercised"
    return "broken as expected" if report.with_ending(Ending.EXPECTED) else "held"


def _header(report: Report) -> Markup:
    numbers = [
        element("li", element("strong", str(count)), f" {VERDICTS[ending].words}", class_=ending)
        for count, ending in counts(report)
    ]
    return element(
        "header",
        element("p", "The contract of a platform with ephemeral sessions", class_="eyebrow"),
        element("h1", element("code", report.target)),
        element("ul", numbers, class_="counts"),
        element("p", " · ".join(facts.of_report(report)), class_="facts"),
        element("p", report.extent, class_="facts") if report.extent else None,
        element("p", facts.inferred(report), class_="facts") if report.inferred else None,
        [element("p", prose(line), class_="facts") for line in (*facts.unjudged(report), *facts.no_verdict(report))],
        element("nav", element("ul", map(_link, report.violated)), aria_label="what was violated") if report.violated else None,
    )


def _link(result: ClauseResult) -> Markup:
    message = result.counterexample.message if result.counterexample is not None else result.message
    link = element("a", f"{result.code} {result.name}", href=f"#{result.code}")
    return element("li", link, ": ", prose(message), _where(result))


def _where(result: ClauseResult) -> list[Markup | str]:
    """Return links to the requests that a counterexample points to, and to those that created its sessions."""
    found = places(result.counterexample)
    linked: list[Markup | str] = [_to(result, number, f"request {number}") for number in found.requests]
    linked += [label if number is None else _to(result, number, f"session {label}") for label, number in found.sessions.items()]
    between = [item for link in linked for item in (", ", link)][1:]
    return [" (", *between, ")"] if linked else []


def _to(result: ClauseResult, number: int, words: str) -> Markup:
    return element("a", words, href=f"#{result.code}-{number}")


def _main(report: Report) -> Iterator[Markup]:
    for result in (*report.violated, *report.with_ending(Ending.EXPECTED)):
        yield story(report, result)
    yield element("h2", "All clauses", id="clauses")
    yield element("div", _table(report), class_="scrolls", tabindex="0", role="region", aria_labelledby="clauses")


def _table(report: Report) -> Markup:
    titles = ("clause", "verdict", "runs", "finding")
    head = element("tr", [element("th", title, scope="col") for title in titles])
    rows = [_row(result) for result in sorted(report.clauses, key=lambda result: list(VERDICTS).index(result.ending))]
    return element("table", element("thead", head), element("tbody", rows))


def _row(result: ClauseResult) -> Markup:
    name: str | Markup = f"{result.code} {result.name}"
    if result.counterexample is not None:
        name = element("a", name, href=f"#{result.code}")
    ending = VERDICTS[result.ending]
    verdict = inside([element("span", ending.sign, aria_hidden="true", class_="sign"), ending.words])
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", verdict, class_="verdict"),
        element("td", str(result.exercised), class_="number"),
        element("td", prose(result.words), _where(result) if result.ending is Ending.VIOLATED else None),
        class_=result.ending,
    )
