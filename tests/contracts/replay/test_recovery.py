"""Policy inference on generated recordings, against what can be known of them at all."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from contracts.replay import archives, reproduce
from contracts.replay.reports import toml
from mockserver.settings import policy_from_file
from tests.contracts.replay.generated import generate
from tests.contracts.replay.recovery import verdicts

SEEDS = range(200, 230)


@pytest.mark.parametrize("kind", ["trace", "opaque har"])
def test_what_a_recording_tells_is_recovered_and_nothing_else_is_claimed(kind: str) -> None:
    found = {seed: verdicts(generate(seed), kind) for seed in SEEDS}
    assert [seed for seed, pair in found.items() if not all(verdict.sound for verdict in pair)] == []
    missed = [seed for seed, pair in found.items() if not all(verdict.recovered for verdict in pair)]
    assert len(missed) <= len(SEEDS) // 20, missed


@pytest.mark.parametrize("seed", range(300, 306))
def test_a_policy_inferred_is_one_under_which_the_mock_answers_as_recorded(seed: int, tmp_path: Path) -> None:
    recording = archives.read(BytesIO(generate(seed).har()), "generated.har")
    told = reproduce(recording)
    file = tmp_path / "policy.toml"
    file.write_text(toml(told))
    assert reproduce(recording, policy_from_file(file)).differing == []
