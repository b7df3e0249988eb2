"""Verifies a client from Python, for example in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from contracts.clients.errors import ClientError
from contracts.generate import Extent
from contracts.judge import Delivery, Parameters
from contracts.report.model import Report
from contracts.verify.errors import CorpusUnkept, NothingExercised, violation
from contracts.verify.expected import known
from contracts.verify.platforms import judged_platform
from contracts.verify.run import Options
from contracts.verify.subject import Subject, subject_of
from mockserver.errors import suggestion


class HeldTo(TypedDict, total=False):
    """The parameters of the contract, as `contracts.judge.Parameters` describes them; times are in seconds.

    `max_age=math.inf` allows ids of any age. `idempotency_key` names a header of the client: sends of a message with the same
    value in it count as one.
    """

    delivery: Delivery
    max_age: float
    max_attempts: int
    min_attempts: int
    max_wait: float
    min_pause: float
    token_margin: float
    idempotency_key: str | None


def verify_client(
    make_client: Callable[[Any], Any] | None = None,
    *,
    command: str | None = None,
    examples: int | None = None,
    seed: int | None = None,
    profile: str | None = None,
    walk: Extent | None = None,
    clauses: str | Iterable[str] = (),
    corpus: str | Path | None = None,
    corpus_keep: bool = False,
    expected_failures: str | Path | Mapping[str, str] | None = None,
    socket: bool = False,
    one_shot: bool = False,
    real_time: bool = False,
    patience: float | None = None,
    show_output: bool = False,
    root: str | Path | None = None,
    test: str = "",
    platform: str | Path | None = None,
    **held_to: Unpack[HeldTo],
) -> Report:
    """Verify the client that `make_client(access)` returns or `command` starts. Return the report if every clause held.

    `access` has `base_url`, `client_id`, `client_secret`, `http_client()`, `sleep()` and `now()`. The client has `send(guest,
    text)`, plain or asynchronous. `expected_failures` is a file, or reasons by clause. With `socket` the platform listens at
    `base_url`, so that what an HTTP stack does by itself is seen. `patience` is in seconds of real time. With `show_output` the
    client prints as it would without dayfly; otherwise only reports show its output. `command` starts a client in any language,
    in the working directory; `one_shot` and `real_time` are for it only. `platform` is a declared platform; see
    `verify_protocol`.

    The client is named by its file, relative to `root` (None: the working directory). `test` is the pytest test to run again if
    the command line cannot name the client. HeldTo describes `held_to`.

    Raises ContractViolated with the report as its text, NothingExercised, and others if the client cannot be verified.
    """
    __tracebackhide__ = True
    judged = judged_platform(platform)
    flags = {"one_shot": one_shot, "real_time": real_time}
    given = {"show_output": show_output} | ({} if patience is None else {"patience": patience})
    where = Path(root or Path.cwd())
    subject = subject_of(make_client, command, flags, given, socket=socket, root=where, methods=judged.methods)
    kept = None if corpus is None else Path(corpus)
    drawn = Options(examples=examples, seed=seed, profile=profile, walk=walk, corpus=kept, corpus_keep=corpus_keep)
    expected = known(expected_failures, judged.codes)
    options = replace(drawn, clauses=codes_in(clauses), parameters=_parameters(held_to), expected=expected)
    report = _verified(judged.verify, subject, options)
    return _kept(replace(report, replay_with=subject.typed, test=test))


def verify_protocol(make_client: Callable[[Any], Any], platform: str | Path, **options: Any) -> Report:
    """Verify a client of a declared platform; `platform` is its name or its file, and the options are those of `verify_client`.

    The client has a method for each unit of work in the platform's `x-effects`, plain or asynchronous, which takes the unit's
    values by name. `examples` bounds the scenarios. `profile`, `walk` and parameters that no clause has change nothing.
    """
    __tracebackhide__ = True
    return verify_client(make_client, platform=platform, **options)


def _parameters(held_to: HeldTo) -> Parameters:
    """Return the parameters. Raises TypeError for an option that does not exist, with the one that may be meant."""
    known = set(HeldTo.__annotations__)
    for name in held_to.keys() - known:
        options = sorted({*known, *(verify_client.__kwdefaults__ or ())})
        raise TypeError(f"verify_client has no option {name!r}; {suggestion(name, options)}")
    return Parameters(**held_to)


def _verified(verify: Callable[..., Report], subject: Subject, options: Options) -> Report:
    """Return the report. An error is raised without its traceback, because a reader of the test wants the reason only."""
    __tracebackhide__ = True
    try:
        return subject.judged(partial(verify, options=options))
    except ClientError as error:
        raise error.with_traceback(None)  # noqa: B904 - its cause stays


def _kept(report: Report) -> Report:
    """Return the report if every clause held, else raise it."""
    __tracebackhide__ = True
    if report.interrupted:
        raise KeyboardInterrupt
    if report.failed:
        raise violation(report)
    if report.unkept:
        raise CorpusUnkept(report)
    if report.exit_status() != 0:
        raise NothingExercised(report)
    return report


def codes_in(clauses: str | Iterable[str]) -> tuple[str, ...]:
    """Return the codes as a tuple; a single one may be given as a string."""
    return (clauses,) if isinstance(clauses, str) else tuple(clauses)
