"""An organisation's credentials, its OAuth clients with their scopes, and its tokens."""

from __future__ import annotations

from typing import Any

import flask
from flask import Blueprint

from mockserver.control import Tenant
from mockserver.engine.model import WRITE_SCOPE
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import Pages

PAGE = 100
"""Tokens on a page."""


def add(blueprint: Blueprint, console: Console) -> None:
    pages = Pages(blueprint, console)
    pages.form("change_scope", "/scopes/<act>", _change_scope, "{act}", "access")
    pages.form("end_tokens", "/tokens/<act>", _end_tokens, "token-{act}", "access")
    pages.form("reject_tokens", "/tokens/reject", lambda tenant: tenant.reject_tokens(True), "reject", "access")
    pages.form("accept_tokens", "/tokens/accept", lambda tenant: tenant.reject_tokens(False), "accept", "access")

    @pages.page("/access", "access")
    def access(tenant: Tenant) -> dict[str, Any]:
        tokens = tenant.tokens.list(PAGE + 1, flask.request.args.get("after", ""))
        return {
            "clients": tenant.clients.list(),
            "tokens": tokens[:PAGE],
            "next": tokens[PAGE - 1].token if len(tokens) > PAGE else None,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "rejecting": tenant.rejects_tokens,
            "usual": WRITE_SCOPE,
        }


def _change_scope(tenant: Tenant, act: str) -> None:
    clients, form = tenant.clients, flask.request.form
    change = {"give": clients.grant_scope, "take": clients.revoke_scope}.get(act) or flask.abort(404)
    change(form.get("scope", "").strip(), form.get("client_id") or None)


def _end_tokens(tenant: Tenant, act: str) -> None:
    end = {"expire": tenant.tokens.expire, "revoke": tenant.tokens.revoke}.get(act) or flask.abort(404)
    end(flask.request.form.get("token") or None)
