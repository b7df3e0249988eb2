"""Assumptions for what a recording does not show, and policies found for answers that the given policy does not explain."""

from __future__ import annotations

from io import BytesIO

import pytest

from contracts.replay import RecordingError, ReproductionReport, reproduce, smallest
from contracts.replay.archives import read
from contracts.stories.model import Send
from mockserver.engine.model import Policy
from tests.contracts.har.recordings import BEARER, MESSAGES, SESSIONS, Har

SCOPE = {"code": "app.not.authorized.for.scope", "status": 403}
EXPIRED = {"code": "credentials.expired", "status": 401}
BAD = {"code": "bad.credentials", "status": 401}
OLD = "e8f2b6aa-1c3d-4b7e-8f90-6a5b4c3d2e1f"


def told(har: Har, policy: Policy | None = None) -> ReproductionReport:
    return reproduce(read(BytesIO(har.raw), "x.har"), policy)


def reasons(report: ReproductionReport) -> list[str | None]:
    return [result.reproduced.reason for result in report.results]


def taken(report: ReproductionReport) -> dict[int, str]:
    return {result.number: result.taken for result in report.results if result.taken is not None}


def started() -> Har:
    har = Har()
    har.token()
    har.create()
    return har


# -- what was before ---------------------------------------------------------------------------------------------------


def test_a_session_from_before_that_is_dead_is_one_of_earlier() -> None:
    har = started()
    har.send(OLD, status=403)
    report = told(har)
    assert reasons(report)[-1] == "session.idle"
    assert taken(report)[3].startswith("its session is from before the recording began")
    assert report.refusals[0].cause.startswith("The session is from before the recording began.")
    assert report.refusals[0].missed is None  # the recording does not show when it ended
    assert report.refusals[0].accepted_if == (
        "A send with a session id created by this OAuth client less than 30 s before, not yet used."
    )
    assert report.exit_status == 0


def test_a_session_from_before_that_lives_was_created_elsewhere() -> None:
    har = started()
    har.send(OLD)
    har.send(OLD, status=403)
    report = told(har)
    assert reasons(report)[-2:] == ["message.accepted", "session.consumed"]
    assert taken(report)[3] == "its session was created before the recording began, or elsewhere"


def test_an_id_that_looks_like_none_was_never_issued() -> None:
    har = started()
    har.send("prev-session-uuid", status=403)
    report = told(har)
    assert reasons(report)[-1] == "session.unknown"
    assert taken(report) == {}


@pytest.mark.parametrize("reason", ["session.consumed", "session.idle", "session.revoked", "session.unknown"])
def test_a_mock_that_told_the_reason_is_believed(reason: str) -> None:
    har = started()
    har.send(OLD, status=403, answered={"Dayfly-Reason": reason})
    report = told(har)
    assert (reasons(report)[-1], report.differing) == (reason, [])


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("session.idle", "The answer says session.idle. The session had been idle for too long."),
        ("session.revoked", "The answer says session.revoked. The session had been revoked."),
        (None, "Neither the recording nor the answer shows which came first."),
        ("no.such.reason", "Neither the recording nor the answer shows which came first."),
    ],
)
def test_of_a_session_from_before_the_answer_may_say_how_it_ended(reason: str | None, said: str) -> None:
    har = started()
    har.send(OLD, status=403, answered={} if reason is None else {"Dayfly-Reason": reason})
    cause = told(har).refusals[0].cause
    assert cause.endswith(said)
    assert ("Neither" in cause) == ("Neither" in said)


def test_what_only_dayflys_own_policy_says_is_told_as_an_assumption() -> None:
    har = started()
    har.milliseconds += 31_000
    har.send(status=403)
    (refusal,) = told(har).refusals
    assert refusal.cause.startswith(
        "It may have been refused because its session had been idle for 31.05 s, or because its session was 31.05 s old; the "
        "recording does not show which. By dayfly's own policy, which is assumed, the session had been idle for too long. "
        "It ended"
    )
    (asked,) = told(har, Policy()).refusals
    assert asked.cause.startswith("The session had been idle for too long.")
    har.entries[-1]["response"]["headers"].append({"name": "Dayfly-Reason", "value": "session.idle"})
    (answered,) = told(har).refusals
    assert answered.cause.startswith("The session had been idle for too long.")


def test_possible_reasons_are_not_told_as_certain() -> None:
    har = started()
    har.milliseconds += 31_000
    har.send(status=403)
    har.send(OLD, status=403)
    report = told(har)
    assert report.inference.notes[0] == (
        "entry 3 may have been refused because its session had been idle for 31.05 s, or because its session was 31.05 s old: "
        "it is unknown which"
    )
    assert not [one.cause for one in report.refusals if "was refused because" in one.cause]


def test_every_refusal_is_explained_and_not_403s_alone() -> None:
    har = started()
    har.send()
    har.add(MESSAGES, {"webChatSessionId": "id-1"}, {"code": "bad.request", "status": 400}, 400)
    har.add(MESSAGES, None, {"code": "bad.request", "status": 400}, 400, text="{nope")
    kind = {"Content-Type": "text/plain"}
    har.add(MESSAGES, None, {"code": "unsupported.media.type", "status": 415}, 415, text="text=1", headers=kind)
    for _ in range(2):
        har.add(MESSAGES, {"webChatSessionId": "id-1", "text": "a"}, {"code": "too.many.requests", "status": 429}, 429)
    har.send(status=503)
    har.send(status=401, headers={"Authorization": None})
    found = {(one.status, one.reason): one for one in told(har).refusals}
    assert [(*key, one.number, one.count) for key, one in found.items()] == [
        (400, "body.invalid", 4, 1),
        (400, "body.not-json", 5, 1),
        (415, "body.media-type", 6, 1),
        (429, "rate.limited", 7, 2),
        (401, "auth.missing", 10, 1),
    ]
    assert all(one.cause and one.advice and one.guard for one in found.values())
    assert "The recording does not show how many it accepts." in found[429, "rate.limited"].cause


@pytest.mark.parametrize(
    ("answer", "again", "cause"),
    [
        (EXPIRED, False, "The bearer token had expired."),
        (BAD, False, "The recording does not show the cause. It may be this: the bearer token had been revoked."),
        (BAD, True, "The recording does not show the cause. It may be this: the organisation currently rejects every "),
    ],
)
def test_a_cause_that_the_replay_assumes_is_told_as_possible(answer: dict[str, object], again: bool, cause: str) -> None:
    har = started()
    headers = {"Authorization": "Bearer another-token-of-ours"} if answer is EXPIRED else {}
    har.add(MESSAGES, {"webChatSessionId": "id-1", "text": "a"}, answer, 401, headers=headers)
    if again:
        har.send()
    (group,) = told(har).refusals
    assert group.cause.startswith(cause)
    assert "control API began" not in group.cause


def test_a_fault_of_a_journal_is_not_taken_for_a_refusal() -> None:
    har = started()
    har.add(
        MESSAGES, {"webChatSessionId": "id-1", "text": "a"}, {"code": "too.many.requests", "status": 429}, 429,
        answered={"Dayfly-Reason": "fault.injected"},
    )  # fmt: skip
    assert told(har).refusals == []


def test_a_token_from_before_is_good_where_it_was_let_in() -> None:
    har = Har()
    har.create()
    har.send()
    report = told(har)
    assert (reasons(report), report.differing) == (["session.created", "message.accepted"], [])
    assert taken(report) == {1: "its token was issued before the recording began"}


@pytest.mark.parametrize(("refused", "reason"), [(EXPIRED, "auth.expired"), (BAD, "auth.unknown")])
def test_a_token_from_before_that_was_refused(refused: dict[str, object], reason: str) -> None:
    har = Har()
    har.add(SESSIONS, {}, refused, 401)
    report = told(har)
    assert (reasons(report), report.differing) == ([reason], [])


def test_a_token_that_was_refused_for_good_had_been_revoked() -> None:
    har = started()
    har.add(SESSIONS, {}, BAD, 401)
    report = told(har)
    assert (reasons(report)[-1], report.differing) == ("auth.revoked", [])
    assert "had been revoked" in taken(report)[3]


def test_a_token_that_was_good_again_had_been_rejected_for_a_while() -> None:
    har = started()
    har.add(SESSIONS, {}, BAD, 401)
    har.create("id-2")
    report = told(har)
    assert (reasons(report)[-2:], report.differing) == (["auth.rejected", "session.created"], [])


def test_a_scope_is_missing_for_as_long_as_the_answers_say() -> None:
    har = started()
    har.add(MESSAGES, {"webChatSessionId": "id-1", "text": "x"}, SCOPE, 403)
    har.send()
    report = told(har)
    assert (reasons(report)[-2:], report.differing) == (["scope.missing", "message.accepted"], [])
    assert (report.refusals[0].guard, report.refusals[0].number) == ("scope", 3)


def test_a_login_that_failed_fails_again() -> None:
    har = Har()
    har.token(status=401, content={"text": '{"error": "invalid_client"}'})
    har.create(status=401, content={"text": '{"code": "bad.credentials"}'})
    report = told(har)
    assert reasons(report) == ["oauth.wrong-secret", "auth.unknown"]
    assert report.differing == []


def test_a_403_shows_that_a_token_was_taken_out() -> None:
    har = Har()
    har.send(OLD, status=403, headers={"Authorization": None})
    report = told(har)
    assert (reasons(report), report.exit_status) == (["session.idle"], 0)
    assert taken(report)[1].endswith("; its token was issued before the recording began")
    last = smallest(read(BytesIO(har.raw), "x.har"), report).steps[-1]
    assert isinstance(last, Send)
    assert last.expect.status == 403


def test_a_403_without_a_token_is_a_gateways_if_others_have_theirs() -> None:
    har = started()
    har.send(status=403, headers={"Authorization": None})
    report = told(har)
    assert reasons(report)[-1] == "auth.missing"
    with pytest.raises(RecordingError, match=r"entry 3 was answered 403 not.authorized, and the mock answers 401 auth.missing"):
        smallest(read(BytesIO(har.raw), "x.har"), report)


def test_tools_that_take_the_credentials_out_do_no_harm() -> None:
    har = Har()
    har.add("https://login.cloud.example/oauth/token", None, {"access_token": BEARER}, headers={"Authorization": None})
    har.create(headers={"Authorization": None})
    har.send(headers={"Authorization": "[REDACTED]"})
    har.send(headers={"Authorization": "[REDACTED]"}, status=403)
    report = told(har)
    assert (reasons(report)[1:], report.differing) == (["session.created", "message.accepted", "session.consumed"], [])


# -- what went wrong on the way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
def test_errors_are_faults_that_changed_nothing_where_the_id_lived_on(status: int) -> None:
    har = started()
    har.send(status=status)
    har.send()
    report = told(har)
    assert (reasons(report)[-2:], report.differing) == (["fault.injected", "message.accepted"], [])


def test_an_error_after_which_the_id_is_dead_came_after_it_was_used() -> None:
    har = started()
    har.send(status=500)
    har.send(status=403)
    report = told(har)
    assert (reasons(report)[-1], report.differing) == ("session.consumed", [])


def test_a_rate_limit_at_hand_is_no_fault() -> None:
    har = started()
    har.send(status=429, content={"text": '{"code": "too.many.requests.retry.after"}'})
    report = told(har, Policy(rate_limit_per_minute=1))
    assert (reasons(report)[-1], report.differing) == ("rate.limited", [])


def test_every_request_wears_the_recordings_own_time() -> None:
    har = started()
    har.milliseconds = 29_000
    har.send()
    har.create("id-2")
    har.milliseconds = 59_100
    har.send("id-2", status=403)
    report = told(har)
    assert reasons(report)[-1] == "session.idle"
    assert report.results[-1].at % 60_000 == 59_100


# -- another policy ----------------------------------------------------------------------------------------------------


def lived(*seconds: tuple[float, int]) -> Har:
    """Sessions that were tried at an age, and what came of it."""
    har = Har()
    har.token()
    for number, (age, status) in enumerate(seconds):
        har.create(f"id-{number}", took=3)
        har.milliseconds += round(age * 1000) - 3
        har.send(f"id-{number}", status=status, took=3)
    return har


def findings(report: ReproductionReport, name: str) -> tuple[float | None, float | None]:
    found = next(finding for finding in report.inference.findings if finding.name == name)
    above, at_most = found.above, found.at_most
    return None if above is None else round(above.value), None if at_most is None else round(at_most.value)


def test_one_value_explains_all_that_differs() -> None:
    report = told(lived((7, 200), (5, 200), (11, 403), (13, 403)))
    assert [result.number for result in report.differing] == [7, 9]
    assert report.exit_status == 1
    first, second = report.inference.explanations
    assert (first.name, round(first.above), round(first.at_most or 0)) == ("idle_timeout", 7, 11)
    assert second.name == "ttl"
    assert first.value == 10
    assert report.inference.explains_all


def test_a_recording_that_agrees_needs_no_explanation() -> None:
    report = told(lived((7, 200), (31, 403)))
    assert (report.inference.explanations, report.inference.explains_all) == ([], True)
    assert findings(report, "idle_timeout") == (7, None)  # the ttl may have ended it
    assert "it is unknown which" in report.inference.notes[0]


def test_what_is_not_determined_is_said_to_be() -> None:
    report = told(lived((7, 200), (5, 200)))
    assert findings(report, "idle_timeout") == (7, None)
    assert all(not finding.determined for finding in report.inference.findings if finding.name != "token_ttl")


def test_a_longer_life_than_the_mock_gives_is_a_lower_bound() -> None:
    report = told(lived((45, 200)))
    assert [result.reproduced.reason for result in report.differing] == ["session.idle"]
    assert report.inference.explanations[0].at_most is None
    assert round(report.inference.explanations[0].above) == 45
    assert float(str(report.inference.policy["idle_timeout"])) > 45


def test_an_answer_that_contradicts_another_fits_no_policy() -> None:
    report = told(lived((7, 200), (5, 403)))
    assert not report.inference.explains_all
    assert report.inference.notes[0].startswith("the refusal in entry 5 fits no policy")


def test_a_fresh_session_is_not_refused_for_its_age() -> None:
    report = told(lived((0.1, 200), (0.1, 200), (0.1, 403), (0.1, 403)))
    assert (report.inference.explanations, report.inference.explains_all) == ([], False)
    assert report.inference.policy == report.policy
    assert report.inference.undecided == {}
    assert report.inference.notes == [
        "the refusals in entries 7, 9 fit no policy whose limits are 1 s or more: the session may have been ended from "
        "outside, or be another client's, or the client may have lost a permission"
    ]


def test_a_fresh_session_that_was_used_is_refused_for_its_use() -> None:
    har = lived((0.1, 200))
    har.send("id-0", status=403)
    report = told(har)
    assert (reasons(report)[-1], report.differing) == ("session.consumed", [])
    assert findings(report, "handshakes") == (None, 1)


def test_a_limit_below_a_second_is_believed_if_the_answer_says_so() -> None:
    har = started()
    har.milliseconds = 500
    har.send(status=403, answered={"Dayfly-Reason": "session.idle"})
    (explanation,) = told(har).inference.explanations
    assert explanation.name == "idle_timeout"


def test_a_token_that_expired_earlier_than_the_mocks() -> None:
    har = Har()
    har.add("https://login.cloud.example/oauth/token", None, {"access_token": BEARER}, headers={"Authorization": None})
    har.create()
    har.milliseconds = 40_000
    har.add(SESSIONS, {}, EXPIRED, 401)
    report = told(har)
    (explanation,) = report.inference.explanations
    assert (explanation.name, round(explanation.at_most or 0)) == ("token_ttl", 40)


def test_a_text_that_was_too_long_elsewhere() -> None:
    har = started()
    har.add(MESSAGES, {"webChatSessionId": "id-1", "text": "x" * 1001}, {"code": "constraint.validation"}, 400)
    har.send(text="y" * 1000)
    report = told(har)
    (explanation,) = report.inference.explanations
    assert (explanation.name, explanation.above, explanation.at_most) == ("max_text", 999, 1000)
