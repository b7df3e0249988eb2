"""The demands on a provider: the platform, a mock of it, or a set of replicas. `contracts.probe` checks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from contracts.judge import Demand, Subject


@dataclass(frozen=True, kw_only=True)
class ProviderClause(Demand):
    """A named demand on a provider. `needs` says what must be there besides credentials; empty if they are enough."""

    subject: ClassVar[Subject] = "provider"

    needs: str = ""


CONTROL = "the control API, to make organisations and to move their clocks"

P1 = ProviderClause(
    code="P1",
    name="id-not-fresh",
    statement="answer every create and every accepted message with an id never issued before, and accept the first message that"
    " a new session id is used for",
    reason="The one advice against a 403 is a fresh session for each message. If a fresh id is refused, or was issued"
    " before, a client can do nothing right.",
    advice=(
        "Draw ids at random, or count from a random place, and let the store refuse to write one that it holds.",
        "Write the session before its id leaves, where the process that gets the message will look for it.",
    ),
    stimulus="a session was created, and its first message sent at once",
)

P2 = ProviderClause(
    code="P2",
    name="second-use-accepted",
    statement="accept `handshakes` messages for a session, one by default, and answer 403 to the next",
    reason="The platform invalidates the id immediately after the first successful handshake. Against a mock that does not, a"
    " client that caches ids passes every test, and fails in production.",
    advice=(
        "Count a handshake in the same write that accepts the message, and end the session with the last one.",
        "Look at the session's state with each send, whatever happened since: nothing makes it live again.",
    ),
    stimulus="an id was used again after its last handshake",
)

P3 = ProviderClause(
    code="P3",
    name="handshake-not-single",
    statement="accept one of the messages that are sent with one id at the same time, and answer 403 to the others",
    reason="Workers that share a cached id send at the same moment. If both get a 200, that hides the race until it meets the"
    " real platform, and one message of the two is never seen.",
    advice=(
        "Let the store compare: write the consumed session only where it still has the version that was read.",
        "If that write fails, read again and decide again; a client should not see it as an error.",
    ),
    stimulus="several sends with one id were on their way at once, over all replicas",
)

P4 = ProviderClause(
    code="P4",
    name="ttl-missed",
    statement="let a session die `ttl` after its creation, not a millisecond before, whatever it was used for",
    reason="The lifetime of a session is absolute. A client tested against one that lasts a little longer, or that its use"
    " prolongs, learns of the deadline in production.",
    advice=(
        "Stamp the deadline at the creation and compare: dead if now ≥ creation + ttl.",
        "Read one clock for all of it, and leave the deadline alone when a message is accepted or a policy changes.",
    ),
    stimulus="an id was used right before its time to live was over, or after it",
    needs=CONTROL,
)

P5 = ProviderClause(
    code="P5",
    name="idle-timeout-missed",
    statement="let a session die `idle_timeout` after its creation or its last accepted message, not a millisecond before; a"
    " refusal does not prolong it",
    reason="The thread: the id dies after a short idle timeout. Only an accepted message is activity; if a refusal is one"
    " too, a client that tries again and again keeps a session alive that production ends.",
    advice=(
        "Stamp the deadline at the creation and at each accepted message: dead if now ≥ activity + idle_timeout.",
        "Write nothing to the session of a message that is refused.",
    ),
    stimulus="an id was used right before its idle timeout, or after it",
    needs=CONTROL,
)

P6 = ProviderClause(
    code="P6",
    name="stranger-told-apart",
    statement="answer 403 to an id that it never issued and to one that another client was issued, both in the same words, and"
    " leave the latter as it is",
    reason="An answer that distinguishes a foreign id from an unknown one shows which ids exist. And a literal such as"
    " `prev-session-uuid` is well formed: a 400 or a 404 would send its developer looking elsewhere.",
    advice=(
        "Treat any string that is not empty as an id, and answer for one that is not there as for one that has ended.",
        "Compare the session's client before its state, and give both refusals one text.",
    ),
    stimulus="an id was sent that the client was not issued",
)

P7 = ProviderClause(
    code="P7",
    name="scope-not-enforced",
    statement="answer 403 with the code `app.not.authorized.for.scope` while the client or its token lacks the scope, and"
    " change nothing",
    reason="A trigger without `webchat:session:write` is refused though its session is good. Without a code of its own a client"
    " cannot tell that from a dead session, and creates one session after the other.",
    advice=(
        "Look at the client's scopes with every request: taking one acts on live tokens at once, and so does giving it.",
        "Check the scope before the body and the session, and write nothing if it is missing.",
    ),
    stimulus="a client without the scope created a session, or sent a message",
    needs="the control API, to take scopes away",
)

P8 = ProviderClause(
    code="P8",
    name="token-not-checked",
    statement="answer 401, with the code that says why, to a request whose token is missing, wrong, evicted or expired, never"
    " before, and change nothing",
    reason="Clients renew a token after a 401. Against a mock whose tokens never expire, or are not moved by its"
    " clock, no test shows whether they do.",
    advice=(
        "Refuse a token if now ≥ issue + its lifetime, by the same clock that ends sessions.",
        "Tell `authentication.required`, `bad.credentials` and `credentials.expired` apart: clients act on them.",
    ),
    stimulus="a request showed no token, a wrong one, or one at the end of its life",
)

P9 = ProviderClause(
    code="P9",
    name="guards-out-of-order",
    statement="refuse for the first of these that applies: authentication, scope, media type, size, body, rate limit, session",
    reason="Which error a client meets first decides what it does next: a request with an old token and a dead id is 401, so"
    " that the client renews the token before it throws its session away.",
    advice=("Ask the guards one after the other, each a few lines, in one function; the first that refuses wins.",),
    stimulus="a request was refused that two guards had reason to refuse",
)

P10 = ProviderClause(
    code="P10",
    name="bad-body-not-refused",
    statement="answer 415, 413 or 400 to a body of another media type, too large, or not as its schema says, take one that is"
    " at its bounds, and consume nothing",
    reason="A template that was not rendered, or a text one character too long, must show as the client's own mistake. A 500"
    " makes it retry, and a 200 hides it until the real platform refuses it.",
    advice=(
        "Validate against one schema, and turn whatever its parser raises into a 400 that names the field.",
        "Count a text in code points and a body in bytes, and refuse beyond the bound, not at it.",
    ),
    stimulus="a body was sent that is wrong, or at its bounds",
)

P11 = ProviderClause(
    code="P11",
    name="answer-misshapen",
    statement="give every answer the documented fields and headers, a `contextId` that equals `ININ-Correlation-Id`, the date"
    " on its clock, and a refusal for a dead session the same words whatever ended it",
    reason="SDKs parse errors before they show them: a page of HTML breaks the JavaScript one. And clients that a mock tells"
    " more than the platform does come to rely on it.",
    advice=(
        "Make every answer in one place, from one table of status, code and message.",
        "Tell the cause of a 403 in the log, under the contextId, and not in the body.",
    ),
    stimulus="anything was answered",
)

P12 = ProviderClause(
    code="P12",
    name="retry-after-unusable",
    statement="let as many requests a minute pass as the limit says, answer 429 to the next, with a Retry-After of whole"
    " seconds, and take requests again after these",
    reason="Clients wait as long as Retry-After says. A fraction makes the Python SDK's transport raise another error; one that"
    " is too short sends them into the next 429.",
    advice=("Round the seconds up, and write them without a point: at least 1.",),
    stimulus="a 429 was answered",
    needs="the control API, to set a limit",
)

P13 = ProviderClause(
    code="P13",
    name="session-lost",
    statement="know every session and its end at every replica, and after a restart: lose none, revive none",
    reason="Deployments restart what clients talk to. A replica that keeps sessions to itself refuses fresh ids and accepts"
    " used ones, as a load balancer will have it.",
    advice=("Keep sessions in a store that the replicas share and that outlives them, and nothing in the process.",),
    stimulus="an id was used at another replica than the one that issued or consumed it, or after a restart",
    needs="several replicas, or a command that restarts one",
)

PROVIDER_CLAUSES = (P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13)
"""The catalogue, in the order in which verdicts are reported."""
