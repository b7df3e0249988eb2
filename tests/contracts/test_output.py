"""A client's output, kept line by line with its place, and bounded."""

from __future__ import annotations

from contracts.output import KEPT, LONGEST_LINE, Output, OutputLine


def as_it_is(text: str) -> str:
    return text


def test_pieces_become_lines_at_the_place_where_each_began() -> None:
    place = 3
    output = Output(lambda: place)
    output.write("stdout", "one\ntw")
    place = 5
    output.write("stdout", "o\nthree\n")
    output.write("stderr", "bad\r\n")
    assert output.lines(as_it_is)() == (
        OutputLine(3, "stdout", "one"),
        OutputLine(3, "stdout", "two"),
        OutputLine(5, "stdout", "three"),
        OutputLine(5, "stderr", "bad"),
    )


def test_a_line_without_an_end_is_a_line() -> None:
    output = Output(lambda: 0)
    output.write("stdout", "who are you? ")
    output.write("stderr", "x")
    assert [line.text for line in output.lines(as_it_is)()] == ["who are you? ", "x"]


def test_secrets_are_taken_out_of_whole_lines() -> None:
    output = Output(lambda: 0)
    output.write("stdout", "token s3c")
    output.write("stdout", "r3t\n")
    assert output.lines(lambda text: text.replace("s3cr3t", "***"))() == (OutputLine(0, "stdout", "token ***"),)


def test_of_much_output_the_beginning_and_the_end_are_kept() -> None:
    output = Output(lambda: 0)
    for number in range(20_000):
        output.write("stdout", f"line {number}\n")
    lines = output.lines(as_it_is)()
    assert (lines[0].text, lines[-1].text) == ("line 0", "line 19999")
    assert any("characters of output are left out" in line.text for line in lines)
    assert sum(len(line.text) for line in lines) < 3 * KEPT


def test_one_endless_line_is_cut() -> None:
    output = Output(lambda: 0)
    output.write("stdout", "x" * 10 * KEPT)
    (line,) = output.lines(as_it_is)()
    assert len(line.text) == LONGEST_LINE
