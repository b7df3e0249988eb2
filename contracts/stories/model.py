"""A story as data: requests with expected answers, and steps that change the platform.

A value from an answer is saved under a name (`save`), and used as `$name` in place of a token, a session or a client. A text
that looks like a name but is meant literally begins with `$$`. `$client` is the organisation's own OAuth client. Times are in
seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from contracts.errors import DocumentError
from contracts.scenario import Operation, PlatformChange, PolicyValue, Seconds
from contracts.stories.names import Kind
from mockserver.journal import FaultKind, Guest, RetryAfterForm, UnusableBody

STORY_VERSION = 1

CLIENT = "client"
"""The name of the OAuth client that every organisation has."""

MAX_TIMES = 2000

MAX_FILL = 20 << 20
"""Most bytes that a body may be padded to: more than any policy allows."""

GRANT = {"grant_type": "client_credentials"}

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,30}$")]
HeaderText = Annotated[str, Meta(pattern="^[ -~]*$", max_length=8000)]
Scopes = Annotated[tuple[str, ...], Meta(max_length=100)]
Times = Annotated[int, Meta(ge=1, le=MAX_TIMES)]


class Expected(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The expected answer. `status` is `none` if no answer comes, `cut` if its body ends early.

    `code` is the platform's, `reason` the mock's own, which other providers do not give. Anything is accepted for None.
    """

    status: Annotated[int, Meta(ge=200, le=599)] | Literal["none", "cut"]
    code: str | None = None
    reason: str | None = None
    retry_after: Annotated[int, Meta(ge=0)] | None = None


OK = Expected(200)


class StoryStep(Struct, frozen=True, tag_field="op", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The base of all steps, which `op` names."""


class Token(StoryStep, frozen=True, tag="token"):
    """A request for a token, by HTTP Basic: `client` with its own secret, or with `secret`.

    `form` is the body if it is not `grant_type=client_credentials` alone.
    """

    client: HeaderText = f"${CLIENT}"
    secret: HeaderText | None = None
    form: dict[str, str] | None = None
    save: Name | None = None
    times: Times = 1
    expect: Expected = OK


class Create(StoryStep, frozen=True, tag="create"):
    """A request for a session; without a guest its body is empty. If `token` is None, no Authorization is sent."""

    token: HeaderText | None = "$token"
    guest: Guest | None = None
    save: Name | None = None
    times: Times = 1
    expect: Expected = OK


class Send(StoryStep, frozen=True, tag="send"):
    """A message. `session` is a saved one, or a literal id."""

    session: str
    text: str
    token: HeaderText | None = "$token"
    times: Times = 1
    expect: Expected = OK


class Request(StoryStep, frozen=True, tag="request"):
    """Any request. `authorization` is a saved token (Bearer) or client (Basic), or the literal header.

    The body is `json`, whose texts may be saved values, or the literal `text`. Spaces pad it to `fill` bytes.
    """

    path: Annotated[str, Meta(pattern="^/", max_length=8000)]
    method: Annotated[str, Meta(pattern="^[A-Za-z-]{1,32}$")] = "POST"
    authorization: HeaderText | None = None
    content_type: HeaderText | None = "application/json"
    json: Any | UnsetType = UNSET
    text: str | UnsetType = UNSET
    fill: Annotated[int, Meta(ge=0, le=MAX_FILL)] = 0
    times: Times = 1
    expect: Expected = OK


class Fault(StoryStep, frozen=True, tag="fault"):
    """The next `times` requests of `operation` are hit by a fault. The fields are those of the control API.

    A latency is not waited for and takes no time on the organisation's clock; only `advance` moves it.
    """

    operation: Operation
    kind: FaultKind
    times: Times = 1
    status: int | None = None
    retry_after: int | None = None
    after_acting: bool = False
    seconds: Seconds = 0
    where: Literal["before", "after"] = "before"
    retry_after_form: RetryAfterForm = "seconds"
    body: UnusableBody | None = None


class SetPolicy(StoryStep, frozen=True, tag="set_policy"):
    """The organisation's policy changes. Deadlines that are set already stay."""

    policy: dict[str, PolicyValue]


class SetScopes(StoryStep, frozen=True, tag="set_scopes"):
    """An OAuth client has exactly these scopes from now on."""

    scopes: Scopes
    client: str = f"${CLIENT}"


class CreateClient(StoryStep, frozen=True, tag="create_client"):
    """The organisation gets another OAuth client; without `scopes` it has those that the policy requires."""

    save: Name
    scopes: Scopes | None = None


class ExpireSession(StoryStep, frozen=True, tag="expire_session"):
    """A session's time to live ends now."""

    session: str


class RevokeSession(StoryStep, frozen=True, tag="revoke_session"):
    """A session is revoked."""

    session: str


Call = Token | Create | Send | Request
World = PlatformChange | Fault | SetPolicy | SetScopes | CreateClient | ExpireSession | RevokeSession
Step = Call | World


@runtime_checkable
class Asking(Protocol):
    """A step that makes requests, of whatever platform."""

    @property
    def expect(self) -> Expected:
        """The expected answer."""
        ...

    @property
    def times(self) -> int:
        """The number of requests."""
        ...


class AnyStory(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Steps in order. `platform` is the name or file of a declared platform, if it is of one.

    `notes` say what could not be reproduced of the requests that the story was made from.
    """

    title: Annotated[str, Meta(min_length=1, max_length=500)]
    steps: Annotated[tuple[Any, ...], Meta(min_length=1, max_length=1000)]
    platform: str = ""
    version: int = STORY_VERSION
    summary: str = ""
    policy: dict[str, PolicyValue] = {}
    notes: tuple[str, ...] = ()


class Story(AnyStory, frozen=True, kw_only=True):
    """A story on a fresh organisation with `policy`: names and seconds as in policy files, with dayfly's
    defaults.
    """

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=1000)]


SAVES: dict[type[Any], Kind] = {Token: "token", Create: "session", CreateClient: "client"}
"""The kind of value that each step saves."""


def fault_fields(fault: Fault) -> dict[str, Any]:
    """Return the fault as the control API takes it."""
    return {name: value for name, value in to_builtins(fault).items() if name != "op"}


class StoryError(DocumentError):
    """A story that cannot be used."""
