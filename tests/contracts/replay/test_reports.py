"""The forms of a reproduction's report: for people at a terminal, for programs, in a ticket, and as a policy."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest

from contracts.replay import ReproductionReport, reproduce, text
from contracts.replay.archives import read
from contracts.replay.reports import KINDS, render, toml
from contracts.replay.results import Bound, Finding
from contracts.replay.words import span_words
from contracts.report.cells import width
from contracts.report.style import Style
from mockserver.settings import policy_from_file
from tests.contracts.har.recordings import Har
from tests.contracts.replay.test_reproduce import lived

HOSTILE = "<script>alert(1)</script>\u202e```\x1b[31m | \U0001f600" * 3


def told(har: Har) -> ReproductionReport:
    return reproduce(read(BytesIO(har.raw), "x.har"))


def hostile() -> ReproductionReport:
    har = Har()
    har.token()
    har.create()
    har.send(HOSTILE, status=403)
    return told(har)


@pytest.fixture(scope="module")
def differing() -> ReproductionReport:
    return told(lived((7, 200), (5, 200), (11, 403), (12, 403)))


def test_what_differs_is_marked_and_explained() -> None:
    report = text.render(told(lived((7, 200), (11, 403), (12, 403))), Style(80))
    marked = [line.split() for line in report.splitlines() if line.startswith("! ")]
    assert [line[2:] for line in marked] == [
        ["5", "send", "s2", "403", "not.authorized", "200", "message.accepted"],
        ["7", "send", "s3", "403", "not.authorized", "200", "message.accepted"],
    ]
    assert "The mock answers 2 of 7 requests differently than recorded.\n" in report
    assert "Every answer fits an idle timeout between 6.996 s and 11.004 s." in report


def test_one_message_is_no_plural() -> None:
    one, two = (
        Finding(name="handshakes", unit="messages", above=above, at_most=Bound(value=value, number=5), value=value)
        for above, value in [(None, 1), (Bound(value=1, number=4), 2)]
    )
    assert span_words(one, "entry") == "1 message (entry 5)"
    assert span_words(two, "entry") == "2 messages (entry 5)"


def test_a_terminal_is_wide_enough(differing: ReproductionReport) -> None:
    for report in (differing, hostile()):
        for line in text.render(report, Style(80)).splitlines():
            assert width(line) <= 80, line


def test_colour_is_there_where_it_is_wanted(differing: ReproductionReport) -> None:
    assert "\x1b[" in text.render(differing, Style(80, colour=True))
    assert "\x1b[" not in text.render(differing, Style(80))


def test_what_a_request_holds_is_text() -> None:
    report = hostile()
    for kind in KINDS:
        written = render(report, kind).decode()
        assert not {"\x1b", "\u202e"} & set(written) or kind == "json"
    assert render(report, "markdown").decode().count("\n```") == 2


def test_programs_get_everything(differing: ReproductionReport) -> None:
    document = json.loads(render(differing, "json"))
    assert (document["schema_version"], document["agrees"]) == (1, not differing.differing)
    assert len(document["results"]) == 9
    assert document["results"][2]["recorded"] == {"status": 200, "code": None, "reason": None}


def test_the_policy_file_says_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    har = lived((7, 200))
    har.milliseconds += 7000
    har.send("id-0")  # it has outlived all that the next one may have died of but the idle timeout
    har.create("id-1")
    har.milliseconds += 11_000
    har.send("id-1", status=403)
    file = tmp_path / "policy.toml"
    file.write_text(toml(told(har)))
    lines = file.read_text().splitlines()
    idle = lines.index("idle_timeout = 10")
    assert re.fullmatch(r"# more than 6\.99\d s \(entry \d\), at most 11\.\d+ s \(entry 6\)", lines[idle - 1])
    ttl = lines.index("# ttl = 300")
    assert lines[ttl - 1].endswith("; not determined by this recording")
    assert lines[lines.index("# retention = 86400") - 1] == "# not determined by this recording"
    assert policy_from_file(file).idle_timeout == 10_000


def test_a_death_that_has_two_reasons_decides_nothing(tmp_path: Path) -> None:
    report = told(lived((7, 200), (11, 403)))
    told_of = dict(item.split(": ", 1) for item in text.render(report).splitlines() if item.startswith(("  idle", "  ttl")))
    assert [words.rpartition("; ")[2] for words in told_of.values()] == ["not determined by this recording"] * 2
    file = tmp_path / "policy.toml"
    file.write_text(toml(report))
    lines = file.read_text().splitlines()
    assert {"# idle_timeout = 10", "# ttl = 10"} <= set(lines)
    assert "had been idle for 11.004 s, or because its session was 11.004 s old" in " ".join(lines).replace(" # ", " ")
    assert policy_from_file(file) == policy_from_file(_empty(tmp_path))


def _empty(folder: Path) -> Path:
    file = folder / "empty.toml"
    file.write_text("")
    return file


def test_a_value_that_does_not_fit_is_replaced_though_it_is_not_determined(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(toml(told(lived((45, 200)))))
    assert policy_from_file(file).idle_timeout > 45_000
    assert "The enforced value, 30, does not fit; this does:" in file.read_text()
