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
    NAME = Module.instance_method(:name)
    WRITE = IO.instance_method(:syswrite)

    module_function

    # Return whether `thread` waits in native code: it neither runs nor is ready to.
    def blocked?(thread)
      thread.status == "sleep" && !%w[R D].include?(Surroundings.state("/proc/self/task/#{thread.native_thread_id}/stat"))
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
