"""What becomes of requests, as their client sees it: each word of a kind on a platform that has little more than that word."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from msgspec.structs import replace

from tests.fixtures.toys import TOKEN, Bench, toy, with_words

BAD = "refused: {%s: {status: 401, code: bad, message: bad}}"

REFRESH = """\
grant: {noun: grant, issued: implied}
access:
  noun: access token
  issued: {'logIn, refresh': $response.body#/access}
  carried: {work: $request.header.Authorization#bearer}
  within: grant
  refused: {'unknown, ended': {status: 401, code: bad, message: bad}}
refresh:
  noun: refresh token
  issued: {'logIn, refresh': $response.body#/refresh}
  carried: {refresh: $request.header.Authorization#bearer}
  within: grant
  successor: {grace: GRACE}
  reuse: end grant
  refused: {'unknown, ended, succeeded': {status: 400, code: invalid_grant, message: bad}}
"""


def refreshing(grace: str) -> Bench:
    kinds = REFRESH.replace("GRACE", grace)
    if grace == "unlimited":
        kinds = kinds.replace("ended, succeeded", "ended")
    return Bench(toy(kinds, order="[refresh, access]"))


def test_one_is_unknown_or_missing_until_it_is_issued() -> None:
    bench = Bench(toy(with_words(TOKEN, BAD % "'missing, unknown, ended'")))
    assert bench.ask("/work").why == "token.missing"
    assert bench.ask("/work", "made-up").why == "token.unknown"
    assert bench.ask("/work", bench.log_in()["token"]).status == 200


def test_one_that_nothing_tells_missing_is_unknown_if_it_is_not_shown() -> None:
    assert Bench(toy(with_words(TOKEN, BAD % "'unknown, ended'"))).ask("/work").why == "token.unknown"


def test_a_refusal_is_no_use() -> None:
    words = "idle: 30", BAD % "'unknown, ended, idle'", "scopes: $request.header.Scope"
    security = "security: [token: [write]], "
    bench = Bench(toy(with_words(TOKEN, *words), order="[token, scope]", security=security))
    token = bench.log_in(Scope="read")["token"]
    bench.passes(20)
    assert bench.ask("/work", token).why == "scope.scope"
    bench.passes(20)
    assert bench.ask("/work", token).why == "token.idle"


# -- successors ------------------------------------------------------------------------------------------------------


def test_a_successor_ends_the_old_one_at_once_without_a_grace() -> None:
    bench = refreshing("0")
    first = bench.log_in()
    second = bench.ask("/refresh", first["refresh"]).body
    assert second["refresh"] != first["refresh"]
    assert bench.ask("/refresh", first["refresh"]).why == "refresh.succeeded"


def test_within_the_grace_the_old_one_is_good_and_after_it_no_more() -> None:
    bench = refreshing("10")
    old = bench.log_in()["refresh"]
    bench.ask("/refresh", old)
    bench.passes(9.999)
    assert bench.ask("/refresh", old).status == 200
    bench.passes(0.001)
    assert bench.ask("/refresh", old).why == "refresh.succeeded"


def test_with_an_unlimited_grace_the_old_one_stays_good() -> None:
    bench = refreshing("unlimited")
    old = bench.log_in()["refresh"]
    bench.ask("/refresh", old)
    bench.passes(10**7)
    assert bench.ask("/refresh", old).status == 200


def test_reuse_ends_the_whole_family() -> None:
    bench = refreshing("0")
    stranger, first = bench.log_in(), bench.log_in()
    second = bench.ask("/refresh", first["refresh"]).body
    assert bench.ask("/work", second["access"]).status == 200
    bench.ask("/refresh", first["refresh"])
    assert bench.ask("/work", second["access"]).why == "access.ended"
    assert bench.ask("/refresh", second["refresh"]).why == "refresh.ended"
    assert bench.ask("/work", stranger["access"]).status == 200


def test_what_is_ended_is_not_replayed() -> None:
    bench = refreshing("0")
    first = bench.log_in()
    bench.mock.end("refresh")
    assert bench.ask("/refresh", first["refresh"]).why == "refresh.ended"
    assert bench.ask("/work", first["access"]).status == 200


# -- owners ----------------------------------------------------------------------------------------------------------


def test_an_implied_owner_begins_with_the_first_within_it_and_takes_all_along() -> None:
    bench = refreshing("0")
    first, second = bench.log_in(), bench.log_in()
    grants = bench.mock.credentials("grant")
    assert len(grants) == 2
    bench.mock.end("grant", grants[0].id)
    assert bench.ask("/work", first["access"]).why == "access.ended"
    assert bench.ask("/work", second["access"]).status == 200


CRUMB = """\
crumb:
  noun: crumb
  issued: {logIn: $response.body#/crumb}
  carried: {work: $request.header.Crumb}
  within: web
  refused: {'missing, unknown, foreign, ended': {status: 403, message: bad}}
"""
WEB = """\
web:
  noun: web session
  issued: {logIn: $response.cookie.SID}
  carried: {'*': $request.cookie.SID}
  idle: 60
"""


@pytest.mark.parametrize("kinds", [WEB + CRUMB, CRUMB + WEB], ids=["owner first", "owner last"])
def test_what_is_issued_together_belongs_together(kinds: str) -> None:
    bench = Bench(toy(kinds, order="[crumb]"))
    answer = bench.ask("/login")
    (cookie,) = answer.header("Set-Cookie")
    shown = cookie.partition(";")[0]
    assert bench.ask("/work", Crumb=answer.body["crumb"], Cookie=shown).status == 200
    assert bench.ask("/work", Crumb=answer.body["crumb"]).why == "crumb.foreign"
    other = bench.ask("/login").header("Set-Cookie")[0].partition(";")[0]
    assert bench.ask("/work", Crumb=answer.body["crumb"], Cookie=other).why == "crumb.foreign"


def test_a_cookie_comes_once_and_again_if_the_one_that_is_shown_is_over() -> None:
    bench = Bench(toy(WEB + CRUMB, order="[crumb]"))
    shown = bench.ask("/login").header("Set-Cookie")[0].partition(";")[0]
    again = bench.ask("/login", Cookie=shown)
    assert again.header("Set-Cookie") == []
    assert bench.ask("/work", Crumb=again.body["crumb"], Cookie=shown).status == 200
    bench.passes(60)
    (fresh,) = bench.ask("/login", Cookie=shown).header("Set-Cookie")
    assert shown not in fresh


CLIENT = """\
client:
  noun: client
  issued: registered
  carried: {logIn: $request.header.Id}
  bound: {secret: $request.header.Secret}
  refused: {'unknown, ended': {status: 400, code: who, message: who}, foreign: {status: 401, code: secret, message: secret}}
"""
OWNED = with_words(TOKEN, "within: client", BAD % "'unknown, ended'")
SESSION = """\
session:
  noun: session
  issued: {refresh: $response.body#/session}
  carried: {work: $request.header.Session}
  within: client
  refused: {'unknown, foreign, ended': {status: 403, code: nope, message: nope}}
"""


def of_clients() -> Bench:
    token = OWNED.replace("{work:", "{'work, refresh':")
    return Bench(toy(CLIENT + token + SESSION, order="[client, token, session]"))


def logged_in(bench: Bench) -> str:
    made = bench.mock.register("client")
    token: str = bench.log_in(Id=made.id, Secret=made.bound["secret"])["token"]
    return token


def test_what_is_bound_has_to_be_equal() -> None:
    bench = of_clients()
    made = bench.mock.register("client")
    assert bench.ask("/login", Id=made.id, Secret="wrong").why == "client.foreign"
    assert bench.ask("/login", Id=made.id).why == "client.foreign"
    assert bench.ask("/login", Id="nobody", Secret=made.bound["secret"]).why == "client.unknown"
    assert bench.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200


def test_a_session_of_another_client_is_foreign() -> None:
    bench = of_clients()
    mine, yours = logged_in(bench), logged_in(bench)
    session = bench.ask("/refresh", mine).body["session"]
    assert bench.ask("/work", yours, Session=session).why == "session.foreign"
    assert bench.ask("/work", mine, Session=session).status == 200


def test_a_client_that_ends_takes_its_tokens_and_sessions_along() -> None:
    bench = of_clients()
    mine = logged_in(bench)
    bench.mock.end("client")
    assert bench.ask("/work", mine).why == "token.ended"


def test_an_implied_owner_is_within_what_was_shown_and_all_end_with_that() -> None:
    family = """\
grant: {noun: grant, issued: implied, within: client}
token:
  noun: token
  issued: {logIn: $response.body#/token}
  carried: {work: $request.header.Authorization#bearer}
  within: grant
  refused: {'unknown, ended': {status: 401}}
"""
    bench = Bench(toy(CLIENT + family, order="[client, token]"))
    token, made = logged_in(bench), bench.mock.registered["client"]
    assert bench.mock.credentials("grant")[0].within == made.id
    assert bench.ask("/work", token).status == 200
    bench.mock.end("client", made.id)
    assert bench.ask("/work", token).why == "token.ended"


# -- uses, crowds, rates ---------------------------------------------------------------------------------------------


SINGLE = with_words(TOKEN, "uses: 1", BAD % "'unknown, ended, spent'")


def test_a_use_counts_when_it_is_accepted() -> None:
    words = SINGLE + "  scopes: $request.header.Scope\n"
    bench = Bench(toy(words, order="[token, scope]", security="security: [token: [write]], "))
    token = bench.log_in(Scope="read")["token"]
    assert [bench.ask("/work", token).why for _ in range(2)] == ["scope.scope", "scope.scope"]


def test_a_use_counts_when_it_is_seen_if_the_declaration_says_so() -> None:
    words = SINGLE + "  scopes: $request.header.Scope\n  spent: seen\n"
    bench = Bench(toy(words, order="[token, scope]", security="security: [token: [write]], "))
    token = bench.log_in(Scope="read")["token"]
    assert [bench.ask("/work", token).why for _ in range(2)] == ["scope.scope", "token.spent"]


def test_two_uses_are_two() -> None:
    bench = Bench(toy(SINGLE.replace("uses: 1", "uses: 2")))
    token = bench.log_in()["token"]
    assert [bench.ask("/work", token).status for _ in range(3)] == [200, 200, 401]


@pytest.mark.parametrize("round", range(3))
def test_of_many_that_use_one_at_once_exactly_one_wins(round: int) -> None:
    bench, threads = Bench(toy(SINGLE)), 16
    token, barrier, statuses = bench.log_in()["token"], Barrier(threads), list[int]()

    def use() -> None:
        barrier.wait()
        statuses.append(bench.ask("/work", token).status)

    started = [Thread(target=use) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert sorted(statuses) == [200] + [401] * (threads - 1)


def test_beyond_so_many_the_oldest_is_evicted_and_only_among_its_owner_s() -> None:
    token = with_words(TOKEN, "within: client", "live: 2", BAD % "'unknown, ended, evicted'")
    bench = Bench(toy(CLIENT + token, order="[client, token]"))
    other, made = logged_in(bench), bench.mock.register("client")
    mine = [bench.log_in(Id=made.id, Secret=made.bound["secret"])["token"] for _ in range(3)]
    assert [bench.ask("/work", one).why for one in mine] == ["token.evicted", "", ""]
    assert bench.ask("/work", other).status == 200


def test_one_that_is_over_takes_no_place() -> None:
    bench = Bench(toy(with_words(TOKEN, "live: 2", "uses: 1", BAD % "'unknown, ended, evicted, spent'")))
    first, second = bench.log_in()["token"], bench.log_in()["token"]
    bench.ask("/work", second)
    bench.log_in()
    assert bench.ask("/work", first).status == 200


def test_so_many_a_minute_and_then_the_rest_of_it_to_wait() -> None:
    bench = Bench(toy(with_words(TOKEN, "rate: 2", BAD % "'unknown, ended'"), order="[token, rate]"))
    token, other = bench.log_in()["token"], bench.log_in()["token"]
    assert [bench.ask("/work", token).status for _ in range(2)] == [200, 200]
    bench.passes(12.5)
    refused = bench.ask("/work", token)
    assert (refused.status, refused.header("Retry-After"), refused.body["detail"]) == (429, ["48"], "48")
    assert bench.ask("/work", other).status == 200
    bench.passes(47.5)
    assert bench.ask("/work", token).status == 200


@pytest.mark.parametrize(("order", "last"), [("[token, rate, scope]", "rate.rate"), ("[token, scope, rate]", "scope.scope")])
def test_what_a_later_guard_refuses_counts_for_the_rate(order: str, last: str) -> None:
    words = "rate: 2", BAD % "'unknown, ended'", "scopes: $request.header.Scope"
    bench = Bench(toy(with_words(TOKEN, *words), order=order, security="security: [token: [write]], "))
    token = bench.log_in(Scope="read")["token"]
    assert [bench.ask("/work", token).why for _ in range(3)][-1] == last


# -- scopes ----------------------------------------------------------------------------------------------------------


def scoped() -> Bench:
    token = with_words(TOKEN, "within: client", "scopes: $request.header.Scope", BAD % "'unknown, ended'")
    return Bench(toy(CLIENT + token, order="[client, grantable, token, scope]", security="security: [token: [read, write]], "))


def test_a_narrower_set_of_scopes_can_be_asked_for_and_not_a_wider_one() -> None:
    bench = scoped()
    made = bench.mock.register("client")
    shown = {"Id": made.id, "Secret": made.bound["secret"]}
    assert bench.ask("/login", Scope="read admin", **shown).why == "grantable.grantable"
    narrow, whole = bench.log_in(Scope="read", **shown)["token"], bench.log_in(**shown)["token"]
    refused = bench.ask("/work", narrow)
    assert (refused.why, refused.body["detail"]) == ("scope.scope", "write")
    assert bench.ask("/work", whole).status == 200


def test_a_scope_that_its_owner_lost_counts_no_more() -> None:
    bench = scoped()
    made = bench.mock.register("client")
    token = bench.log_in(Id=made.id, Secret=made.bound["secret"])["token"]
    bench.mock.register("client", replace(made, scopes=("read",)))
    assert bench.ask("/work", token).why == "scope.scope"


# -- what every answer brings, and what ends one ---------------------------------------------------------------------


NONCE = """\
nonce:
  noun: nonce
  issued: {'*': $response.header.Nonce}
  carried: {work: $request.header.Nonce}
  uses: 1
  spent: seen
  refused: {'missing, unknown, spent, ended': {status: 400, code: badNonce, message: bad}}
"""


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/login", "POST", 200), ("/work", "POST", 400), ("/x", "POST", 404), ("/work", "GET", 405)]
)
def test_every_answer_brings_one_that_is_good(path: str, method: str, status: int) -> None:
    bench = Bench(toy(NONCE, order="[nonce]"))
    answer = bench.ask(path, method=method)
    assert answer.status == status
    (nonce,) = answer.header("Nonce")
    assert bench.ask("/work", Nonce=nonce).status == 200
    assert bench.ask("/work", Nonce=nonce).why == "nonce.spent"


def test_an_operation_may_end_it() -> None:
    words = TOKEN.replace("{work:", "{'work, logOut':")
    bench = Bench(toy(with_words(words, "ended: [logOut]", BAD % "'unknown, ended'")))
    token = bench.log_in()["token"]
    assert bench.ask("/logout", token).status == 200
    assert bench.ask("/work", token).why == "token.ended"
