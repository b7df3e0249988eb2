"""A provider is probed by a declaration: what ships is served as declared, and a provider that does otherwise is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import cli
from contracts.protocol.probe import KnownCredential, ProbeCheck
from contracts.protocol.providers import prober
from mockserver import LiveServer, Settings, create_app
from mockserver.declared.mock import Mock, Registered
from mockserver.platform import compile_platform, find, names
from mockserver.web.declared import DeclaredApp, create_declared_app

UPLOADS = """
openapi: 3.1.1
info: {title: Tickets, version: "1"}
paths:
  /tickets:
    post: {operationId: create, responses: {'201': {content: {application/json: {example: {ticket: ''}}}}}}
  /files/{name}:
    put: {operationId: upload, responses: {'200': {content: {application/json: {example: {}}}}}}
components: {examples: {error: {value: {error: '{$answer.code}', message: '{$answer.message}'}}}}
x-lifecycle:
  order: [ticket]
  kinds:
    ticket:
      noun: ticket
      issued: {create: $response.body#/ticket}
      carried: {upload: $request.header.X-Ticket}
      ttl: 60
      uses: 1
      refused:
        missing: {status: 401, code: no_ticket, message: Show one.}
        unknown, ended, spent, expired: {status: 410, code: gone, message: It is gone.}
  refused: {route: {status: 404}, method: {status: 405}}
"""

RESETS = """
openapi: 3.1.1
info: {title: Password resets, version: "1"}
paths:
  /resets:
    post:
      operationId: askReset
      requestBody: &body
        content: {application/json: {schema: {type: object, required: [email], properties: {email: {type: string}}}}}
      responses: {'201': {content: {application/json: {example: {token: ''}}}}}
  /passwords/{token}: {put: {operationId: setPassword, requestBody: *body, responses: {'204': {}}}}
components: {examples: {error: {value: {error: '{$answer.code}', message: '{$answer.message}'}}}}
x-lifecycle:
  order: [body, reset]
  kinds:
    reset:
      noun: reset token
      issued: {askReset: $response.body#/token}
      carried: {setPassword: $request.path.token}
      bound: {email: $request.body#/email}
      ttl: 900
      uses: 1
      refused: {'unknown, foreign, ended, spent, expired': {status: 410, code: gone, message: It is gone.}}
  refused: {'media, size, json, body': {status: 400}, route: {status: 404}, method: {status: 405}}
x-effects:
  change:
    by: setPassword
    delivery: at-most-once
    with: {email: ann@example.com}
    keeps: {email: $request.body#/email}
"""
"""Tokens that are good for one address only, which a unit of work gives to the call that shows one."""


@contextmanager
def served(path: Path, settings: Settings | None = None, claimed: Path | None = None) -> Iterator[str]:
    """Serve a mock, which says that its declaration is the `claimed` one: so does a provider that does otherwise."""
    platform = replace(compile_platform(path), digest=compile_platform(claimed or path).digest)
    with LiveServer(create_declared_app(Mock(platform), settings or Settings())) as live:
        yield live.url


def probed(declared: Path, url: str) -> list[ProbeCheck]:
    with prober(compile_platform(declared), url) as asking:
        return list(asking.checks())


@pytest.mark.parametrize("name", names())
def test_a_platform_that_ships_is_served_as_it_is_declared(name: str) -> None:
    with served(find(name)) as url:
        checks = probed(find(name), url)
    assert [check for check in checks if check.status == "violated"] == []
    assert sum(check.status == "held" for check in checks) >= 3


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("", ""),
        ("bound: {email: $request.body#/email}", "bound: {email: [$request.query.email, $request.body#/email]}"),
        ("    with: {email: ann@example.com}\n    keeps: {email: $request.body#/email}\n", ""),
    ],
)
def test_calls_that_belong_together_have_what_an_id_is_bound_to(tmp_path: Path, own: str, other: str) -> None:
    path = tmp_path / "resets.yaml"
    path.write_text(RESETS.replace(own, other))
    with served(path) as url:
        checks = probed(path, url)
    assert [(check.status, check.said) for check in checks] == [("held", "")] * 5


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("uses: 1", "uses: 2", "spent is refused"),
        ("ttl: 60", "ttl: 61", "expired is refused"),
        ("code: gone", "code: went", "unknown is refused"),
        ("status: 401", "status: 403", "missing is refused"),
        ("'200': {content", "'202': {content", "is accepted"),
        ("X-Ticket", "X-Tick", "is accepted"),
        ("{ticket: ''}", "{id: ''}", ""),
    ],
)
def test_a_provider_that_does_otherwise_is_found(tmp_path: Path, right: str, wrong: str, found: str) -> None:
    declared, other = tmp_path / "uploads.yaml", tmp_path / "other.yaml"
    declared.write_text(UPLOADS)
    other.write_text(UPLOADS.replace(right, wrong))
    with served(other, claimed=declared) as url:
        violated = [check.what for check in probed(declared, url) if check.status == "violated"]
    assert (found in violated) if found else violated == []


def test_what_needs_the_clock_is_not_tried_without_a_control_api(tmp_path: Path) -> None:
    path = tmp_path / "uploads.yaml"
    path.write_text(UPLOADS)
    app = create_declared_app(Mock(compile_platform(path)))
    with LiveServer(DeclaredApp(app.answering)) as live:
        checks = {check.what: check for check in probed(path, live.url)}
    assert checks["expired is refused"].status == "not tried"
    assert "moves the clock" in checks["expired is refused"].said
    assert checks["spent is refused"].status == "held"


def test_a_service_is_probed_with_credentials_of_one_s_own() -> None:
    platform = compile_platform(find("webchat"))
    mock = Mock(platform, registered={"client": Registered("shop", {"secret": "a-secret-of-ours"})})
    given = {"client": KnownCredential("shop", {"secret": "a-secret-of-ours"})}
    with LiveServer(create_declared_app(mock)) as live, prober(platform, live.url, given=given) as asking:
        checks = list(asking.checks())
    assert {check.status for check in checks if "idle" not in check.what and "expired" not in check.what} == {"held"}


def test_the_command_tells_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "uploads.yaml"
    path.write_text(UPLOADS)
    with served(path) as url:
        assert cli.run(["probe", "--platform", str(path), url]) == 0
    assert "ticket       spent is refused     held" in capsys.readouterr().out
    assert cli.run(["probe", "--platform", str(path), "http://127.0.0.1:9"]) == 2
    assert "there is no provider" in capsys.readouterr().err


def test_a_mock_of_another_platform_is_not_accused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "uploads.yaml"
    path.write_text(UPLOADS)
    with served(find("oauth")) as url:
        for given in ((), ("--client-id", "shop", "--client-secret", "a-secret-of-ours")):
            assert cli.run(["probe", "--platform", str(path), url, *given]) == 2
            said = capsys.readouterr()
            assert "is a mock of the platform oauth, and not of uploads; give --platform oauth, or its file" in said.err
            assert not said.out
    with LiveServer(create_app(settings=Settings(client_id="demo", client_secret="demo-secret"))) as live:
        assert cli.run(["probe", "--platform", str(path), live.url]) == 2
    assert "is a mock of the platform webchat, and not of uploads; leave out --platform" in capsys.readouterr().err


def test_a_mock_that_asks_for_a_token_is_not_accused_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "uploads.yaml"
    path.write_text(UPLOADS)
    guarded = Settings(admin_token="a-token", client_id="demo", client_secret="demo-secret")
    with served(find("oauth"), guarded) as url:
        assert cli.run(["probe", "--platform", str(path), url]) == 2
        said = capsys.readouterr()
        assert "is a mock of the platform oauth, and not of uploads; give --platform oauth, or its file" in said.err
        assert not said.out
        for given in ((), ("--client-id", "shop", "--client-secret", "a-secret-of-ours")):
            assert cli.run(["probe", url, *given]) == 2
            assert "is a mock of the platform oauth; add --platform oauth, or its file" in capsys.readouterr().err
            assert cli.run(["stories", "run", "sent-twice", "--url", url, *given]) == 2
            assert "is a mock of the platform oauth; add --platform oauth, or its file" in capsys.readouterr().err
    with LiveServer(create_app(settings=guarded)) as live:
        assert cli.run(["stories", "run", "no-session-id", "--platform", "mcp", "--url", live.url]) == 2
        assert "is a mock of the platform webchat, and not of mcp; leave out --platform" in capsys.readouterr().err
        assert cli.run(["probe", "--platform", str(path), live.url]) == 2
    assert "is a mock of the platform webchat, and not of uploads; leave out --platform" in capsys.readouterr().err
    with served(path, guarded) as url:
        assert cli.run(["probe", "--platform", str(path), url]) == 0


def test_a_mock_of_another_version_is_probed_if_it_has_all_operations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = tmp_path / "uploads.yaml", tmp_path / "uploads-2.yaml"
    ours.write_text(UPLOADS)
    theirs.write_text(UPLOADS)
    with served(theirs) as url:
        assert cli.run(["probe", "--platform", str(ours), url]) == 0
    older = tmp_path / "older" / "uploads.yaml"
    older.parent.mkdir()
    older.write_text(UPLOADS.replace("upload", "place"))
    with served(older) as url:
        assert cli.run(["probe", "--platform", str(ours), url]) == 2
    assert "is a mock of another uploads, without upload; serve the same file" in capsys.readouterr().err


@pytest.mark.parametrize("token", ["", "a-token"])
@pytest.mark.parametrize("older", [False, True])
def test_a_mock_of_another_declaration_is_not_accused(
    token: str, older: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = tmp_path / "uploads.yaml", tmp_path / "theirs" / "uploads.yaml"
    theirs.parent.mkdir()
    ours.write_text(UPLOADS)
    theirs.write_text(UPLOADS.replace("uses: 1", "uses: 2"))
    story = tmp_path / "story.json"
    story.write_text(json.dumps({"version": 1, "platform": str(ours), "title": "Twice", "steps": TWICE}))
    app = create_declared_app(Mock(replace(compile_platform(theirs), **({"digest": ""} if older else {}))), GUARDED)
    asking = ["--admin-token", token] if token else []
    with LiveServer(app) as live:
        for command in (["probe", live.url], ["stories", "run", str(story), "--url", live.url]):
            status = cli.run([*command, "--platform", str(ours), *asking])
            said = capsys.readouterr()
            if older:  # only the name can be compared
                assert "answers otherwise" not in said.err
                assert status == (2 if command[0] == "stories" and not token else 1)
            else:
                assert f"{live.url} is a mock of another uploads, which answers otherwise; serve the same file" in said.err
                assert (status, said.out) == (2, "")


GUARDED = Settings(admin_token="a-token", client_id="demo", client_secret="demo-secret")

TWICE = [
    {"op": "call", "operation": "create", "expect": {"status": 201}},
    {"op": "call", "operation": "upload"},
    {"op": "call", "operation": "upload", "expect": {"status": 410}},
]


def test_words_for_people_make_no_other_declaration(tmp_path: Path) -> None:
    told, other = tmp_path / "uploads.yaml", tmp_path / "told.yaml"
    told.write_text(UPLOADS)
    other.write_text("# ours\n" + UPLOADS.replace("title: Tickets", "title: Our tickets").replace("noun: ticket", "noun: pass"))
    digest = compile_platform(told).digest
    assert compile_platform(other).digest == compile_platform(told, {"ticket.ttl": 5}).digest == digest
    other.write_text(UPLOADS.replace("ttl: 60", "ttl: 61"))
    assert compile_platform(other).digest != digest


WITH_A_NOTE = UPLOADS.replace("{application/json: {example: {}}}", "{application/json: {example: {summary: Taken}}}").replace(
    "operationId: upload,",
    "operationId: upload, description: For people, requestBody: {content: {application/json: {schema: {"
    "type: object, properties: {description: {type: string, description: For people, maxLength: 5}}}}}},",
)


@pytest.mark.parametrize(
    ("word", "other", "is_same"),
    [
        ("For people", "For you", True),
        ("summary: Taken", "summary: Stored", False),
        ("maxLength: 5", "maxLength: 6", False),
        ("{error: '{$answer.code}',", "{advice: Wait, error: '{$answer.code}',", False),
    ],
)
def test_a_member_may_be_called_as_a_word_for_people_is(word: str, other: str, is_same: bool, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    ours.write_text(WITH_A_NOTE)
    assert word in WITH_A_NOTE
    theirs.write_text(WITH_A_NOTE.replace(word, other))
    assert (compile_platform(ours).digest == compile_platform(theirs).digest) == is_same


CHAIN = """
openapi: 3.1.1
info: {title: Bookings, version: "1"}
paths:
  /login:
    post: {operationId: login, responses: {'200': {content: {application/json: {example: {token: ''}}}}}}
  /holds:
    post: {operationId: hold, responses: {'201': {content: {application/json: {example: {holds: [{id: ''}]}}}}}}
  /purchases:
    post:
      operationId: purchase
      requestBody: {content: {application/json: {example: {}}}}
      responses: {'201': {content: {application/json: {example: {}}}}}
  /holds/{id}:
    delete: {operationId: release, responses: {'204': {description: Released.}}}
components: {examples: {error: {value: {error: '{$answer.code}'}}}}
x-lifecycle:
  order: [token, hold]
  kinds:
    grant: {noun: grant, issued: implied}
    token:
      noun: token
      issued: {login: $response.body#/token}
      carried: {'hold, purchase, release': $request.header.Authorization#bearer}
      within: grant
      ttl: 900
      refused: {'missing, unknown, ended, expired': {status: 401, code: bad_token}}
    hold:
      noun: hold
      issued: {hold: $response.body#/holds/0/id}
      carried: {purchase: $request.body#/hold, release: $request.path.id}
      within: grant
      ttl: 120
      uses: 1
      ended: [release]
      refused: {'missing, unknown, foreign, ended, spent, expired': {status: 404, code: bad_hold}}
  refused: {route: {status: 404}, method: {status: 405}}
"""


def test_ids_that_are_shown_together_have_one_owner(tmp_path: Path) -> None:
    """A hold that was taken by one login is foreign to another one: nothing of that is the provider's mistake."""
    path = tmp_path / "bookings.yaml"
    path.write_text(CHAIN)
    with served(path) as url:
        checks = probed(path, url)
    assert {check.status for check in checks} == {"held"}
    assert len(checks) == 10


def test_another_cookie_before_the_id_is_no_hindrance() -> None:
    platform = compile_platform(find("jenkins"))
    app = create_declared_app(Mock(platform))

    def with_theme(environ: Any, start: Any) -> Any:
        theme = ("Set-Cookie", "theme=light; Path=/; HttpOnly")
        return app(environ, lambda status, headers, *more: start(status, [theme, *headers], *more))

    with LiveServer(with_theme) as live, prober(platform, live.url) as asking:
        assert [one for one in asking.checks() if one.status == "violated"] == []


def test_a_check_warns_of_a_declaration_whose_own_mock_refuses_what_it_issues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bound = "      ttl: 60\n      bound: {name: $request.path.name}\n"
    text = UPLOADS.replace("      ttl: 60\n", bound).replace("unknown, ended, spent", "unknown, foreign, ended, spent")
    (tmp_path / "bound.yaml").write_text(text)
    (tmp_path / "right.yaml").write_text(UPLOADS)
    assert [cli.run(("platform", "check", str(tmp_path / name))) for name in ("bound.yaml", "right.yaml")] == [0, 0]
    assert capsys.readouterr().err == (
        "Warning: the mock of this declaration does not do what that says: "
        "ticket is accepted: answered 410 gone, and not 200.\n"
    )


@pytest.mark.parametrize(
    "unit", ["", "x-effects: {put: {by: upload, delivery: any, with: {n: a}, keeps: {n: $request.path.name}}}\n"]
)
def test_what_is_bound_to_a_path_is_the_same_in_the_call_that_issues_it(tmp_path: Path, unit: str) -> None:
    bound = "      ttl: 60\n      bound: {name: [$request.query.name, $request.path.name]}\n"
    declared = tmp_path / "bound.yaml"
    declared.write_text(UPLOADS.replace("      ttl: 60\n", bound).replace("unknown, ended", "unknown, foreign, ended") + unit)
    with served(declared) as url:
        checks = probed(declared, url)
    assert [check.what for check in checks if check.status == "violated"] == []
    assert "is accepted" in [check.what for check in checks if check.status == "held"]


COUNTED = UPLOADS.replace("order: [ticket]", "order: [account, ticket, rate]")
COUNTED = COUNTED.replace("      uses: 1\n", "      within: account\n      live: 2\n      rate: 7\n").replace(
    "spent", "evicted"
)
COUNTED = COUNTED.replace("{route: {status: 404}", "{rate: {status: 429}, route: {status: 404}").replace(
    "  kinds:\n",
    """\
  kinds:
    account:
      noun: account
      issued: registered
      carried: {create: $request.header.X-Account}
      refused: {'missing, unknown, ended': {status: 401}}
""",
)


@pytest.mark.parametrize(
    ("word", "other", "told"),
    [
        ("", "", {}),
        ("live: 2", "live: 3", {"evicted is refused": "answered 200, and not 410"}),
        ("live: 2", "live: 1", {"evicted is refused": "answered 410 gone, and not 200"}),
        ("rate: 7", "rate: 20", {"more than its rate is refused": "answered 200, and not 429"}),
        ("rate: 7", "rate: 6", {"more than its rate is refused": "answered 429, and not 200"}),
        ("rate: {status: 429}", "rate: {status: 503}", {"more than its rate is refused": "answered 503, and not 429"}),
    ],
)
def test_numbers_that_live_and_rates_are_probed(word: str, other: str, told: dict[str, str], tmp_path: Path) -> None:
    declared, provider = tmp_path / "declared.yaml", tmp_path / "provider.yaml"
    declared.write_text(COUNTED)
    provider.write_text(COUNTED.replace(word, other, 1))
    with served(provider, claimed=declared) as url:
        checks = {check.what: check for check in probed(declared, url) if check.kind == "ticket"}
    assert {"evicted is refused", "more than its rate is refused"} <= checks.keys()
    assert {what: check.said for what, check in checks.items() if check.status == "violated"} == told


def test_what_takes_too_many_requests_is_said_to_be_not_tried(tmp_path: Path) -> None:
    declared = tmp_path / "declared.yaml"
    declared.write_text(COUNTED.replace("rate: 7", "rate: 600").replace("live: 2", "live: 50"))
    with served(declared) as url:
        said = {check.what: check.said for check in probed(declared, url) if check.status == "not tried"}
    assert said["more than its rate is refused"] == "600 requests a minute are too many to try; at most 60 are"
    assert said["evicted is refused"] == "50 that live are too many to try; at most 20 are"


@pytest.mark.parametrize(
    ("word", "other", "not_tried"),
    [
        ("spent", "uses: 21", "21 uses are too many to try; at most 20 are"),
        ("evicted", "live: 3", "what is shown beside it is used up before, and comes with another one"),
        ("spent", "uses: 3", "what is shown beside it is used up before, and comes with another one"),
    ],
)
def test_what_is_used_up_beside_an_id_is_not_held_against_a_provider(
    word: str, other: str, not_tried: str, tmp_path: Path
) -> None:
    text = UPLOADS.replace("      uses: 1\n", f"      {other}\n").replace("spent", word)
    nonce = """\
  kinds:
    nonce:
      noun: nonce
      issued: {'*': $response.header.X-Nonce}
      carried: {upload: $request.header.X-Nonce}
      uses: 1
      refused: {'missing, unknown, ended, spent': {status: 400, code: nonce}}
"""
    declared = tmp_path / "declared.yaml"
    declared.write_text(text.replace("  kinds:\n", nonce).replace("[ticket]", "[nonce, ticket]"))
    with served(declared) as url:
        checks = probed(declared, url)
    assert [check for check in checks if check.status == "violated"] == []
    assert {check.what: check.said for check in checks if check.status == "not tried"}[f"{word} is refused"] == not_tried


@pytest.mark.parametrize(
    ("word", "other", "said"),
    [
        ("order: [account, ticket, rate]", "order: [account, ticket]", []),
        ("carried: {create:", "rate: 3\n      carried: {'create, upload':", ["what is shown beside it has a rate too"]),
        ("issued: registered", "issued: registered\n      rate: 2", ["a rate was used up before"]),
    ],
)
def test_another_rate_is_not_held_against_a_provider(word: str, other: str, said: list[str], tmp_path: Path) -> None:
    declared = tmp_path / "declared.yaml"
    declared.write_text(COUNTED.replace(word, other, 1))
    with served(declared) as url:
        checks = probed(declared, url)
    assert [check for check in checks if check.status == "violated"] == []
    assert [check.said for check in checks if (check.kind, check.what) == ("ticket", "more than its rate is refused")] == said


def test_something_registered_that_ends_is_not_held_against_a_provider(tmp_path: Path) -> None:
    declared = tmp_path / "declared.yaml"
    account = "issued: registered\n      rate: 3\n      idle: 30"
    text = COUNTED.replace("issued: registered", account).replace(
        "'missing, unknown, ended'", "'missing, unknown, ended, idle'"
    )
    declared.write_text(text.replace("      rate: 7\n", "").replace("      live: 2\n", "").replace("evicted, ", ""))
    with served(declared) as url:
        said = {check.what: check for check in probed(declared, url) if check.kind == "account"}
    assert said["more than its rate is refused"].said == "something registered ends while the clock moves"


KEPT = UPLOADS.replace("      ttl: 60\n      uses: 1\n", "      ttl: 60\n      idle: 20\n").replace(
    "ended, spent,", "ended, idle,"
)


@pytest.mark.parametrize(
    ("word", "other", "said"),
    [
        ("", "", ("held", "")),
        ("ttl: 60", "ttl: 61", ("violated", "answered 200, and not 410")),
        ("ttl: 60", "ttl: 50", ("violated", "answered 410 gone, and not 200")),
        ("idle: 20", "idle: 19", ("violated", "answered 410 gone, and not 200")),
        ("idle: 20", "idle: 21", ("held", "")),
    ],
)
def test_one_that_would_be_idle_before_is_used_until_its_ttl(
    word: str, other: str, said: tuple[str, str], tmp_path: Path
) -> None:
    declared, provider = tmp_path / "declared.yaml", tmp_path / "provider.yaml"
    declared.write_text(KEPT)
    provider.write_text(KEPT.replace(word, other, 1))
    with served(provider, claimed=declared) as url:
        checks = {check.what: check for check in probed(declared, url)}
    assert (checks["expired is refused"].status, checks["expired is refused"].said) == said
    assert checks["idle is refused"].status == ("violated" if other == "idle: 21" else "held")


@pytest.mark.parametrize(
    ("word", "other", "said"),
    [
        ("idle: 20", "idle: 2", "30 uses before it is idle are too many to try; at most 20 are"),
        ("idle: 20", "idle: 20\n      uses: 3", "it is idle before, and to use it is to replace it or to use it up"),
    ],
)
def test_one_that_cannot_be_used_until_its_ttl_is_not_tried(word: str, other: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "declared.yaml"
    path.write_text(
        KEPT.replace(word, other, 1).replace("ended, idle,", "ended, idle, spent," if "uses" in other else "ended, idle,")
    )
    with served(path) as url:
        checks = {check.what: check for check in probed(path, url)}
    assert checks["expired is refused"].said == said
    assert not [check for check in checks.values() if check.status == "violated"]
