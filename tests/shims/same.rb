# Prints the same with the shim as without: threads, locks, queues, files, sockets, processes and clocks, in their odd cases.

require "monitor"
require "open3"
require "socket"
require "tempfile"
require "timeout"

# Return the block's value, or the exception that it raises.
def tell
  yield
rescue Exception => e
  "#{e.class}: #{e.message}"
end

def wait_for
  Thread.pass until yield
end

# -- locks and queues
lock = Mutex.new
p(tell { lock.lock && lock.lock }, lock.locked?, lock.owned?, lock.try_lock, lock.unlock.class, tell { lock.unlock })
p lock.synchronize { 5 }
box = Queue.new
p tell { box.pop(true) }
thread = Thread.new { box.pop }
wait_for { box.num_waiting == 1 }
box << 7
p thread.value
box << 1
box.close
p box.pop, box.pop, tell { box << 2 }
small = SizedQueue.new(1)
small << 1
p tell { small.push(2, true) }
Thread.new { small.push(2) }
wait_for { small.num_waiting == 1 }
p small.pop, small.pop
condition, count = ConditionVariable.new, 0
threads = 3.times.map { Thread.new { lock.synchronize { condition.wait(lock) && count += 1 } } }
sleep 0.1
lock.synchronize { condition.broadcast }
p threads.each(&:join).size, count
monitor = Monitor.new
p monitor.synchronize { monitor.synchronize { 4 } }, tell { monitor.exit }

# -- threads
p tell { Thread.new }, Thread.new { sleep }.join(0.01), Thread.new { Thread.exit && 1 }.value
p tell { Timeout.timeout(0.1) { Timeout.timeout(5) { sleep } } }, Timeout.timeout(1) { 3 }
p tell { Timeout.timeout(0.5) { Timeout.timeout(0.1, ArgumentError) { sleep } } }
p tell { Thread.new { (Thread.current.report_on_exception = false) || raise(ArgumentError, "wrong") }.join }
thread = Thread.new { Thread.stop || 9 }
sleep 0.1
p thread.stop?, thread.status, thread.run.equal?(thread), thread.value, thread.status
own = Class.new(Thread) { def initialize(value) = super() { value } }
p own.new(5).value, Thread.start(1, k: 2) { |a, k:| [a, k] }.value, Thread.new([1, 2]) { |a, b| [a, b] }.value
each = [1, 2].each
fiber = Fiber.new { sleep(0.1) && Fiber.yield(1) && 2 }
p each.next, each.next, fiber.resume, fiber.resume
trap("USR1") { $signalled = true }
Process.kill("USR1", $$)
sleep 0.1
p $signalled

# -- files and sockets
one, other = UNIXSocket.pair
one << "line1\nline2"
one.close
p other.gets, other.read, other.eof?, other.gets
server = TCPServer.new("127.0.0.1", 0)
thread = Thread.new { server.accept.then { |io| [io.write("a\r\n", "b\r\n"), io.readpartial(10), io.close] } }
client = TCPSocket.new("127.0.0.1", server.local_address.ip_port)
p client.gets, client.gets, client.write("abc"), thread.value, client.read
p tell { TCPSocket.new("127.0.0.1", 1) }.split(" - ")[0], tell { server.accept_nonblock }
thread = Thread.new { tell { server.accept } }
sleep 0.1
server.close
p thread.value[0, 7], IO.select([], [$stdout], nil, 1)[1].size
out, into = IO.pipe
p IO.select([out], nil, nil, 0), out.wait_readable(0), out.wait_readable(0.1), into.wait_writable.class
into << "abc"
p out.wait_readable.class, out.getc, out.getbyte, out.readchar, tell { out.read_nonblock(1) }
into.close
p out.read, tell { out.readpartial(1) }, tell { out.readline }
Tempfile.create do |file|
  file << "a\nb\n"
  file.rewind
  p file.gets, file.each_line.to_a, file.eof?, file.rewind, file.read(1), file.read, file.read, file.read(1), file.lineno
  p file.rewind, file.readlines, file.each_char.to_a
end

# -- processes
pid = spawn("exit 3")
p Process.wait2(pid)[1].exitstatus, tell { Process.wait(pid) }
p system("exit 4"), $?.exitstatus, tell { system("nowhere", exception: true) }, `printf x`, tell { `nowhere` }
p Open3.capture3("cat; echo e >&2; exit 2", stdin_data: "in").then { |written, error, status| [written, error, status.exitstatus] }
pid = fork { Thread.new { sleep(0.1) && exit!(6) }.join }
p Process.wait2(pid)[1].exitstatus, Process.waitall.size
out, into = IO.pipe
pid = fork { out.close || at_exit { into << "bye" } && exit(2) }
into.close
p out.read, Process.wait2(pid)[1].exitstatus, Thread.list.size

# -- clocks
p Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond).class, tell { Process.clock_gettime(12_345) }[0, 13]
p Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID).class, tell { Process.clock_gettime(0, :bad) }
p Time.now.utc_offset == Time.at(0).utc_offset, Time.now(in: "+09:00").utc_offset, Time.new(in: "+09:00").utc_offset
p tell { sleep(-1) }, tell { sleep("x") }, tell { sleep(1, 2) }, sleep(0.0).class, sleep(0.6).class
p %i[sleep select system gets].map { |name| [Object.new.respond_to?(name), Kernel.respond_to?(name)] }

# -- the end
at_exit { puts "at exit" }
Thread.new do
  sleep
ensure
  puts "ended"
end
sleep 0.1
Thread.new { exit 5 }
sleep
