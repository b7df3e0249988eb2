"""The content of a recording in any format: requests with answers, perturbations, and problems.

Times are integers of milliseconds since the epoch. It is free of secrets: tokens are pseudonyms, and bodies are redacted.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from contracts.errors import ContractsError
from contracts.history.calls import SCOPE_CODE
from mockserver.engine.model import Fault, Operation, Policy
from mockserver.journal import ShownCredential
from mockserver.settings import policy_to

USUAL = policy_to(Policy())
"""dayfly's default policy."""

Effect = Literal["accepted", "refused", "uncertain", "none"]
"""The effect of a send on its session, as far as known: `uncertain` if its answer was lost or a server's error."""


class RecordingError(ContractsError):
    """A file that holds nothing to replay; `source` names it, `problem` says why and what to do."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source, self.problem = source, problem


class RecordedStep(Struct, frozen=True, kw_only=True, gc=False):
    """A request. `number` is that of its entry in the file, `context` its contextId, if there was one.

    The platform acted between `earliest` and `latest`, which are equal if the recording knows the time to the millisecond.
    `path` is the platform's own, without what a gateway puts before it. `body` is None if the recording does not have it.
    `status` is None if nothing came back. `reason` is the mock's own, if a mock was recorded that gives it. `issued` is the id
    of a created session, `token` the pseudonym of an issued token, which is good for `expires_in` seconds.

    `order` sorts steps at the same millisecond. Between steps of two epochs the elapsed time is unknown. `told` is whether a
    refusal says what it is. `known` is the effect of a send, if the recording has it from the platform itself. `fault` kept the
    platform's own answer from the client, if that is known. `doubt` says why the session of a send is unknown, unless it is
    older than the recording.
    """

    number: int
    method: str
    path: str
    operation: Operation | None
    credential: ShownCredential
    earliest: int
    latest: int
    order: int = 0
    epoch: int = 0
    host: str = ""
    context: str = ""
    media_type: str | None = None
    body: bytes | None = None
    size: int = 0
    session: str | None = None
    text_length: int | None = None
    client: str | None = None
    scopes: str = ""
    status: int | None = None
    code: str | None = None
    reason: str | None = None
    told: bool = True
    issued: str | None = None
    token: str | None = None
    expires_in: int | None = None
    retry_after: int | None = None
    known: Effect | None = None
    fault: Fault | None = None
    doubt: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body, or the fields of a form; empty if there is none."""
        try:
            document = msgspec.json.decode(self.body or b"null")
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def scope_refused(self) -> bool:
        """Return whether a scope was missing."""
        return self.status == 403 and self.code == SCOPE_CODE

    @property
    def broken(self) -> bool:
        """Return whether it is unknown what the platform did: no answer came, or one of a server in trouble."""
        return self.status is None or self.status >= 500 or self.status == 408

    @property
    def may_act_later(self) -> bool:
        """Return whether the platform may act even after this answer, because nothing waited for it."""
        return self.status in {None, 408, 502, 504}

    @property
    def effect(self) -> Effect:
        """The effect on the session that it presented."""
        if self.operation != "send" or self.session is None:
            return "none"
        if self.known is not None:
            return self.known
        if self.broken:
            return "uncertain"
        if self.status == 200:
            return "accepted"
        dead = self.status == 403 and self.told and not self.scope_refused and self.reason != "fault.injected"
        return "refused" if dead else "none"


class WorldStep(Struct, frozen=True):
    """A perturbation of the organisation, as a trace of the mock notes it: see `journal.Perturbed`."""

    number: int
    at: int
    order: int
    what: str
    epoch: int = 0
    detail: dict[str, Any] = {}
    former: dict[str, Any] = {}


class RecordingProblem(Struct, frozen=True):
    """A problem of a recording, in the entry `number` of the file (None: in no single one). The rest is read."""

    number: int | None
    text: str

    def words(self, unit: str) -> str:
        """Return the problem with its place; `unit` is what the file's numbers count."""
        return self.text if self.number is None else f"{unit} {self.number}: {self.text}"


class Recording(Struct, frozen=True, kw_only=True):
    """A recording that was read, with its steps in the order in which they happened.

    `slack` is the greatest error of a time stamp in milliseconds. `policy` is the one in force when it began, or when it ended
    if `policy_at_end`; names and seconds are those of policy files. `sanitized` is whether a tool has removed the credentials,
    `unit` what `number` counts: entries, or lines.
    """

    source: str
    kind: str
    steps: list[RecordedStep]
    world: list[WorldStep] = []
    problems: list[RecordingProblem] = []
    slack: int = 0
    policy: dict[str, Any] = {}
    policy_at_end: bool = False
    sanitized: bool = False
    unit: str = "entry"

    @property
    def changes(self) -> list[WorldStep]:
        """The changes of the policy, in order."""
        return [step for step in self.world if step.what == "set_policy"]

    @property
    def replacing(self) -> dict[str, WorldStep]:
        """The first change of each value of the policy, by name, if `policy` is the one at the end."""
        found: dict[str, WorldStep] = {}
        for step in self.changes if self.policy_at_end else ():
            found = {name: step for name in step.detail if name in USUAL} | found
        return found

    @property
    def first_policy(self) -> dict[str, Any]:
        """The policy at the beginning. If a change does not say what it replaced, that is assumed to be dayfly's default."""
        return self.policy | {name: step.former.get(name, USUAL[name]) for name, step in self.replacing.items()}
