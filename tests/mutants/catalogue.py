"""The mutants as data: the file, the text and its replacement, and what must catch it."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One mistake: `text`, which occurs once in `file`, replaced by `replacement`.

    `caught_by` is the code of a provider clause, or a test for pytest if the mistake cannot be blamed on a provider.
    """

    name: str
    file: str
    text: str
    replacement: str
    caught_by: str

    @property
    def by_clause(self) -> bool:
        """True if a probe must notice it."""
        return "/" not in self.caught_by


DECIDE = "mockserver/engine/decide.py"
LIFE = "mockserver/engine/life.py"
MODEL = "mockserver/engine/model.py"
SERVICE = "mockserver/service.py"
ASSEMBLE = "mockserver/assemble.py"
IDS = "mockserver/ids.py"
MEMORY = "mockserver/stores/memory.py"
RENDER = "mockserver/wire/render.py"
REASONS = "mockserver/reasons.toml"
WEB_CHAT = "mockserver/platforms/webchat.yaml"
BODIES = "mockserver/wire/bodies.py"
QUICK = "mockserver/wire/schemas.py"
NOTES = "mockserver/wire/notes.py"
PLAN = "mockserver/faults.py"

TOKEN = "    return refuse_token(seen.token, seen.now, policy, seen.client)"
"""How `authentication` looks at a token."""

DEAD = "        unknown, foreign, ended, spent, idle, expired: {status: 403, code: not.authorized, "
"""How the row of dead sessions begins."""


def dead_but(cause: str, row: str) -> str:
    """Return that beginning with a row of its own for one cause."""
    return f"        {cause}: {{{row}}}\n" + DEAD.replace(f"{cause}, ", "")


REFUSED = "        return Outcome(reason, seen, None, token)\n    if ask.operation"
"""What `decide` does with a refusal: nothing to the session."""

GUARDS_REMOVED = (
    Mutant("no authentication", DECIDE, "    reason = authentication(ask, seen, policy)", "    reason = None", "P8"),
    Mutant("no scope guard", DECIDE, "    if lacking(ask, seen) is not None:", "    if False:", "P7"),
    Mutant("no media type guard", DECIDE, "    if ask.media is not None:", "    if False:", "P10"),
    Mutant("no size guard", DECIDE, "    if ask.size > policy.max_body:", "    if False:", "P10"),
    Mutant(
        "no bound of the text",
        DECIDE,
        "    return Reason.INVALID if ask.text_length > policy.max_text else None",
        "    return None",
        "P10",
    ),
    Mutant(
        "no rate limit",
        DECIDE,
        "    if limit is not None and seen.token",
        "    if False and limit is not None and seen.token",
        "P12",
    ),
    Mutant("a used session is refused no more", LIFE, '        ended_by="spent",', '        ended_by="",', "P2"),
    Mutant("no owner of a session", DECIDE, "    if session.within != client_id:", "    if False:", "P6"),
    Mutant("no secret asked for", DECIDE, "    if not compare_digest(", "    if False and not compare_digest(", "P8"),
    Mutant("a name may stand twice", BODIES, '    if raw.count(b":") != keys_of(document):', "    if False:", "P10"),
    Mutant("any charset will do", BODIES, '        if name.strip().lower() == "charset"', '        if name == "never"', "P10"),
    Mutant("a NUL passes", QUICK, "[0-7]", "[1-7]", "P10"),
)

GUARDS_SWAPPED = (
    Mutant(
        "body before scope",
        DECIDE,
        "    if lacking(ask, seen) is not None:",
        "    if malformed(ask, policy) is None and lacking(ask, seen) is not None:",
        "P9",
    ),
    Mutant(
        "size before media type",
        DECIDE,
        "    if ask.media is not None:",
        "    if ask.size <= policy.max_body and ask.media is not None:",
        "P9",
    ),
    Mutant(
        "rate limit before body",
        DECIDE,
        "    reason = malformed(ask, policy)",
        "    reason = None if policy.rate_limit_per_minute == 1 else malformed(ask, policy)",
        "P9",
    ),
    Mutant(
        "session before rate limit",
        DECIDE,
        "    limit = policy.rate_limit_per_minute",
        '    if ask.operation == "send" and (dead := refuse_session(seen.session, ask.client_id, seen.now)):\n'
        "        return dead\n"
        "    limit = policy.rate_limit_per_minute",
        "P9",
    ),
    Mutant(
        "scope before authentication",
        DECIDE,
        "    reason = authentication(ask, seen, policy)",
        "    if lacking(ask, seen) is not None:\n"
        "        return Reason.SCOPE_MISSING\n"
        "    reason = authentication(ask, seen, policy)",
        "P9",
    ),
)

BOUNDARIES = (
    Mutant(
        "idle a millisecond too late",
        LIFE,
        "        now < credential.idle_at\n",
        "        now <= credential.idle_at\n",
        "P5",
    ),
    Mutant(
        "idle a millisecond too early",
        LIFE,
        "        now < credential.idle_at\n",
        "        now < credential.idle_at - 1\n",
        "P5",
    ),
    Mutant(
        "ttl a millisecond too late",
        LIFE,
        "and now < credential.expires_at\n",
        "and now <= credential.expires_at\n",
        "P4",
    ),
    Mutant(
        "ttl a millisecond too early", LIFE, "and now < credential.expires_at\n", "and now < credential.expires_at - 1\n", "P4"
    ),
    Mutant("one handshake more", LIFE, "left is None or left > 1:", "left is None or left > 0:", "P2"),
    Mutant("one handshake fewer", LIFE, "left is None or left > 1:", "left is None or left > 2:", "P2"),
    Mutant("a token a millisecond too long", DECIDE, TOKEN, TOKEN.replace("seen.now,", "seen.now - 1,"), "P8"),
    Mutant("a token a millisecond too short", DECIDE, TOKEN, TOKEN.replace("seen.now,", "seen.now + 1,"), "P8"),
    Mutant(
        "an idle token a millisecond too long",
        LIFE,
        "now < credential.last_used + idle)",
        "now <= credential.last_used + idle)",
        "P8",
    ),
    Mutant("one request a minute more", DECIDE, ".made >= limit:", ".made > limit:", "P12"),
    Mutant("one request a minute fewer", DECIDE, ".made >= limit:", ".made + 1 >= limit:", "P12"),
    Mutant("a text one shorter", DECIDE, "ask.text_length > policy.max_text", "ask.text_length >= policy.max_text", "P10"),
    Mutant("a text one longer", DECIDE, "ask.text_length > policy.max_text", "ask.text_length > policy.max_text + 1", "P10"),
    Mutant("a body one byte smaller", DECIDE, "ask.size > policy.max_body", "ask.size >= policy.max_body", "P10"),
    Mutant("a body one byte larger", DECIDE, "ask.size > policy.max_body", "ask.size > policy.max_body + 1", "P10"),
    Mutant("a token evicted too late", LIFE, "issued - bound)", "issued - bound - 1)", "P8"),
    Mutant(
        "one session beyond the capacity",
        DECIDE,
        "seen.live_sessions >= max_live_sessions",
        "seen.live_sessions > max_live_sessions",
        "tests/mockserver/engine/test_decide.py::test_a_create_beyond_the_capacity_is_refused",
    ),
)

LIFECYCLE = (
    Mutant(
        "at the same millisecond a deadline comes before an act",
        LIFE,
        "    at, rank = min(ends)",
        "    at, rank = min(ends, key=lambda end: (end[0], -end[1]))",
        "tests/mockserver/engine/test_life.py::test_the_first_cause_in_time_decides_and_ties_go_by_precedence",
    ),
    Mutant(
        "at the same millisecond expired comes before idle",
        MODEL,
        '"idle", "expired")',
        '"expired", "idle")',
        "tests/mockserver/engine/test_life.py::test_the_first_deadline_decides_however_late_it_is_asked",
    ),
    Mutant(
        "the last cause decides, not the first",
        LIFE,
        "    at, rank = min(ends)",
        "    at, rank = max(ends)",
        "tests/mockserver/engine/test_life.py::test_the_first_cause_in_time_decides_and_ties_go_by_precedence",
    ),
    Mutant(
        "stamps go back with the system's clock",
        LIFE,
        "        now = credential.last_used\n",
        "        pass\n",
        "tests/mockserver/engine/test_life.py::test_stamps_never_go_backwards",
    ),
    Mutant(
        "an accepted message is no activity",
        LIFE,
        "credential.idle_at if idle is None else now + idle",
        "credential.idle_at",
        "P5",
    ),
    Mutant(
        "an accepted message prolongs the life",
        LIFE,
        "            last_used=now,",
        "            last_used=now,\n            expires_at=now + credential.expires_at - credential.issued_at,",
        "P4",
    ),
    Mutant(
        "a policy moves the stamps of old sessions",
        DECIDE,
        "        return refuse_session(seen.session, ask.client_id, seen.now)",
        "        held = seen.session\n"
        "        if held is not None:\n"
        "            held = life.replace(held, idle_at=held.last_used + policy.idle_timeout)\n"
        "        return refuse_session(held, ask.client_id, seen.now)",
        "P5",
    ),
    Mutant(
        "a refusal is activity",
        DECIDE,
        REFUSED,
        "        held = seen.session\n"
        "        if held is not None:\n"
        "            held = life.replace(held, version=held.version + 1, idle_at=seen.now + policy.idle_timeout)\n"
        "        return Outcome(reason, seen, held, token)\n    if ask.operation",
        "P5",
    ),
    Mutant(
        "a refusal for the scope consumes",
        DECIDE,
        REFUSED,
        "        used = seen.session is not None and reason is Reason.SCOPE_MISSING\n"
        "        held = life.use(seen.session, seen.now, policy.idle_timeout) if used else None\n"
        "        return Outcome(reason, seen, held, token)\n    if ask.operation",
        "P7",
    ),
    Mutant(
        "a refusal for the body consumes",
        DECIDE,
        REFUSED,
        "        used = seen.session is not None and reason is Reason.MEDIA_TYPE\n"
        "        held = life.use(seen.session, seen.now, policy.idle_timeout) if used else None\n"
        "        return Outcome(reason, seen, held, token)\n    if ask.operation",
        "P10",
    ),
    Mutant(
        "who presents a foreign id uses it up",
        DECIDE,
        REFUSED,
        "        used = seen.session is not None and reason is Reason.SESSION_FOREIGN\n"
        "        held = life.use(seen.session, seen.now, policy.idle_timeout) if used else None\n"
        "        return Outcome(reason, seen, held, token)\n    if ask.operation",
        "P6",
    ),
    Mutant(
        "an end that was written down waits for the clock",
        LIFE,
        "    return end_of(credential, owner, idle).cause\n",
        '    end = end_of(credential, owner, idle)\n    return end.cause if now >= end.at else ""\n',
        "tests/mockserver/engine/test_life.py::test_an_end_that_was_written_is_final_for_a_clock_that_is_a_little_behind",
    ),
)

TOKENS_AND_SCOPES = (
    Mutant("the scope of the token's issue counts", DECIDE, "(has is not None and scope not in has) or", "False or", "P7"),
    Mutant(
        "a narrowed token is good for everything",
        DECIDE,
        "(narrowed is not None and scope not in narrowed)",
        "False",
        "P7",
    ),
    Mutant(
        "any scope is granted",
        DECIDE,
        "    return asked is None or client.scopes is None or set(asked) <= set(client.scopes)",
        "    return True",
        "tests/mockserver/engine/test_decide.py::test_only_scopes_of_the_client_are_granted",
    ),
    Mutant("eviction forgotten", LIFE, "0 < credential.counts.number <= owner.counts.evicted", "False", "P8"),
    Mutant(
        "an ended token goes on",
        DECIDE,
        "    return TOKEN_ENDED[cause] if cause else None",
        "    return TOKEN_ENDED[cause] if cause and not token.ended_by else None",
        "tests/mockserver/engine/test_decide.py::test_a_token_that_was_ended_tells_by_what_even_if_it_is_evicted_too",
    ),
    Mutant(
        "the clock does not move tokens",
        DECIDE,
        TOKEN,
        TOKEN.replace("seen.now", "seen.token.issued_at if seen.token else 0"),
        "P8",
    ),
    Mutant(
        "use does not keep a token",
        LIFE,
        "last_used=max(now, credential.last_used))",
        "last_used=credential.last_used)",
        "P8",
    ),
    Mutant(
        "refused requests count for the rate limit",
        DECIDE,
        '("auth.", "scope.", "body.")',
        '("auth.", "scope.")',
        "P12",
    ),
    Mutant(
        "the minute never ends",
        LIFE,
        "    if counts.requests == 0 or now >= counts.window + MINUTE:",
        "    if counts.requests == 0:",
        "P12",
    ),
)

STORES_AND_REPLICAS = (
    Mutant(
        "the swap compares nothing",
        MEMORY,
        "                changed = (None if held is None else held.version) != write.expected",
        "                changed = False",
        "P3",
    ),
    Mutant(
        "who lost a race does not look again",
        SERVICE,
        "self._decide(call.ask, self.look(call.ask))",
        "self._decide(call.ask, call.seen or self.look(call.ask))",
        "P3",
    ),
    Mutant(
        "a replica that ends takes its sessions with it",
        ASSEMBLE,
        "        self.store.close()\n        if self._file",
        "        for id in self.store.organizations():\n"
        '            for _, held in self.store.records(id, "session"):\n'
        '                removal = Write(Key("session", held.id), held.version, None)\n'
        "                self.store.commit(id, [removal], None, held.id, 0, 1)\n"
        "        if self._file",
        "P13",
    ),
    Mutant(
        "a replica knows its own sessions alone",
        SERVICE,
        "        outcome = decide(ask, seen, new_id, self.max_live_sessions)",
        '        own = self.__dict__.setdefault("own", {})\n'
        '        if ask.operation == "create" or ask.session_id not in own:\n'
        "            own[new_id] = True\n"
        "            seen = Seen(seen.organization, seen.now, seen.client, seen.token, None, seen.live_sessions)\n"
        "        outcome = decide(ask, seen, new_id, self.max_live_sessions)",
        "P13",
    ),
    Mutant(
        "a replica goes by a clock of its own",
        SERVICE,
        "        self._given = system\n",
        '        replicas = store.__dict__.setdefault("replicas", [])\n'
        "        replicas.append(self)\n"
        "        late = 200 * len(replicas)\n"
        "        self._given = lambda: self.system() - late\n",
        "P13",
    ),
    Mutant(
        "the shared store's swap compares nothing",
        "mockserver/stores/commit.lua",
        "if not is_as_seen() then",
        "if false then",
        "tests/mockserver/stores/test_behaviour.py::TestCommit::test_a_changed_record_is_not_overwritten[valkey]",
    ),
    Mutant(
        "a repeated commit is applied twice",
        MEMORY,
        "            if commit_id in commits or commit_id in self._earlier_commits:",
        "            if False:",
        "tests/mockserver/stores/test_behaviour.py::TestCommit::test_a_commit_is_applied_once_however_often_it_comes[memory]",
    ),
)

ANSWERS = (
    Mutant(
        "every message has the same id",
        IDS,
        "        return f\"{self._message}{count().to_bytes(6, 'big').hex()}\"",
        '        return self._message + "0" * 12',
        "P1",
    ),
    Mutant(
        "a session's id is that of the one before",
        RENDER,
        "    return {SESSION_ID: outcome.session.id}",
        "    return _kept.setdefault(outcome.session.within, {SESSION_ID: outcome.session.id})\n\n\n"
        "_kept: dict[str, dict[str, str]] = {}",
        "P1",
    ),
    Mutant("a Retry-After with a fraction", RENDER, '("Retry-After", written)', '("Retry-After", f"{written}.0")', "P12"),
    Mutant(
        "a Retry-After rounded down", RENDER, "    return -(-milliseconds // 1000)", "    return milliseconds // 1000", "P12"
    ),
    Mutant(
        "the message tells why a session is dead",
        WEB_CHAT,
        DEAD,
        dead_but("idle", "status: 403, code: not.authorized, message: The session has been idle for too long."),
        "P11",
    ),
    Mutant(
        "a dead session is 404",
        WEB_CHAT,
        DEAD,
        dead_but("spent", "status: 404, code: not.found, message: You are not authorized to perform the requested action."),
        "P2",
    ),
    Mutant(
        "a foreign id has a code of its own",
        WEB_CHAT,
        DEAD,
        dead_but("foreign", "status: 403, code: session.foreign, message: You are not authorized to perform the action."),
        "P6",
    ),
    Mutant(
        "the header tells a foreign id",
        REASONS,
        'told-as = "session.unknown"\n\n[session.forgotten]',
        "\n[session.forgotten]",
        "P6",
    ),
    Mutant("no correlation id", RENDER, "(CORRELATION, context_id), _NO_STORE]", "_NO_STORE]", "P11"),
    Mutant(
        "another correlation id in the body",
        WEB_CHAT,
        "contextId: '{$context}', details",
        "contextId: '{$context}0', details",
        "P11",
    ),
    Mutant("the date stands still", RENDER, "http_date(at // 1000)", "http_date(1_795_000_000)", "P11"),
    Mutant(
        "a create tells more than the platform",
        RENDER,
        "    return {SESSION_ID: outcome.session.id}",
        '    return {SESSION_ID: outcome.session.id, "expiresIn": "300"}',
        "P11",
    ),
    Mutant("a 401 without a challenge", WEB_CHAT, """, headers: {WWW-Authenticate: 'Bearer realm="dayfly"'}""", "", "P11"),
    Mutant("a 405 that allows nothing", WEB_CHAT, ", headers: {Allow: '{$detail}'}", "", "P11"),
    Mutant(
        "a missing token is bad credentials",
        WEB_CHAT,
        "code: authentication.required",
        "code: bad.credentials",
        "P8",
    ),
    Mutant(
        "a missing scope is like a dead session",
        WEB_CHAT,
        "code: app.not.authorized.for.scope",
        "code: not.authorized",
        "P7",
    ),
)

BESIDE_THE_PLATFORM = (
    Mutant(
        "an opaque server tells reasons",
        RENDER,
        "    if not opaque:",
        "    if True:",
        "tests/mockserver/test_conformance.py::test_an_opaque_server_tells_no_reason[transport]",
    ),
    Mutant(
        "the journal keeps secrets",
        "mockserver/wire/redaction.py",
        "            text = text.replace(secret, REDACTED)",
        "            pass",
        "tests/mockserver/wire/test_notes.py::test_no_secret_is_told_and_each_token_keeps_its_identity",
    ),
    Mutant(
        "a fault hits once more than it says",
        PLAN,
        "() if fault.times == 1 else",
        "() if fault.times == 0 else",
        "tests/mockserver/test_faults.py::test_a_fault_hits_the_next_so_many_requests_of_its_operation",
    ),
    Mutant(
        "an id that was never issued passes for a forgotten one",
        IDS,
        "    return match is not None and _check",
        "    return match is not None or _check",
        "tests/mockserver/test_ids.py::test_a_session_id_is_known_again_under_its_seal_alone",
    ),
    Mutant(
        "a frozen clock runs",
        MODEL,
        "        return system + self.offset if self.frozen_at is None else self.frozen_at",
        "        return system + self.offset",
        "tests/mockserver/control/test_clock.py::test_frozen_it_stands_and_still_advances",
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    *GUARDS_REMOVED,
    *GUARDS_SWAPPED,
    *BOUNDARIES,
    *LIFECYCLE,
    *TOKENS_AND_SCOPES,
    *STORES_AND_REPLICAS,
    *ANSWERS,
    *BESIDE_THE_PLATFORM,
)
