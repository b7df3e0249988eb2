"""Profiles: how thorough a verification is by default, at a desk, before a merge or at night."""

from __future__ import annotations

import os
import random
from typing import Literal, NamedTuple, cast, get_args

from contracts.errors import ContractsError

Pace = Literal["object", "process", "real"]
"""How fast scenarios go by: an object in virtual time, a process in virtual time, or a client whose waits are real."""

EXAMPLES: dict[Pace, int] = {"object": 100, "process": 50, "real": 30}
"""The usual number of scenarios to draw; fewer if each takes longer."""

VARIABLE = "DAYFLY_PROFILE"
WALK = "DAYFLY_WALK"

Extent = Literal["full", "short", "off"]
"""The extent of the walk: everything, one of each kind and the most important pairs, or nothing."""


class Profile(NamedTuple):
    """Settings of a profile: the `seed` (None: a fresh one each time), and `times` as many scenarios as usual."""

    seed: int | None = None
    times: int = 1

    def examples(self, pace: Pace) -> int:
        """Return how many scenarios to draw at this pace."""
        return EXAMPLES[pace] * self.times

    def chance(self) -> int:
        """Return the seed to draw them from."""
        return fresh_seed() if self.seed is None else self.seed


DESK = Profile()
PROFILES = {"ci": Profile(seed=0), "nightly": Profile(times=10)}
"""`ci` draws the same scenarios on every run, so that only changes of the client change the result. `nightly` draws
new ones.
"""


class UnknownProfile(ContractsError):
    """The name of the profile is unknown."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no profile {name!r}; use one of {', '.join(PROFILES)}")


def profile(name: str | None = None) -> Profile:
    """Return the profile of this name, else that of the variable `DAYFLY_PROFILE`, else `ci` if the variable `CI` is set.

    Raises UnknownProfile.
    """
    wanted = name or os.environ.get(VARIABLE)
    if wanted:
        if wanted not in PROFILES:
            raise UnknownProfile(wanted)
        return PROFILES[wanted]
    return PROFILES["ci"] if os.environ.get("CI") else DESK


class UnknownExtent(ContractsError):
    """The variable `DAYFLY_WALK` has an unknown value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{WALK} is {name!r}; it must be one of {', '.join(get_args(Extent))}")


def walk_extent() -> Extent | None:
    """Return the extent that the variable `DAYFLY_WALK` names; None if it is not set. Raises UnknownExtent."""
    named = os.environ.get(WALK)
    if named and named not in get_args(Extent):
        raise UnknownExtent(named)
    return cast("Extent", named) if named else None


def fresh_seed() -> int:
    """Return a random seed."""
    return random.SystemRandom().getrandbits(32)
