"""The shim for Ruby: its clocks and waits, and when it takes a process to be idle."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.virtual import newcomers, probe, simulation
from contracts.clients.virtual.starting import shimmed
from contracts.scenario import Fault, Item, Message, Send, SendParallel
from mockserver.journal import Arrival, Guest, Header, Returned
from tests.contracts.clients.virtual.speaking import HELLO, OUTLIVED, ROOT, in_ruby, run
from tests.contracts.small import errors, outcomes
from tests.need import lacking, need
from tests.shims.ruby import SOURCES, lost

pytestmark = pytest.mark.slow

BEFORE = """
require "date"; require "monitor"; require "net/http"; require "open3"; require "socket"; require "timeout"
BASE = URI(ENV["DAYFLY_BASE_URL"])

def clocks
  [Time.now.to_f, Process.clock_gettime(Process::CLOCK_MONOTONIC), DateTime.now.to_time.to_f]
end
BEGAN = clocks

def elapsed
  clocks.zip(BEGAN).map { |now, began| (now - began).round(3) }
end

def post(path, **options)
  Net::HTTP.start(BASE.host, BASE.port, **options) { |http| http.post(path, "") }
end
"""


def told(folder: Path, body: str, *items: Item, before: str = "") -> Any:
    """What the method with this body returned."""
    seen = run(in_ruby(folder, body, BEFORE + before), *(items or (HELLO,)))
    assert errors(seen), seen.hung
    return json.loads(errors(seen)[0])


WAITS = {
    "sleep(3600)": 3600,
    "Kernel.sleep(0.25)": 0.25,
    "Thread.new { sleep(4) }.join": 4,
    "thread = Thread.new { sleep(9) }; thread.join(1.5); thread.kill": 1.5,
    "Thread.new { sleep(2) }.value": 2,
    "sleeper = Thread.new { sleep }; Thread.new { sleep(3); sleeper.wakeup }; sleeper.join": 3,
    "Timeout.timeout(7) { Queue.new.pop } rescue nil": 7,
    "Timeout.timeout(1) { TCPServer.new('127.0.0.1', 0).accept } rescue nil": 1,
    "lock = Mutex.new; thread = Thread.new { lock.synchronize { sleep(5) } }; Thread.pass; lock.synchronize {}": 5,
    "lock = Mutex.new; lock.lock; lock.sleep(2.5)": 2.5,
    "lock = Mutex.new; lock.synchronize { ConditionVariable.new.wait(lock, 6) }": 6,
    "lock = Monitor.new; lock.synchronize { lock.new_cond.wait(8) }": 8,
    "box = Queue.new; Thread.new { sleep(1); box << 1; sleep(1); box.close }; 2.times { box.pop }": 2,
    "box = SizedQueue.new(1); Thread.new { sleep(1); box.pop }; 2.times { box << 1 }": 1,
    "IO.select([IO.pipe[0]], nil, nil, 1.25)": 1.25,
    "select([IO.pipe[0]], nil, nil, 0.5)": 0.5,
    "IO.pipe[0].wait_readable(2)": 2,
    "one, other = IO.pipe; Thread.new { sleep(3); other << 'x'; other.close }; one.gets": 3,
    "Process.wait(fork { sleep(30) })": 30,
    "system('ruby', '--disable-gems', '-e', 'sleep 60')": 60,
    "Open3.capture2('ruby --disable-gems -e \"sleep 10\"')": 10,
}


@pytest.mark.parametrize(("wait", "seconds"), WAITS.items())
def test_a_wait_takes_as_long_on_every_clock_as_it_was_asked_to(tmp_path: Path, wait: str, seconds: float) -> None:
    assert told(tmp_path, f"{wait}\nelapsed") == [seconds] * 3


@pytest.mark.parametrize("pause", ["", "sleep(0)", "Thread.pass"])
def test_a_busy_wait_comes_to_its_end(tmp_path: Path, pause: str) -> None:
    assert told(tmp_path, f"stop = Time.now + 5\nwhile Time.now < stop do {pause} end\nelapsed[0] >= 5")


@pytest.mark.parametrize("look", ["", "Thread.pass", "thread.join(0)"])
def test_a_thread_that_looks_whether_another_has_ended_does_not_hold_it_up(tmp_path: Path, look: str) -> None:
    assert told(tmp_path, f"thread = Thread.new {{ sleep(1) }}\nwhile thread.alive? do {look} end\nelapsed[0] >= 1")


def test_the_date_is_the_mocks(tmp_path: Path) -> None:
    body = "[Time.now.utc.to_s, Time.new.year, Date.today.to_s, DateTime.now.year, Time.now.class, Time.at(0).to_i]"
    assert told(tmp_path, body) == ["2026-01-01 12:00:00 UTC", 2026, "2026-01-01", 2026, "Time", 0]


def test_timers_strike_in_the_order_of_their_moments(tmp_path: Path) -> None:
    body = "order = []\n[30, 10, 20, 10].map { |ms| Thread.new { sleep(ms / 1000.0); order << ms } }.each(&:join)\norder"
    assert told(tmp_path, body) == [10, 10, 20, 30]


@pytest.mark.parametrize("source", SOURCES)
def test_no_time_passes_while_work_is_under_way(tmp_path: Path, source: str) -> None:
    """A short form of `python -m tests.shims --ruby`."""
    assert list(lost(tmp_path, SOURCES[source], 3)) == [(3, 0)]


def test_no_time_passes_if_a_child_ends_while_the_shim_counts_the_children(tmp_path: Path) -> None:
    body = """
    reader, writer = IO.pipe
    counting = Module.new do
      define_method(:running) { writer.close unless writer.closed?; super() } # what the kernel does for one that ends
    end
    DayflyTime::Surroundings.singleton_class.prepend(counting)
    thread = Thread.new { reader.read }
    thread.join(60)
    [writer.closed?, thread.alive?, *elapsed]
    """
    assert told(tmp_path, body) == [True, False, 0, 0, 0]


def test_a_child_whose_input_was_closed_is_closed_as_without_the_shim(tmp_path: Path) -> None:
    body = "io = IO.popen('cat', 'r+'); io << 'x'; io.close_write; read = io.read; io.close; [read, $?.exitstatus, io.closed?]"
    assert told(tmp_path, body) == ["x", 0, True]


def test_a_child_whose_first_thread_has_ended_counts_until_all_have(tmp_path: Path) -> None:
    program = tmp_path / "outlived.py"
    program.write_text(OUTLIVED)
    body = f"""
    child = IO.popen({{ "DAYFLY_TIME" => nil }}, [{sys.executable!r}, {str(program)!r}], "r+")
    child.gets
    counted = DayflyTime::Surroundings.running
    child.close_write
    child.read
    child.close
    [counted, DayflyTime::Surroundings.running]
    """
    assert told(tmp_path, body) == [1, 0]


LATE = Fault("token", "latency", seconds=400.0)


def test_timeouts_of_requests_strike_when_they_should(tmp_path: Path) -> None:
    body = "begin post('/oauth/token', read_timeout: 20); rescue => e; [elapsed[0], e.class.name] end"
    assert told(tmp_path, body, LATE, HELLO) == [20, "Net::ReadTimeout"]


GEMS = {
    "excon": 'Excon.post("#{BASE}/oauth/token", read_timeout: 20)',
    "faraday": 'Faraday.new(request: { timeout: 20 }).post("#{BASE}/oauth/token")',
    "http": 'HTTP.timeout(read: 20).post("#{BASE}/oauth/token")',
    "httparty": 'HTTParty.post("#{BASE}/oauth/token", timeout: 20)',
    "rest-client": 'RestClient::Request.execute(method: :post, url: "#{BASE}/oauth/token", read_timeout: 20)',
}


@pytest.mark.parametrize("gem", GEMS)
def test_timeouts_of_libraries_strike_when_they_should(tmp_path: Path, gem: str) -> None:
    if subprocess.run([need("ruby"), "-r", gem, "-e", "0"], check=False, capture_output=True).returncode:
        lacking(f"the gem {gem}", "is not installed")
    body = f"begin {GEMS[gem]}; rescue StandardError => e; [elapsed[0], e.class.name] end"
    elapsed, name = told(tmp_path, body, LATE, HELLO, before=f"require {gem!r}")
    assert "Timeout" in name
    assert elapsed == pytest.approx(20, abs=0.01)


def test_an_answer_that_is_no_longer_waited_for_is_noted_as_such(tmp_path: Path) -> None:
    seen = run(in_ruby(tmp_path, "post('/oauth/token', read_timeout: 2) rescue nil\nnil", BEFORE), LATE, HELLO)
    (returned,) = (entry for entry in seen.trace if isinstance(entry, Returned))
    assert not returned.answered
    assert outcomes(seen) == ["accepted"]


TWO = (Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b"))
RACES = '3.times.map { |n| Thread.new { post("/#{text}/#{n}") } }.each(&:join)\n'


def test_the_same_scenario_makes_the_same_trace(tmp_path: Path) -> None:
    both = SendParallel(TWO, schedule=(1, 3, 0, 2, 2, 1))
    runs = [run(in_ruby(tmp_path, f"{RACES}; sleep(rand); nil", BEFORE), both, HELLO, chance=7) for _ in range(4)]
    traces = {str(run.trace).replace(run.client_id, "") for run in runs}
    assert len(traces) == 1


def test_the_schedule_picks_which_request_comes_first(tmp_path: Path) -> None:
    orders = set()
    for schedule in ((), (2,), (5, 1)):
        seen = run(in_ruby(tmp_path, f"{RACES}; nil", BEFORE), SendParallel(TWO, schedule=schedule))
        orders.add(tuple(entry.path for entry in seen.trace if isinstance(entry, Arrival)))
    assert len(orders) > 1


EXCEPTIONS = {
    "raised in a thread that waits": (
        "thread = Thread.new { begin sleep; rescue => e; e.message end }; Thread.pass; thread.raise('stop'); thread.value",
        "stop",
    ),
    "that ends the main thread": (
        "Thread.report_on_exception = false; Thread.new { Thread.current.abort_on_exception = true; sleep(5); raise 'x' }"
        "\nbegin sleep(60); rescue => e; [e.message, elapsed[0]] end",
        ["x", 5],
    ),
    "put off": (
        "Thread.handle_interrupt(RuntimeError => :never) { main = Thread.current; Thread.new { main.raise('late') }; sleep(2) }"
        " rescue [$!.message, elapsed[0]]",
        ["late", 2],
    ),
    "let in where it waits": (
        "main = Thread.current; Thread.new { sleep(1); main.raise('now') }"
        "\nThread.handle_interrupt(RuntimeError => :on_blocking) { begin sleep(9); rescue => e; [e.message, elapsed[0]] end }",
        ["now", 1],
    ),
    "of a thread that was killed": (
        "order = []; thread = Thread.new { begin sleep; ensure order << 'ended' end }; sleep(1)"
        "\nthread.kill; thread.join; order << thread.alive?",
        ["ended", False],
    ),
}


@pytest.mark.parametrize("case", EXCEPTIONS)
def test_an_exception_reaches_a_thread_as_without_the_shim(tmp_path: Path, case: str) -> None:
    body, expected = EXCEPTIONS[case]
    assert told(tmp_path, body) == expected


READS = """
one, other = IO.pipe
other << "a\\nb\\r\\n" << "x" * 20_000 << "\\n" << "\\u00e9\\n\\n\\nlast"
other.close
[one.gets, one.gets(chomp: true), one.gets.size, one.gets, one.gets(""), one.gets(3), one.read, one.gets, one.read(3)]
"""


def test_lines_are_read_as_without_the_shim(tmp_path: Path) -> None:
    assert told(tmp_path, READS) == ["a\n", "b", 20_001, "é\n", "last", None, "", None, None]


def test_a_program_does_the_same_as_without_the_shim(tmp_path: Path) -> None:
    command = f"{need('ruby')} {ROOT / 'tests' / 'shims' / 'same.rb'} 2>&1"
    alone = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    assert alone.returncode == 5
    assert told(tmp_path, f"system('{command} >{tmp_path}/out'); $?.exitstatus") == 5
    assert (tmp_path / "out").read_text() == alone.stdout


def test_a_question_longer_than_a_pipe_holds_arrives(tmp_path: Path) -> None:
    long = Send(Guest("Zoë \u2028", "z"), "x" * 200_000)
    assert told(tmp_path, "[guest['name'], text.size]", long) == ["Zoë \u2028", 200_000]


@pytest.mark.parametrize(
    "read", ["while (line = gets)", "ARGF.each_line do |line|", "until $stdin.eof? do line = $stdin.readline"]
)
def test_questions_may_be_read_in_other_ways(tmp_path: Path, read: str) -> None:
    script = tmp_path / "client.rb"
    script.write_text(
        f"require 'json'\n{read}\nsleep(60)\nputs({{ id: JSON.parse(line)['id'], ok: true }}.to_json)\n$stdout.flush\nend"
    )
    assert outcomes(run(f"{need('ruby')} {script}", HELLO, HELLO)) == ["accepted", "accepted"]


def test_threads_that_main_does_not_wait_for_end_with_it(tmp_path: Path) -> None:
    before = BEFORE + "Thread.new { begin sleep(7200); ensure post('/last') end }\nThread.pass"
    seen = run(in_ruby(tmp_path, "nil", before), HELLO)
    assert [entry.path for entry in seen.trace if isinstance(entry, Arrival)] == ["/last"]
    assert not seen.hung


def test_a_process_without_a_shim_is_waited_for_and_makes_the_clock_a_mixed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "GRACE", 0.05)
    seen = run(in_ruby(tmp_path, "`sleep 0.2; echo done`.strip", BEFORE), HELLO)
    assert errors(seen) == ['"done"']
    assert isinstance(seen.trace[0], Header)
    assert seen.trace[0].clock == "mixed"


def test_native_code_that_waits_is_waited_for_and_makes_the_clock_a_mixed_one(tmp_path: Path) -> None:
    body = """
    first = []
    timer = Thread.new { sleep(3600); first << "the timer" }
    Usleep.call(300_000)
    first << "the call"
    timer.join
    first[0]
    """
    usleep = "Usleep = Fiddle::Function.new(Fiddle::Handle::DEFAULT['usleep'], [Fiddle::TYPE_INT], Fiddle::TYPE_INT)"
    seen = run(in_ruby(tmp_path, body, f"{BEFORE}\nrequire 'fiddle'; {usleep}"), HELLO)
    assert errors(seen) == ['"the call"']
    assert isinstance(seen.trace[0], Header)
    assert seen.trace[0].time == (
        "the client's time was real in part: it waited for native code in call, which virtual time does not reach"
    )


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ("require 'eventmachine'; sleep(1)", "it uses EventMachine"),
        ("Ractor.new { 1 }", "it uses ractors"),
    ],
)
def test_what_cannot_be_moved_is_said(tmp_path: Path, use: str, reason: str) -> None:
    (tmp_path / "eventmachine.rb").write_text("")
    with pytest.raises(BeyondVirtualTime, match=reason):
        run(in_ruby(tmp_path, use, f"$LOAD_PATH << {str(tmp_path)!r}"), HELLO)


@pytest.mark.parametrize(
    "body", ["loop {}", "lock = Mutex.new; lock.lock; Thread.new { lock.lock }.join", "loop { sleep(3600) }"]
)
def test_a_client_that_never_comes_to_an_end_is_given_up(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "MOST_RESTS", 2)
    hung = run(in_ruby(tmp_path, body, BEFORE), HELLO, patience=0.5).hung
    assert hung in {
        "the client hangs: for 0.5 s neither an answer on stdout nor a request",
        "it waits for what can never come: for no answer, no input and no timer",
        "it was still waiting after 24 h of virtual time",
    }


def test_settings_of_the_users_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.rb").write_text("OWN = 7")
    monkeypatch.setenv("RUBYLIB", str(tmp_path))
    monkeypatch.setenv("RUBYOPT", "-rown")
    assert told(tmp_path, "sleep(60)\n[OWN, elapsed[0]]") == [7, 60]


def test_no_gem_is_loaded_because_the_clients_bundle_may_have_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [need("ruby"), "-e", "puts Gem.loaded_specs.keys"]
    alone = subprocess.run(loaded, check=True, capture_output=True, text=True).stdout.split()
    (tmp_path / "own.rb").write_text("LOADED = Gem.loaded_specs.keys")
    monkeypatch.setenv("RUBYOPT", f"-I{tmp_path} -rown")
    assert told(tmp_path, "LOADED") == alone


def test_ruby_says_hello_however_it_is_started(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    script = tmp_path / "client.rb"
    script.write_text(f"File.write({str(touched)!r}, '')")
    ruby = need("ruby")
    for command in (f"{ruby} {script} -n", f"sh -c 'X=1 {ruby} {script}; true'", f"{ruby} --disable-gems {script}"):
        assert probe.why_real_time(shlex.split(command)) == ""
    assert not touched.exists()
    for words in (["env", "-i", ruby, str(script)], [ruby, "-r", "json", "-ne", "puts $_"]):
        assert probe.why_real_time(words) == "its runtime did not say hello"


def test_where_nobody_listens_time_is_real(tmp_path: Path) -> None:
    program = "puts Time.now.year > 2000, method(:sleep).owner"
    variables = shimmed(dict(os.environ), str(tmp_path / "nobody"))
    done = subprocess.run([need("ruby"), "-e", program], env=variables, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("true\nKernel\n", "", 0)
