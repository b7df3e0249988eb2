"""How thorough a verification is where nobody says: at a desk, before a merge, at night."""

from __future__ import annotations

import os
import random
from typing import Literal, NamedTuple, cast, get_args

from contracts.errors import ContractsError

Pace = Literal["object", "process", "real"]
"""How fast scenarios go by: an object in virtual time, a process in virtual time, or a client whose waits are real."""

EXAMPLES: dict[Pace, int] = {"object": 100, "process": 50, "real": 30}
"""How many scenarios are drawn usually: fewer if each takes longer."""

VARIABLE = "DAYFLY_PROFILE"
WALK = "DAYFLY_WALK"

Extent = Literal["full", "short", "off"]
"""How much is walked through: all, one of each kind and the pairs that matter most, or nothing."""


class Profile(NamedTuple):
    """`seed` draws the scenarios (None: a fresh one each time), `times` as many as usual."""

    seed: int | None = None
    times: int = 1

    def examples(self, pace: Pace) -> int:
        """Return how many scenarios to draw at this pace."""
        return EXAMPLES[pace] * self.times

    def chance(self) -> int:
        """What draws them."""
        return fresh_seed() if self.seed is None else self.seed


DESK = Profile()
PROFILES = {"ci": Profile(seed=0), "nightly": Profile(times=10)}
"""`ci` draws the same on every run, so that a change is judged by what it changes. `nightly` looks where nobody has looked."""


class UnknownProfile(ContractsError):
    """There is no profile of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no profile {name!r}; there are {', '.join(PROFILES)}")


def profile(name: str | None = None) -> Profile:
    """The profile of this name; else that of the variable `DAYFLY_PROFILE`; else `ci` where the variable `CI` is set.

    Raises UnknownProfile.
    """
    wanted = name or os.environ.get(VARIABLE)
    if wanted:
        if wanted not in PROFILES:
            raise UnknownProfile(wanted)
        return PROFILES[wanted]
    return PROFILES["ci"] if os.environ.get("CI") else DESK


class UnknownExtent(ContractsError):
    """The variable `DAYFLY_WALK` names no extent of the walk."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{WALK} is {name!r}; it must be one of {', '.join(get_args(Extent))}")


def walk_extent() -> Extent | None:
    """The extent that the variable `DAYFLY_WALK` names; None if it is not set. Raises UnknownExtent."""
    named = os.environ.get(WALK)
    if named and named not in get_args(Extent):
        raise UnknownExtent(named)
    return cast("Extent", named) if named else None


def fresh_seed() -> int:
    """One that nobody has used before, as far as chance can tell."""
    return random.SystemRandom().getrandbits(32)
