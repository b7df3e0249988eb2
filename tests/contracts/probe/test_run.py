"""Whole probes in this process: what holds, what is found, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator

from contracts.clauses.provider import PROVIDER_CLAUSES
from contracts.judge import Status
from contracts.platform_requests import ClientCredentials, PlatformReply
from contracts.probe import BrokenOff, ProbeError, ProbeOptions, Provider, in_process, probe
from contracts.probe.provider import START
from contracts.probe.replicas import HandlerDoor
from contracts.remote.control import RemoteControl
from contracts.remote.web import Web
from contracts.report import json, text
from contracts.report.kinds import KINDS, render
from contracts.report.model import Report
from contracts.report.style import Style
from contracts.verify import UnknownClause
from mockserver.assemble import Assembly, assemble
from mockserver.engine.model import MESSAGES, SESSIONS
from mockserver.ids import Ids
from mockserver.settings import Settings, policy_from
from mockserver.stores.memory import MemoryStore
from mockserver.web import create_app
from mockserver.wire.message import Request
from tests.contracts.probe.spoiling import spoilt, with_body, with_header, with_status

QUICK = ProbeOptions(seed=0, examples=20)

ID, SECRET = "somebody", "somebodys-secret"


def probed(provider: Provider, options: ProbeOptions = QUICK) -> Report:
    with provider:
        return probe(provider, options)


def statuses(report: Report) -> dict[str, Status]:
    return {result.code: result.status for result in report.clauses}


@pytest.fixture(scope="module")
def sound() -> Report:
    return probed(in_process())


@pytest.fixture(scope="module")
def leaking() -> Report:
    return probed(spoilt(twice_the_same_id), ProbeOptions(seed=0, examples=0))


def twice_the_same_id(request: Request, reply: PlatformReply) -> PlatformReply:
    return with_body(reply, webChatSessionId="the-one-id") if request.path == SESSIONS and reply.status == 200 else reply


def until(last: int, error: BaseException, change: Callable[[Request, PlatformReply], PlatformReply]) -> Provider:
    """A provider that is gone after so many answers."""
    answers = count(1)

    def changing(request: Request, reply: PlatformReply) -> PlatformReply:
        if next(answers) > last:
            raise error
        return change(request, reply)

    return spoilt(changing)


# -- what holds --------------------------------------------------------------------------------------------------------


def test_the_mock_keeps_every_clause_and_every_clause_is_put_to_the_test(sound: Report) -> None:
    assert statuses(sound) == {clause.code: Status.HELD for clause in PROVIDER_CLAUSES}
    assert sound.exit_status(strict=True) == 0
    assert all(0 < result.exercised <= sound.examples for result in sound.clauses)


def of_different_clocks(milliseconds: int) -> Provider:
    """Two replicas on one store, the second of which is behind by so much."""
    store, settings = MemoryStore(), Settings(client_id="probe", client_secret="probe-secret")
    systems = [lambda: START, lambda: START - milliseconds]
    replicas = [assemble(settings, store=store, system=system, ids=Ids()) for system in systems]
    control = RemoteControl(Web("http://127.0.0.1", transport=httpx.WSGITransport(create_app(replicas[0]))), "two clocks")
    doors = [HandlerDoor(lambda one=one: one.handler) for one in replicas]  # type: ignore[misc]
    return Provider(name="two clocks", doors=doors, control=control)


@pytest.mark.parametrize("milliseconds", [0, 200, -200])
def test_replicas_that_go_by_different_clocks_are_seen(milliseconds: int) -> None:
    report = probed(of_different_clocks(milliseconds), ProbeOptions(seed=0, examples=0, clauses=("P13",)))
    assert statuses(report) == {"P13": Status.VIOLATED if milliseconds else Status.HELD}


def test_a_probe_leaves_no_organisation_behind() -> None:
    with in_process() as provider:
        assert provider.control is not None
        before = provider.control.call("GET", "")
        probe(provider, ProbeOptions(seed=0, examples=2))
        assert provider.control.call("GET", "") == before


def test_only_the_clauses_named_are_judged() -> None:
    report = probed(in_process(), ProbeOptions(clauses=("p12", "P3"), seed=0))
    assert list(statuses(report)) == ["P3", "P12"]
    assert report.examples < 20


def test_an_unknown_clause_is_named_with_a_near_one() -> None:
    with in_process() as provider, pytest.raises(UnknownClause, match="no clause 'P21'; did you mean P2"):
        probe(provider, ProbeOptions(clauses=("P21",)))


def test_a_single_replica_that_nobody_restarts_leaves_what_needs_more_not_exercised() -> None:
    report = probed(replace(in_process(replicas=1), restart=None), ProbeOptions(clauses=("P3", "P13"), seed=0))
    assert statuses(report) == {"P3": Status.HELD, "P13": Status.NOT_EXERCISED}
    assert report.clauses[1].message == "needs several replicas, or a command that restarts one"


# -- without control ---------------------------------------------------------------------------------------------------


def uncontrolled(assembly: Assembly, **options: object) -> Provider:
    provider = Provider(
        name="somebody's",
        doors=[HandlerDoor(lambda: assembly.handler)],
        credentials=ClientCredentials(ID, SECRET),
        wait=impatient,
    )
    return replace(provider, **options)  # type: ignore[arg-type]


def impatient(seconds: float) -> None:
    raise AssertionError(f"nobody asked for {seconds} s of patience")


@pytest.fixture
def assembly() -> Assembly:
    return assemble(Settings(client_id=ID, client_secret=SECRET))


def test_with_credentials_alone_what_needs_control_is_not_exercised(assembly: Assembly) -> None:
    report = probed(uncontrolled(assembly), ProbeOptions(seed=0))
    needy = {"P4", "P5", "P7", "P12", "P13"}
    assert {code for code, status in statuses(report).items() if status is Status.NOT_EXERCISED} == needy
    assert report.exit_status() == 0
    assert all(result.message.startswith("needs ") for result in report.clauses if result.code in needy)


def test_with_credentials_alone_one_token_will_do(assembly: Assembly) -> None:
    probed(uncontrolled(assembly), ProbeOptions(seed=0, clauses=("P2", "P10")))
    issued = [entry for entry in assembly.store.entries("00000000", limit=1000) if getattr(entry, "token", None)]
    assert len(issued) == 1


def test_a_rate_limit_that_nobody_controls_is_waited_for() -> None:
    now, asked = count(), list[float]()
    settings = Settings(client_id=ID, client_secret=SECRET, policy=policy_from({"rate_limit_per_minute": 20}))
    clock = [1_795_000_000_000]

    def wait(seconds: float) -> None:
        asked.append(seconds)
        clock[0] += round(seconds * 1000)

    with assemble(settings, system=lambda: clock[0] + 10 * next(now)) as assembly:
        report = probed(uncontrolled(assembly, wait=wait), ProbeOptions(seed=0, examples=2, clauses=("P1", "P2", "P10")))
    assert asked
    assert set(statuses(report).values()) == {Status.HELD}


def test_a_provider_that_asks_for_too_much_patience_ends_the_probe(assembly: Assembly) -> None:
    def always_later(request: Request, reply: PlatformReply) -> PlatformReply:
        return with_header(with_status(reply, 429), "retry-after", "3600") if request.path == SESSIONS else reply

    provider = replace(spoilt(always_later), control=None, credentials=ClientCredentials("probe", "probe-secret"))
    with pytest.raises(ProbeError, match="429, Retry-After '3600': try later"):
        probed(provider)


def test_wrong_credentials_end_the_probe(assembly: Assembly) -> None:
    with pytest.raises(ProbeError, match="token request is answered 401 invalid_client; are the credentials right"):
        probed(uncontrolled(assembly, credentials=ClientCredentials(ID, "not-it")))


def test_a_provider_with_neither_control_nor_credentials_cannot_be_probed(assembly: Assembly) -> None:
    with pytest.raises(ProbeError, match="neither a control API nor credentials"):
        probed(uncontrolled(assembly, credentials=None))


# -- what is found -----------------------------------------------------------------------------------------------------


def lenient(status: int, code: str | None = None) -> Callable[[Request, PlatformReply], PlatformReply]:
    """Answer 200 to messages that were refused with this status and code."""

    def change(request: Request, reply: PlatformReply) -> PlatformReply:
        refused = request.path == MESSAGES and reply.status == status and code in {None, reply.code}
        return replace(reply, status=200, body=b'{"id": "x", "webChatSessionId": "y"}') if refused else reply

    return change


def without_a_date(_: Request, reply: PlatformReply) -> PlatformReply:
    return with_header(reply, "date", None)


def in_html(_: Request, reply: PlatformReply) -> PlatformReply:
    return reply if reply.status == 200 else replace(reply, body=b"<h1>Forbidden</h1>")


def never_created(request: Request, reply: PlatformReply) -> PlatformReply:
    return with_status(reply, 503) if request.path == SESSIONS else reply


def impatience(_: Request, reply: PlatformReply) -> PlatformReply:
    return with_header(reply, "retry-after", "soon") if reply.status == 429 else reply


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (twice_the_same_id, "P1", "an id was issued that had been issued before: the-one-id"),
        (never_created, "P1", "a create was answered 503, not 200"),
        (
            lenient(403, "not.authorized"),
            "P2",
            "a request with an id that was used up was answered 200, not 403",
        ),
        (lenient(403, "not.authorized"), "P3", "of 3 messages sent with one id at the same time 3 were accepted"),
        (lenient(403, "not.authorized"), "P4", "a request with an id whose time to live was over was answered 200"),
        (lenient(403, "not.authorized"), "P5", "a request with an id that was idle for too long was answered 200"),
        (lenient(403, "not.authorized"), "P6", "a request with an id that was never issued was answered 200"),
        (lenient(403, "app.not.authorized.for.scope"), "P7", "a request with a scope that is missing was answered 200"),
        (lenient(401), "P8", "a request with no token was answered 200, not 401 authentication.required"),
        (lenient(400), "P10", "a request with a body that is wrong was answered 200, not 400"),
        (without_a_date, "P11", "its Date is None, but its clock says Wed, 18 Nov 2026 11:06:40 GMT"),
        (in_html, "P11", "its body is not a JSON object"),
        (impatience, "P12", "a 429 was answered with Retry-After 'soon', not a whole number of seconds"),
        (lenient(403, "not.authorized"), "P13", "a request with an id that was idle for too long was answered 200"),
    ],
)
def test_a_broken_clause_is_found(change: Callable[[Request, PlatformReply], PlatformReply], code: str, message: str) -> None:
    report = probed(spoilt(change), ProbeOptions(seed=0, examples=0, clauses=(code,)))
    (result,) = report.clauses
    assert result.status is Status.VIOLATED
    assert report.exit_status() == 1
    assert result.counterexample is not None
    assert message in result.counterexample.message


GONE = ProbeError("the-provider", "POST /oauth/token gets no answer")


@pytest.mark.parametrize("answers", [50, 150, 400])
def test_what_was_found_before_the_provider_went_away_is_told(answers: int) -> None:
    with pytest.raises(BrokenOff, match=r"^the-provider: POST /oauth/token gets no answer$") as broken_off:
        probed(until(answers, GONE, twice_the_same_id))
    report = broken_off.value.report
    assert statuses(report)["P1"] is Status.VIOLATED
    assert "  interrupted: this is what was found so far" in text.render(report, Style())


def test_what_was_found_before_somebody_had_enough_is_told() -> None:
    report = probed(until(50, KeyboardInterrupt(), twice_the_same_id))
    assert statuses(report)["P1"] is Status.VIOLATED
    assert report.exit_status() == 130


@pytest.mark.parametrize("error", [GONE, KeyboardInterrupt()])
def test_where_nothing_was_found_there_is_nothing_to_tell(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        probed(until(20, error, lambda _, reply: reply))
    assert raised.value is error


def test_the_counterexample_is_the_requests_that_it_takes_with_their_answers(leaking: Report) -> None:
    found = leaking.violated[0].counterexample
    assert found is not None
    asked = [entry.path for entry in found.trace if hasattr(entry, "path")]
    assert asked == ["/oauth/token", SESSIONS, SESSIONS]
    assert {item.seq for item in found.evidence} <= {getattr(entry, "seq", None) for entry in found.trace}


def test_no_secret_is_in_a_counterexample(leaking: Report) -> None:
    told = json.render(leaking).decode()
    assert "Bearer" not in told
    assert "Basic" not in told
    assert '"access_token": "[REDACTED]"' in told


# -- how it is told ----------------------------------------------------------------------------------------------------


def test_the_text_speaks_of_the_provider(leaking: Report) -> None:
    report = msgspec.structs.replace(leaking, replay_with="http://127.0.0.1:8403")
    told = text.render(report, Style(columns=100))
    assert "error[P1] id-not-fresh: an id was issued that had been issued before: the-one-id" in told
    assert "--> provider the mock in this process" in told
    assert "what the provider was asked (virtual time)" in told
    assert "= rule: the provider must answer every create" in told
    assert "again       dayfly probe http://127.0.0.1:8403 --seed 0 --clause P1" in told
    assert "at-most-once" not in told


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_report_tells_it(leaking: Report, kind: str) -> None:
    written = render(leaking, kind)
    assert b"P1" in (written if isinstance(written, bytes) else b"".join(written.values()))


def test_the_json_report_satisfies_its_schema(leaking: Report, sound: Report) -> None:
    for report in (leaking, sound):
        document = msgspec.json.decode(json.render(report))
        Draft202012Validator(json.schema()).validate(document)
        assert document["subject"] == "provider"
        assert "delivery" not in document
