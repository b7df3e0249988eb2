"""The declared web chat answers as the wire samples say: status, headers, and body."""

from __future__ import annotations

import pytest

from mockserver.platform import find
from tests.fixtures.wire import Sample, samples
from tests.mockserver.declared.scene import SITUATIONS, Declarations, expected, played

SAMPLES = samples()


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Declarations:
    return Declarations(find("webchat").read_text("utf-8"), tmp_path_factory.mktemp("declared"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_declared_web_chat_answers_so(sample: Sample, declarations: Declarations) -> None:
    assert played(declarations, sample) == expected(sample)


def test_every_situation_is_used() -> None:
    assert {sample.given for sample in SAMPLES} == set(SITUATIONS)
