# frozen_string_literal: true

module DayflyTime
  # What the client may replace later, and what this shim replaces.
  module Native
    SLEEP = Kernel.method(:sleep)
    SELECT = IO.method(:select)
    CLOCK = Process.method(:clock_gettime)
    PASS = Thread.method(:pass)
    START = Thread.method(:new)
    PUSH = Thread::Queue.instance_method(:push)
    POP = Thread::Queue.instance_method(:pop)
    LOCKED = Thread::Mutex.instance_method(:synchronize)
    READ = IO.instance_method(:readpartial)
    ALIVE = Thread.instance_method(:alive?)
    STATUS = Thread.instance_method(:status)
    NAME = Module.instance_method(:name)
    WRITE = IO.instance_method(:syswrite)

    module_function

    # Return whether `thread` waits in native code: it neither runs nor is ready to.
    def blocked?(thread)
      STATUS.bind_call(thread) == "sleep" && !%w[R D].include?(Surroundings.state("/proc/self/task/#{number(thread)}/stat"))
    end

    # Return the system's number of a thread. In a copy of the process, Ruby 3.1 has a wrong one for the main thread.
    def number(thread)
      thread == Thread.main ? $$ : thread.native_thread_id
    end

    # Return the seconds of a processor's time that this process has used.
    def worked
      CLOCK.call(Process::CLOCK_PROCESS_CPUTIME_ID)
    end

    def seconds
      CLOCK.call(Process::CLOCK_MONOTONIC)
    end
  end
end
