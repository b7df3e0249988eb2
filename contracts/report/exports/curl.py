"""A counterexample as a script of curl commands: the client's requests, the perturbations, and steps of the clock.

The requests are made one after the other, in the order in which the platform acted on them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET

from contracts.history import Call, History
from contracts.history.build import build_history
from contracts.history.validate import Numbered, well_formed
from contracts.report.cells import clean
from contracts.report.exports.controls import AN_INSTANT, DOES, SCOPES
from contracts.report.exports.shell import comment, word
from contracts.report.model import ClauseResult, Counterexample
from contracts.report.words import item_words, perturbation_words, request_words
from mockserver.journal import SESSION_ID, Answer, Arrival, Began, Ended, Perturbed
from mockserver.wire.bodies import FORM


def render(result: ClauseResult) -> str:
    """Return the script for any POSIX shell with curl and sed. `result` must have a counterexample.

    It exits with 1 if every answer is as it was, with 2 if one is not.
    """
    found = result.counterexample
    assert found is not None
    return "\n".join([*_head(result, found), *_Script(found).lines(), *_end(result, found)]) + "\n"


def _head(result: ClauseResult, found: Counterexample) -> Iterator[str]:
    yield "#!/bin/sh"
    yield comment(f"{result.code} {result.name}: {found.message}")
    yield "#"
    for item in found.scenario.parts if found.scenario is not None else ():
        yield from (comment(f"  {line}") for line in item_words(item))
    yield "#"
    yield "# What the client did in this scenario, request by request, against a mock that was started by: dayfly serve"
    yield "# Set DAYFLY_URL if it is not at http://127.0.0.1:8403, and DAYFLY_ADMIN_TOKEN if its control API has a token."
    yield "# Exit status: 1 if every answer is as it was, 2 if one is not."
    yield resources.files("contracts.report.exports").joinpath("prologue.sh").read_text("utf-8")


def _end(result: ClauseResult, found: Counterexample) -> Iterator[str]:
    yield ""
    yield f"printf '\\n%s\\n' {word(clean(f'error[{result.code}] {result.name}: {found.message}'))}"
    yield "printf '%s\\n' \"judge it    dayfly check $API --organization $ORGANIZATION\""
    yield "exit 1"


class _Script:
    """Goes through a trace. `_now` is the time to which the script has moved the clock, in milliseconds of the trace."""

    def __init__(self, found: Counterexample) -> None:
        trace = well_formed(found.trace)
        self._entries: list[Numbered] = trace.entries
        self._history: History = build_history(trace)
        self._evidence = found.evidence
        self._policy = trace.header.policy
        self._calls = {call.arrival.context_id: call for call in self._history.calls}
        self._now = self._entries[0].at if self._entries else 0
        self._shortest = 1 if trace.header.clock == "virtual" else 1000  # in real time each request takes some
        self._ids: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        """Return the lines of the steps."""
        made = {"name": "counterexample", "policy": self._policy}
        yield f"admin /organizations {word(_json(made))}"
        yield "ORGANIZATION=$(field id) CLIENT_ID=$(field client_id) CLIENT_SECRET=$(field client_secret)"
        yield "world /clock/freeze '{}'"
        for entry in self._entries:
            yield from self._step(entry)

    def _step(self, entry: Numbered) -> Iterator[str]:
        match entry:
            case Began():
                yield ""
                yield from self._move_to(entry.at)
                yield comment(f"message {entry.intent + 1} to {entry.guest.name}: {entry.text[:60]!r}")
            case Ended():
                ends = {"accepted": "success", "failed": "failure"}
                yield comment(f"message {entry.intent + 1}: the client reported {ends.get(entry.outcome, 'nothing at all')}")
            case Perturbed():
                yield from self._move_to(entry.at)
                yield from _perturbation(entry)
            case Answer() if entry.context_id in self._calls:
                yield from self._request(self._calls[entry.context_id])
            case Arrival() if self._calls[entry.context_id].answer is None:
                yield comment(f"{request_words(self._calls[entry.context_id], self._history)}: was never answered")

    def _move_to(self, at: int) -> Iterator[str]:
        if at - self._now >= self._shortest:
            yield f"advance {(at - self._now) / 1000:.3f}"
            self._now = at

    # -- requests ----------------------------------------------------------------------------------------------------

    def _request(self, call: Call) -> Iterator[str]:
        arrival, answer = call.arrival, call.answer
        assert answer is not None
        yield from self._move_to(answer.acted if answer.acted is not None else arrival.at)
        if call.returned is not None and call.status is None and answer.delivery == "complete":
            yield comment("the client had stopped waiting when this was answered")
        yield f"data={self._body(arrival, answer)}"
        marks = [f"<- {item.label}" for item in self._evidence if item.seq in call.seqs]
        words = clean(" ".join([str(call.number), request_words(call, self._history), *marks]))
        path, _, query = arrival.path.partition("?")
        address = quote(path) + (f"?{quote(query, safe='=&[]:+%')}" if query else "")
        media_type = "Content-Type:" + (f" {arrival.media_type}" if arrival.media_type else "")
        options = [*self._authorization(call), f"-H {word(media_type)}"]
        yield f"call {word(words)} {_reply(answer)} {word(arrival.method)} {word(address)} \\\n  {' '.join(options)}"
        yield from self._remember(call)

    def _remember(self, call: Call) -> Iterator[str]:
        """Keep the ids and tokens that the client got in variables with the labels of the reports."""
        if call.received_session is not None:
            label = self._ids[call.received_session] = self._history.sessions[call.received_session].label
            yield f"{label}=$(field {SESSION_ID})"
        if call.received_token is not None:
            label = self._tokens[call.received_token] = self._history.token_label(call.received_token)
            yield f"{label}=$(field access_token)"

    def _body(self, arrival: Arrival, answer: Answer) -> str:
        if arrival.body is UNSET:
            return word(arrival.text or "")
        if (arrival.media_type or "").startswith(FORM) and isinstance(arrival.body, dict):
            # If the client's credentials were accepted, this organisation's take their place.
            variables = {"ORGANIZATION-CLIENT-ID": "CLIENT_ID", "ORGANIZATION-CLIENT-SECRET": "CLIENT_SECRET"}
            own = dict(zip(("client_id", "client_secret"), variables, strict=True)) if answer.status == 200 else {}
            return word(urlencode({name: own.get(name, value) for name, value in arrival.body.items()}), variables)
        return word(_json(arrival.body), self._ids)

    def _authorization(self, call: Call) -> Iterator[str]:
        proof, answer = call.arrival.credential, call.answer
        match proof.form:
            case "basic":
                known = answer is None or not answer.reason.startswith(("oauth.unknown", "oauth.wrong"))
                yield '-u "$CLIENT_ID:$CLIENT_SECRET"' if known else '-u "$CLIENT_ID:not-the-secret"'
            case "bearer":
                name = self._tokens.get(proof.token or "")
                yield f'-H "Authorization: Bearer ${name}"' if name else "-H 'Authorization: Bearer not-issued-here'"
            case "literal":
                yield f"-H {word(f'Authorization: Bearer {proof.literal}')}"
            case "empty":
                yield "-H 'Authorization;'"
            case "malformed":
                yield "-H 'Authorization: malformed'"


def _reply(answer: Answer) -> str:
    """Return the answer as curl sees it."""
    if answer.delivery == "complete":
        return str(answer.status)
    return "cut" if answer.delivery == "truncated" else "none"


def _perturbation(entry: Perturbed) -> Iterator[str]:
    yield comment(perturbation_words(entry.what, entry.detail))
    if entry.what in DOES:
        path, body = DOES[entry.what]
        yield f"world {path} {word(_json(body))}"
    elif entry.what in SCOPES:
        yield f'world "/clients/$CLIENT_ID" {word(_json({"scopes": SCOPES[entry.what]}))} PATCH'
    elif entry.what == "fault":
        quick = {"seconds": AN_INSTANT} if entry.detail.get("kind") == "latency" else {}
        yield f"world /faults {word(_json({**entry.detail, **quick}))}"


def _json(value: Any) -> str:
    """Return a value as JSON in ASCII."""
    return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))
