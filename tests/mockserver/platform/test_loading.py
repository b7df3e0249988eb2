"""A declaration that is wrong is refused: with the file, the line, the place, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.platform import DeclarationError, Platform, compile_platform, find, load
from mockserver.platform.source import LARGEST, MOST_NODES
from tests.mockserver.platform.wrong import TOY, WRONG


def loaded(folder: Path, text: str | bytes, **policy: object) -> Platform:
    path = folder / "toy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return compile_platform(path, {name.replace("__", "."): value for name, value in policy.items()})


def refused(folder: Path, text: str | bytes, **policy: object) -> DeclarationError:
    with pytest.raises(DeclarationError) as caught:
        loaded(folder, text, **policy)
    return caught.value


def test_the_toy_is_right(tmp_path: Path) -> None:
    assert loaded(tmp_path, TOY).title == "A toy"


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str, tmp_path: Path) -> None:
    old, new, place, problem = WRONG[name]
    assert TOY.count(old) == 1 or name == "a status in words", "the toy changed"
    error = refused(tmp_path, TOY.replace(old, new, 1))
    assert error.place == place
    assert problem in error.problem
    assert max(map(len, str(error).splitlines())) < 400
    assert error.source == str(tmp_path / "toy.yaml")


@pytest.mark.parametrize(
    "content",
    [
        "{example: {refresh_token: '', at: 0}}",
        "{example: {tokens: ''}, schema: {$ref: '#/components/schemas/answer'}}",
        "{schema: {$ref: '#/components/schemas/answer'}}",
        "{example: {token: '', last: '{$now}', lasts: 0}}",
    ],
)
def test_an_example_may_leave_out_what_its_answer_brings(content: str, tmp_path: Path) -> None:
    answer = "{properties: {tokens: {$ref: '#/components/schemas/answer'}, token: {type: string}}}"
    text = TOY.replace("{example: {at: '{$now}'}}", content)
    loaded(tmp_path, text.replace("components:\n", f"components:\n  schemas: {{answer: {answer}}}\n"))


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        (
            {"ttl: {seconds: 60, ": "ttl: {seconds: -1, ", "dead: renew": "dead: never"},
            ["x-lifecycle.kinds.token.duty.dead", "x-lifecycle.kinds.token.ttl.seconds"],
        ),
        (
            {"message: '{$detail}'": "message: '{$detail}', shape: other", "missing: {": "evicted, missing: {"},
            ["x-lifecycle.kinds.token.refused.evicted, missing", "x-lifecycle.refused.body"],
        ),
        (
            {"noun: token\n      issued": "nuon: token\n      isued"},
            ["x-lifecycle.kinds.token.nuon", "x-lifecycle.kinds.token.isued"],
        ),
        (
            {"    account:\n      noun: account\n": "    account:\n      nown: account\n", "      noun: token\n": ""},
            ["x-lifecycle.kinds.account.nown", "x-lifecycle.kinds.token: the word 'noun' is missing"],
        ),
        (
            {"order: [token, body]": "order: [token, bdy]", "by: work": "by: wrk"},
            ["x-lifecycle.order.1", "x-effects.job.by"],
        ),
        (
            {"order: [token, body]": "order: [tken, bdy]"},
            ["x-lifecycle.order.0", "x-lifecycle.order.1"],
        ),
        (
            {
                "{logIn: $response.body#/token}": "{logIn: $request.body#/token}",
                "$request.header.Authorization#b": "$respons.b",
            },
            ["x-lifecycle.kinds.token.carried.work", "x-lifecycle.kinds.token.issued.logIn"],
        ),
        (
            {"message: too large}": "message: x, shape: one}", "message: not JSON}": "message: x, shape: two}"},
            ["x-lifecycle.refused.size", "x-lifecycle.refused.json"],
        ),
        (
            {"keeps: {n: $request.path.n}": "keeps: {m: $request.path.m}"},
            ["x-effects.job.keeps.m: $request.path.m: the path", "x-effects.job.keeps.m: `keeps` names 'm'"],
        ),
        (
            {
                "'{$now}'": "'{$nwo}'",
                "message: '{$detail}'": "message: '{$deta}', headers: {X: '{$filed}'}",
                "schema: {type: object}": "schema: {type: 7}",
                "message: no token}": "message: '{$dta}'}",
            },
            [
                "x-lifecycle.kinds.token.refused.missing: {$dta}",
                "x-lifecycle.refused.body: {$filed}",
                "x-lifecycle.refused.body: {$deta}",
                "paths./login.post.requestBody.content.application/json.schema.type",
                "paths./login.post.responses.200: {$nwo}",
            ],
        ),
        (
            {"text: '{$answer.message}'": "text: '{$answer.mesage}'", "{at: '{$now}'}": "{tokens: ''}"},
            ["x-lifecycle.kinds.token.refused.missing: {$answer.mesage}", "x-lifecycle.kinds.token.issued.logIn"],
        ),
    ],
)
def test_every_mistake_is_told(changes: dict[str, str], places: list[str], tmp_path: Path) -> None:
    text = TOY
    for old, new in changes.items():
        assert old in text, "the toy changed"
        text = text.replace(old, new, 1)
    first, *others = str(refused(tmp_path, text)).split("\n  ")
    assert [place in line for place, line in zip(places, [first, *others], strict=True)] == [True] * len(places)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("      noun: token\n", "      noun: token\n      noun: token\n", 29),
        ("ttl: {seconds: 60, ", "ttl: {seconds: -1, ", 32),
        ("dead: renew", "dead: never", 36),
        ("message: too large}", "message: too large, kode: 1}", 41),
        ("schema: {type: object}", "schema: {$ref: '#/nowhere'}", 9),
        ("'{$now}'", "'{$nwo}'", 11),
        ("message: '{$detail}'", "message: '{$deta}'", 43),
        ("{at: '{$now}'}", "{tokens: ''}", 29),
        ("schema: {type: object}", "schema: {type: 7}", 9),
    ],
)
def test_the_line_is_that_of_the_wrong_word(old: str, new: str, line: int, tmp_path: Path) -> None:
    error = refused(tmp_path, TOY.replace(old, new))
    assert error.line == line
    assert str(error).startswith(f"{tmp_path / 'toy.yaml'}:{line}: {error.place}: ")


def test_a_word_of_its_own_has_its_own_line_though_another_is_merged(tmp_path: Path) -> None:
    text = TOY.replace("method: {status: 405,", "method: {<<: *gone, status: 999,").replace(
        "route: {status: 404,", "route: &gone {status: 404,"
    )
    assert refused(tmp_path, text).line == 39


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "is not a mapping"),
        ("- a\n- b\n", 1, "is not a mapping"),
        ("a: [1,\nb: }", 2, "is not YAML"),
        ("a: 'x", 1, "is not YAML"),
        ("a: *nothing", 1, "is not YAML: found undefined alias"),
        ("a: !!python/object:os.system {}", 1, "is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "is not YAML"),
        ("a: &a [*a]", 0, "contains itself"),
        ("[" * 1000, 0, "nested too deeply"),
        ("[" * 100_000, 0, "nested too deeply"),  # which the loader in C cannot bear
        ("\x00", 0, "is not YAML"),
        ("a: 1", 0, "write openapi: 3.1.1"),
        ("openapi: 3.1.0", 0, "there is no paths in it"),
        ("openapi: 3.1.0\npaths: {}", 0, "there is no x-lifecycle in it"),
        ("openapi: 3.1.0\npaths: {}\nx-lifecycles: {}", 3, "did you mean 'x-lifecycle'"),
        ("openapi: 3.1.0\npaths: {}\nx-lifecycle: []", 3, "[] is not an object"),
        ("openapi: 3.1.0\npaths: {}\nx-lifecycle: {}", 3, "the word 'order' is missing"),
        (
            "openapi: 3.1.0\npaths: []\nx-lifecycle: {order: [], kinds: {a: {noun: a, issued: implied}}, refused: {}}",
            2,
            "not an object",
        ),
    ],
)
def test_a_file_that_is_no_declaration_is_refused(text: str, line: int, problem: str, tmp_path: Path) -> None:
    error = refused(tmp_path, text)
    assert problem in error.problem
    assert error.line == line or (line == 0 and error.line <= 1)


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    assert "is not YAML" in refused(tmp_path, b"a: \xff\xfe\xff").problem


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"none\.yaml: cannot be read: No such file"):
        compile_platform(tmp_path / "none.yaml")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    error = refused(tmp_path, b"#" * (LARGEST + 1))
    assert error.problem == f"is larger than {LARGEST} bytes; give a smaller document"


@pytest.mark.parametrize(
    "bomb",
    [
        "\n".join(["x-a0: &a0 [1]", *(f"x-a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]),
        "\n".join(["x-a0: &a0 {a: 1}", *(f"x-a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))]),
        "\n".join(["x-a0: [1]", *(f"x-a{n}: [{{$ref: '#/x-a{n - 1}'}}, {{$ref: '#/x-a{n - 1}'}}]" for n in range(1, 40))]),
    ],
    ids=["aliases", "merges", "references"],
)
def test_a_document_that_would_grow_for_ever_is_refused(bomb: str, tmp_path: Path) -> None:
    assert f"more than {MOST_NODES} values" in refused(tmp_path, TOY + bomb).problem


def test_a_merge_twice_is_a_key_twice(tmp_path: Path) -> None:
    error = refused(tmp_path, TOY + "x-a: &a {b: 1}\nx-c: {<<: *a, <<: *a}\n")
    assert (error.place, error.problem) == ("x-c.<<", "stands here twice; keep one of them")


def test_a_long_chain_of_references_is_refused(tmp_path: Path) -> None:
    chain = "\n".join(["x-a1000: 1", *(f"x-a{n}: {{$ref: '#/x-a{n + 1}'}}" for n in range(1000))])
    assert "nested too deeply" in refused(tmp_path, TOY + chain).problem


def test_a_date_is_a_text(tmp_path: Path) -> None:
    assert loaded(tmp_path, TOY.replace("title: A toy", "title: 2026-01-01")).title == "2026-01-01"


def test_statuses_may_be_written_as_numbers(tmp_path: Path) -> None:
    platform = loaded(tmp_path, TOY.replace("'200'", "200"))
    assert platform.operations["work"].answer.status == 200


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"tokn__ttl": 1}, "there is no kind 'tokn'; did you mean 'token'?"),
        ({"token__tll": 1}, "of a kind it can set ttl, idle, uses, live, rate, successor"),
        ({"token__ttl": 0}, "0 is not right: it must be a number of seconds above 0"),
        ({"token__ttl": "off"}, "'off' is not right: it must be a number of seconds above 0"),
        ({"token__uses": 1.5}, "it must be a whole number from 1, or unlimited"),
        ({"token__successor": -1}, "it must be a number of seconds from 0, or unlimited"),
        ({"token__idle": 5}, "one can be idle, and there is no answer for that; add a row for 'idle'"),
        ({"account": 5}, "of a kind it can set ttl"),
    ],
)
def test_a_policy_that_is_none_is_refused(policy: dict[str, object], problem: str, tmp_path: Path) -> None:
    assert problem in refused(tmp_path, TOY, **policy).problem


def test_a_variant_with_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    variant = "  operations:\n    idle: {of: work, answer: rout}\n  kinds:\n"
    error = refused(tmp_path, TOY.replace("{work:", "{idle:").replace("by: work", "by: idle").replace("  kinds:\n", variant))
    assert error.place == "x-lifecycle.operations.idle.answer"
    assert error.problem == "there is no row 'rout'; did you mean 'route'?"


def test_what_is_implied_cannot_be_limited(tmp_path: Path) -> None:
    text = TOY.replace("issued: registered", "issued: implied\n      live: 1")
    assert "x-lifecycle.kinds.account.live: what is implied cannot be limited" in str(refused(tmp_path, text))
    with pytest.raises(DeclarationError, match="give `live` to a kind within it"):
        compile_platform(find("oauth"), {"grant.live": 1})


def test_what_is_implied_has_something_within_it(tmp_path: Path) -> None:
    text = TOY.replace("issued: registered", "issued: implied").replace("      within: account\n", "")
    error = refused(tmp_path, text)
    assert (error.place, error.line) == ("x-lifecycle.kinds.account.issued", 26)
    assert error.problem == "nothing is within it, so nothing implies it; write how it is issued"


def test_a_policy_sets_the_words_of_a_kind(tmp_path: Path) -> None:
    text = TOY.replace("unknown, ended, expired:", "unknown, ended, expired, succeeded:").replace(
        "      within: account", "      successor: {grace: 0}\n      within: account"
    )
    text = text.replace("{work: $request", "{'work, logIn': $request")
    life = loaded(tmp_path, text, token__ttl=5, token__successor=2).kinds["token"].life
    assert (life.ttl, life.grace) == (5000, 2000)


def test_two_kinds_cannot_stand_at_one_place(tmp_path: Path) -> None:
    crumb = """\
    crumb:
      noun: crumb
      issued: {logIn: $response.body#/crumb}
      carried: {work: $request.header.Authorization#bearer}
"""
    text = TOY.replace("  kinds:\n", f"  kinds:\n{crumb}")
    error = refused(tmp_path, text)
    assert error.place == "x-lifecycle.kinds.token.carried.work"
    assert error.problem == "at $request.header.Authorization#bearer of work stands a crumb already"
    assert text.splitlines()[error.line - 1].strip().startswith("carried")


def test_a_kind_with_answers_has_to_be_a_guard(tmp_path: Path) -> None:
    """Otherwise nothing would ever refuse it, and a judge would accuse clients of what the mock accepts."""
    path = tmp_path / "unguarded.yaml"
    path.write_text(find("mcp").read_text("utf-8").replace("order: [session]", "order: []"))
    with pytest.raises(DeclarationError, match="is not in `order`, so it is never refused; add it there"):
        load(path)


def test_several_refusals_may_share_an_answer(tmp_path: Path) -> None:
    shared = "    media, size: {status: 413"
    text = TOY.replace("    media: {status: 415, message: wrong type}\n", "").replace("    size: {status: 413", shared)
    rows = loaded(tmp_path, text).refused
    assert rows["media"].status == rows["size"].status == 413
    error = refused(tmp_path, TOY.replace("    size: {status: 413", shared))
    assert (error.place, error.problem) == (
        "x-lifecycle.refused.media, size",
        "there is a row for 'media' already; leave it out here or there",
    )


def test_what_is_unlimited_needs_no_answer_and_may_have_one(tmp_path: Path) -> None:
    text = TOY.replace("ttl: {seconds: 60, told: $response.body#/lasts}", "ttl: unlimited")
    assert "expired" in loaded(tmp_path, text).kinds["token"].refused
    without = loaded(tmp_path, text.replace("ended, expired:", "ended:")).kinds["token"]
    assert (without.life.ttl, "expired" in without.refused) == (None, False)
    more = text.replace("ended, expired:", "ended:").replace("ttl: unlimited", "idle: unlimited\n      uses: unlimited")
    assert loaded(tmp_path, more).kinds["token"].life.uses is None
    limited = refused(tmp_path, text.replace("ended, expired:", "ended:"), **{"token.ttl": 60})
    assert limited.problem == "one can be expired, and there is no answer for that; add a row for 'expired'"


def test_a_cause_has_one_answer(tmp_path: Path) -> None:
    text = TOY.replace("        missing: {", "        missing, ended, expired: {")
    error = refused(tmp_path, text)
    assert (error.place, error.line) == ("x-lifecycle.kinds.token.refused.unknown, ended, expired", 35)
    assert error.problem == "there is a row for 'ended' already; leave it out here or there"
    (other,) = error.quoted
    assert "there is a row for 'expired' already" in other


@pytest.mark.parametrize("wrong", ["message: '{$nwo}'", "message: x, shape: other"])
def test_the_line_of_a_row_with_several_names_is_its_own(wrong: str, tmp_path: Path) -> None:
    text = TOY.replace("    size: {status: 413, message: too large}\n", "")
    error = refused(
        tmp_path, text.replace("    media: {status: 415, message: wrong type", f"    media, size: {{status: 415, {wrong}")
    )
    assert (error.place.partition(" size")[0], error.line) == ("x-lifecycle.refused.media,", 40)


@pytest.mark.parametrize(
    ("mistakes", "last"), [(20, "x-lifecycle.kinds.token.duty.w19: "), (21, "and 1 more; "), (50, "and 30 more; ")]
)
def test_the_mistakes_that_are_not_told_are_counted(mistakes: int, last: str, tmp_path: Path) -> None:
    words = ", ".join(f"w{number:02}: 1" for number in range(mistakes))
    lines = str(refused(tmp_path, TOY.replace("dead: renew", f"dead: renew, {words}"))).split("\n  ")
    assert last in lines[-1]
    assert len(lines) == min(mistakes, 21)


def test_a_refusal_that_nothing_makes_is_told(tmp_path: Path) -> None:
    for word, hint in {
        "jason": "did you mean 'json'?",
        "None": "known are route, method, scope, ",
        "\uff15\uff10\uff13": "known are ",
    }.items():
        error = refused(tmp_path, TOY.replace("    json: {", f"    {word}: {{status: 400}}\n    json: {{"))
        assert error.place == f"x-lifecycle.refused.{word}"
        assert error.problem.startswith(f"there is no refusal {word!r}; {hint}")
