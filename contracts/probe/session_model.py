"""A model of a session's life, built from what the probe saw. It shares no code with the platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from contracts.probe.probe_run import ProbeClient
from contracts.probe.recorder import RecordedExchange
from contracts.probe.refusals import FOREIGN, IDLE, TTL_OVER, USED_UP, RequiredRefusal


@dataclass
class Rules:
    """The part of a policy that is about sessions; times are in milliseconds."""

    ttl: int
    idle_timeout: int
    handshakes: int

    def policy(self) -> dict[str, float]:
        """Return the same for a provider, in seconds."""
        return {"ttl": self.ttl / 1000, "idle_timeout": self.idle_timeout / 1000, "handshakes": self.handshakes}


DEFAULTS = Rules(300_000, 30_000, 1)
"""The rules of a provider whose policy cannot be set."""


class Stake(NamedTuple):
    """The clause that a refusal would violate, and a description of the message."""

    clause: str
    what: str


@dataclass
class SessionModel:
    """A session: its deadlines, the messages that it may still take, and the uses so far.

    `refused` are refused uses since its last accepted message, each with the clause that requires the refusal. `is_lost` means
    that the provider has lost the session, so that nothing more can be judged.
    """

    id: str
    owner: ProbeClient
    created: int
    rules: Rules
    idle_at: int = 0
    ttl_at: int = 0
    accepted: list[RecordedExchange] = field(default_factory=list)
    refused: list[tuple[str, RecordedExchange]] = field(default_factory=list)
    is_lost: bool = False

    def __post_init__(self) -> None:
        self.idle_at, self.ttl_at = self.created + self.rules.idle_timeout, self.created + self.rules.ttl

    @property
    def ends_at(self) -> int:
        """The first deadline to come."""
        return min(self.idle_at, self.ttl_at)

    def due(self, actor: ProbeClient, now: int) -> RequiredRefusal | None:
        """Return why a message of `actor` must be refused; None if it must not."""
        if actor is not self.owner:
            return FOREIGN
        if len(self.accepted) >= self.rules.handshakes:
            return USED_UP
        if now < self.ends_at:
            return None
        return IDLE if self.idle_at <= self.ttl_at else TTL_OVER

    def at_stake(self, now: int) -> Stake | None:
        """Return what a refusal would violate while the session is alive; None if the clause is ambiguous."""
        left = self.ends_at - now
        if self.refused:
            told = Stake(self.refused[-1][0], "a message for a live session that was refused another one before")
            return told if left > 1 else None
        if self.accepted and left > 1:
            return Stake("P2", "a message for a session that has handshakes left")
        if now == self.created:
            return Stake("P1", "the first message for a fresh session")
        if self.ttl_at <= self.idle_at:
            return Stake("P4", f"a message {left} ms before the session's time to live was over")
        return Stake("P5", f"a message {left} ms before the session was idle for too long")

    def accept(self, exchange: RecordedExchange, now: int, rules: Rules) -> None:
        """Record an accepted message. It counts as activity, by the policy of that moment."""
        self.accepted.append(exchange)
        self.refused.clear()
        self.idle_at = now + rules.idle_timeout

    def marks(self) -> tuple[tuple[str, RecordedExchange], ...]:
        """Return the latest use that explains the state of the session."""
        if self.refused:
            return (("refused before", self.refused[-1][1]),)
        return (("accepted before", self.accepted[-1]),) if self.accepted else ()
