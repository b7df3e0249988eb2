"""Recordings of mistakes, each as a journal and as HAR by three tools: found in every one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jsonschema import validate
from msgspec.json import decode

from contracts.judge import Status
from contracts.report import html, json, markdown
from contracts.report.text import render
from contracts.verify import check
from tests.contracts.recorded.story import CANNOT, SCOPE_CODE, UNJUDGED, Story, reports

Told = Callable[[Story], None]


def a_retry_storm(told: Story) -> None:
    told.token()
    for _ in range(12):
        told.message(status=503)
        told.wait(0.5)
    told.message()


def a_retry_storm_before_anything_is_sent(told: Story) -> None:
    told.token()
    for _ in range(12):
        told.create(status=503)
        told.wait(0.5)


def retry_after_ignored_twelve_times(told: Story) -> None:
    told.token()
    for _ in range(13):
        told.create(status=429, retry_after=30)
        told.wait(1)


def retry_after_ignored_once(told: Story) -> None:
    told.token()
    told.message(status=429, retry_after=30)
    told.wait(1)
    told.message()


def retried_at_once(told: Story) -> None:
    told.token()
    told.message(status=502)
    told.send("session-1")


def created_again_at_once(told: Story) -> None:
    told.token()
    told.create(status=500)
    told.message()


def the_scope_is_tried_again(told: Story) -> None:
    told.token()
    for _ in range(3):
        told.message(status=403, code=SCOPE_CODE)
        told.wait(0.3)


def the_scope_is_tried_for_ever(told: Story) -> None:
    told.token()
    for _ in range(9):
        told.create(status=403, code=SCOPE_CODE)
        told.wait(0.3)


def a_refused_request_is_repeated(told: Story) -> None:
    told.token()
    session = told.create()
    for _ in range(3):
        told.send(session, "", status=400)
        told.wait(0.2)


def a_refused_token_is_shown_again(told: Story) -> None:
    told.token()
    for _ in range(5):
        told.create(status=401)
        told.wait(0.2)


def a_loop_of_logins(told: Story) -> None:
    told.token()
    for _ in range(14):
        told.create(status=401)
        told.token()


def a_stampede(told: Story) -> None:
    told.token()
    start = told.now
    for nth, name in enumerate(("ann", "bob", "cem")):
        told.create(name, status=401, at=start + nth / 1000, token="token-1")
    start = told.now
    for nth in range(3):
        told.token(at=start + nth / 1000, took=0.05)
    for name in ("ann", "bob", "cem"):
        told.message("hello", name)


def a_token_a_message(told: Story) -> None:
    for nth in range(4):
        told.token()
        told.message(f"text {nth}")


def delivered_twice(told: Story) -> None:
    """The first was accepted, and answered by an error."""
    told.token()
    told.message(status=502, accepted=True)
    told.wait(0.5)
    told.message()


def a_dead_id_is_retried(told: Story) -> None:
    told.token()
    session = told.create()
    for _ in range(2):
        told.send(session, status=403)
        told.wait(0.2)


def an_id_is_reused(told: Story) -> None:
    told.token()
    session = told.create()
    told.send(session, "one")
    told.wait(5)
    told.send(session, "two", status=403)


def a_message_is_sent_twice_at_once(told: Story) -> None:
    told.token()
    session = told.create()
    start = told.now
    told.send(session, at=start)
    told.send(session, status=403, at=start + 0.005)


def two_sessions_a_message(told: Story) -> None:
    told.token()
    for nth, name in enumerate(("ann", "bob", "cem")):
        told.create(name)
        told.message(f"text {nth}", name)
        told.wait(3)


WRONG: list[tuple[Told, str]] = [
    (a_retry_storm, "R4"),
    (a_retry_storm_before_anything_is_sent, "R4"),
    (retry_after_ignored_twelve_times, "R5"),
    (retry_after_ignored_once, "R5"),
    (retried_at_once, "S1"),
    (created_again_at_once, "R6"),
    (the_scope_is_tried_again, "R3"),
    (the_scope_is_tried_for_ever, "R3"),
    (a_refused_request_is_repeated, "R7"),
    (a_refused_token_is_shown_again, "A1"),
    (a_loop_of_logins, "A2"),
    (a_stampede, "A3"),
    (a_token_a_message, "A4"),
    (delivered_twice, "D1"),
    (a_dead_id_is_retried, "R1"),
    (an_id_is_reused, "S1"),
    (a_message_is_sent_twice_at_once, "S1"),
    (two_sessions_a_message, "S6"),
]


@pytest.mark.parametrize(("story", "code"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_it_is_found(story: Told, code: str) -> None:
    for kind, report in reports(story):
        if (kind, code) in {(kind, "D1") for kind in ("devtools", "charles", "playwright")}:
            continue  # a HAR file does not tell what became of a message: see below
        told = {result.code: result.words for result in report.violated}
        assert code in told, (kind, [(one.code, str(one.status), one.message) for one in report.clauses if one.message])
        assert report.exit_status() == 1


def test_a_double_delivery_is_in_doubt_if_the_truth_is_not_recorded() -> None:
    for kind, report in reports(delivered_twice):
        told = {result.code: (str(result.status), result.message) for result in report.clauses}["D1"]
        if kind != "journal":
            assert told == (
                "inconclusive",
                "inferred message 1 to ann was accepted after a send of it that got 502 code.502: perhaps twice",
            )


def a_storm_of_logins(told: Story) -> None:
    for _ in range(9):
        told.token(status=429, retry_after=30)
        told.wait(0.5)


def test_a_storm_of_logins_is_in_doubt_because_nothing_tells_for_whom_they_are() -> None:
    for _, report in reports(a_storm_of_logins):
        told = {result.code: (str(result.status), result.message) for result in report.clauses}
        doubt = "unless these requests are for several messages, as when a person tries again"
        assert told["R4"] == ("inconclusive", f"a token request was made again after 5 that had failed in a row, {doubt}")
        assert told["R5"][0] == "inconclusive"


def test_every_violation_is_told() -> None:
    for kind, report in reports(retry_after_ignored_twelve_times):
        (found,) = (result.counterexample for result in report.violated if result.code == "R5")
        assert found is not None
        assert (kind, found.times, len(found.others)) == (kind, 12, 11)


def test_reports_say_what_was_inferred_how_often_and_what_cannot_be_judged() -> None:
    """In text, in HTML, in Markdown and for programs."""
    cannot = f"{CANNOT} from a recording ({', '.join(UNJUDGED)})"
    for _, report in reports(a_retry_storm):
        text = render(report)
        assert "inferred message 1 to ann: 'hello'" in text
        assert "= times: 8; also at #" in text
        assert "8 times: a send was made again" in text
        for words in (" ".join(text.split()), html.render(report), markdown.render(report).replace("\\", "")):
            assert cannot in words
            assert "1 message inferred" in words
        assert "inferred message 1 to ann" in html.render(report)
        document = json.document(report)
        validate(decode(json.render(report)), json.schema())
        (told,) = (one for one in document["clauses"] if one["status"] == "violated")
        (message,) = told["counterexample"]["inferred"]
        assert (told["counterexample"]["times"], message["text"], len(message["requests"])) == (8, "hello", 27)
        assert [one["code"] for one in document["clauses"] if one.get("unjudged")] == ["S3", "D2", "D3", "D4", "D5", "D6"]


def test_strict_counts_what_cannot_be_judged() -> None:
    def plain(told: Story) -> None:
        told.token()
        told.message()

    for _, report in reports(plain):
        assert (report.exit_status(), report.exit_status(strict=True)) == (0, 2)


def test_a_person_is_given_the_benefit_of_the_doubt_and_a_test_even_more() -> None:
    """A test may well send the same text again at once after it has made a send fail, but not twelve times."""
    told = Story()
    created_again_at_once(told)
    assert [one.code for one in check("x", told.journal().entries, source="journal").violated] == ["R6"]
    report = check("x", told.journal().entries, source="test")
    assert report.violated == ()
    assert [one.code for one in report.with_status(Status.INCONCLUSIVE)] == ["R6"]
    told = Story()
    a_retry_storm(told)
    assert [one.code for one in check("x", told.journal().entries, source="test").violated] == ["R4"]
