"""The web chat as a declaration answers as the web chat's own engine does: random histories, request by request."""

from __future__ import annotations

import pytest

from mockserver.platform import compile_platform, find
from tests.mockserver.declared.pair import POLICIES, Pair

REQUESTS = 1_500


@pytest.mark.parametrize("seed", range(len(POLICIES)))
def test_they_answer_alike(seed: int) -> None:
    policy, history = POLICIES[seed], []
    with Pair(seed, compile_platform(find("webchat"), policy), policy) as pair:
        for _ in range(REQUESTS):
            step = pair.step()
            history.append(step.what)
            assert not step.differs, "\n".join([*history[-12:], str(step.old), str(step.new)])
