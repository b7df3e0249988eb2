"""Repeats the perturbations of the organisation that a trace records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.reproduce.bench import Bench
from mockserver.engine.model import WRITE_SCOPE

Detail = dict[str, Any]


def happen(bench: Bench, what: str, detail: Detail) -> None:
    """Repeat a perturbation. Clock moves, faults and restarts of a client need none, because the requests show them."""
    do = _DOINGS.get(what)
    if do is not None:
        do(bench, detail)


def _session(bench: Bench, detail: Detail, act: Callable[[str], object]) -> None:
    recorded = detail.get("session")
    if isinstance(recorded, str) and bench.has_session(recorded):
        act(bench.fresh_session(recorded))


def _tokens(bench: Bench, detail: Detail, act: Callable[[str | None], object]) -> None:
    recorded = detail.get("token")
    if recorded is None:
        act(None)
    elif bench.has_token(recorded):
        act(bench.fresh_token(recorded))


def _scope(bench: Bench, detail: Detail, act: Callable[[str, str], object]) -> None:
    scope, client = detail.get("scope", WRITE_SCOPE), detail.get("client_id")
    clients = [client] if isinstance(client, str) else bench.clients()
    for recorded in clients:
        act(scope, bench.client(recorded).client_id)


def _scopes(bench: Bench, detail: Detail) -> None:
    scopes = detail.get("scopes")
    if isinstance(scopes, list):
        bench.tenant.clients.set_scopes(bench.client(detail.get("client_id")).client_id, scopes)


_DOINGS: dict[str, Callable[[Bench, Detail], object]] = {
    "end_sessions": lambda bench, _: bench.tenant.sessions.end_all(),
    "expire_session": lambda bench, detail: _session(bench, detail, bench.tenant.sessions.expire),
    "revoke_session": lambda bench, detail: _session(bench, detail, bench.tenant.sessions.revoke),
    "expire_tokens": lambda bench, detail: _tokens(bench, detail, bench.tenant.tokens.expire),
    "revoke_tokens": lambda bench, detail: _tokens(bench, detail, bench.tenant.tokens.revoke),
    "reject_tokens": lambda bench, _: bench.tenant.reject_tokens(True),
    "accept_tokens": lambda bench, _: bench.tenant.reject_tokens(False),
    "grant_scope": lambda bench, detail: _scope(bench, detail, bench.tenant.clients.grant_scope),
    "revoke_scope": lambda bench, detail: _scope(bench, detail, bench.tenant.clients.revoke_scope),
    "set_scopes": _scopes,
    "create_client": _scopes,
    "set_policy": lambda bench, detail: bench.tenant.set_policy(detail),
    "reset": lambda bench, _: bench.forget(),
}
"""Actions by the journal's words for them. Faults are applied to the requests that show them."""
