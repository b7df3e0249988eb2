"""P8: authentication."""

from __future__ import annotations

from functools import partial

from contracts.platform_requests import ClientCredentials, for_message, for_session, for_token
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import (
    EVICTED_TOKEN,
    EXPIRED_TOKEN,
    IDLE_TOKEN,
    MALFORMED_TOKEN,
    NO_TOKEN,
    WRONG_TOKEN,
    RequiredRefusal,
)
from contracts.probe.trials.trial import Need, ProbeTrial

LIFETIME = 10
"""Lifetime or idle timeout of tokens, in seconds, if a trial is about it."""

AUTHORIZATIONS: tuple[tuple[str | None, RequiredRefusal], ...] = (
    (None, NO_TOKEN),
    ("Bearer", NO_TOKEN),
    ("Bearer bm9ib2R5LWlzc3VlZC10aGlz", WRONG_TOKEN),
    ("Bearer null", WRONG_TOKEN),
    ("Bearer not a token", MALFORMED_TOKEN),
    ("Basic ZGF5Zmx5OnByb2Jl", MALFORMED_TOKEN),
)

WRONG_SECRET = RequiredRefusal("P8", 401, "invalid_client", "a wrong client secret")
UNKNOWN_CLIENT = RequiredRefusal("P8", 400, "invalid_client", "an unknown client id")


def a_bad_one(authorization: str | None, refusal: RequiredRefusal, world: ProbeRun) -> None:
    """Neither operation accepts a bad token, and the session stays usable."""
    id = world.session()
    refused = world.ask(for_message(authorization, id))
    world.judge.refuses(refused, refusal)
    marks = ((f"with {refusal.cause}", refused),)
    world.judge.accepts(world.message(id), "P8", f"a message for a session that a request with {refusal.cause} named", marks)
    world.judge.refuses(world.ask(for_session(authorization)), refusal)


def right_before_its_end(world: ProbeRun) -> None:
    """A token is good to the last millisecond."""
    world.advance(LIFETIME * 1000 - 1)
    world.judge.accepts(world.create(), "P8", "a create 1 ms before its token expires")


def at_its_end(world: ProbeRun) -> None:
    """An expired token consumes nothing."""
    id = world.session()
    world.advance(LIFETIME * 1000)
    refused = world.message(id)
    world.judge.refuses(refused, EXPIRED_TOKEN)
    world.me.login()
    marks = (("with an expired token", refused),)
    world.judge.accepts(world.message(id), "P8", "a message with a new token, after one with an expired token,", marks)


def used_in_time(world: ProbeRun) -> None:
    """Use keeps a token from becoming idle."""
    for _ in range(2):
        world.advance(LIFETIME * 1000 - 1)
        world.judge.accepts(world.create(), "P8", "a create 1 ms before its token is idle for too long")
    world.advance(LIFETIME * 1000)
    world.judge.refuses(world.create(), IDLE_TOKEN)


def one_too_many(world: ProbeRun) -> None:
    """One token too many evicts the oldest, and no other."""
    oldest = world.me.authorization
    kept = [world.me.login() for _ in range(2)]
    world.judge.refuses(world.ask(for_session(oldest)), EVICTED_TOKEN)
    for authorization in kept:
        world.judge.accepts(world.ask(for_session(authorization)), "P8", "a create with one of the newest tokens")


def a_wrong_secret(world: ProbeRun) -> None:
    """A wrong secret gets no token."""
    credentials = world.me.credentials
    world.judge.refuses(world.ask(for_token(credentials._replace(client_secret="not-the-secret"))), WRONG_SECRET)


def an_unknown_client(world: ProbeRun) -> None:
    """The same with an unknown client id."""
    world.judge.refuses(world.ask(for_token(ClientCredentials("nobody", "not-the-secret"))), UNKNOWN_CLIENT)


TRIALS = (
    *(ProbeTrial("P8", partial(a_bad_one, *shown)) for shown in AUTHORIZATIONS),
    ProbeTrial("P8", right_before_its_end, {"token_ttl": LIFETIME}, Need.CONTROL),
    ProbeTrial("P8", at_its_end, {"token_ttl": LIFETIME}, Need.CONTROL),
    ProbeTrial("P8", used_in_time, {"token_idle_timeout": LIFETIME}, Need.CONTROL),
    ProbeTrial("P8", one_too_many, {"max_tokens_per_client": 2}, Need.CONTROL),
    ProbeTrial("P8", a_wrong_secret),
    ProbeTrial("P8", an_unknown_client),
)
