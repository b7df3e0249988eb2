"""Puts clients of Jenkins before a state machine that is written with Hypothesis alone."""

from __future__ import annotations

import json
import subprocess
from typing import NamedTuple

from tests.campaign.drivers import PUBLIC, PublicClient
from tests.campaign.environments import PYTHON
from tests.campaign.peers.environment import PEERS

SEEDS = 20


class Machined(NamedTuple):
    """The number of seeds in which the state machine found a breach, and in which scenario at the latest."""

    found: int
    latest: int | None
    lines: int


def machined(client: PublicClient) -> Machined:
    """Run the state machine with each seed."""
    firsts = []
    for seed in range(SEEDS):
        command = [str(PYTHON), str(PEERS / "jenkins_machine.py"), str(PUBLIC / client.target.partition(":")[0]), str(seed)]
        done = subprocess.run(command, capture_output=True, check=True)
        firsts.append(json.loads(done.stdout)["first"])
    found = [first for first in firsts if first is not None]
    lines = len((PEERS / "jenkins_machine.py").read_text("utf-8").splitlines())
    return Machined(len(found), max(found, default=None), lines)
