# frozen_string_literal: true

module DayflyTime
  # The wait of a thread: it ends at a moment, or when `ready` is true. `turn` is when it began.
  Wait = Struct.new(:moment, :files, :ready, :turn, :passes)

  # A thread under the scheduler. It has no wait while it runs.
  class Task
    attr_accessor :thread, :wait, :is_woken, :is_interrupted

    def initialize(thread = nil)
      @thread = thread
      @turns, @arrivals = Thread::Queue.new, Thread::Queue.new
    end

    # Return whether something has come in for it. A file that was closed is an error to be seen, so that counts.
    def ready?
      is_interrupted || is_woken || !!wait.ready&.call
    rescue IOError, SystemCallError
      true
    end

    def due?(now)
      wait.moment && wait.moment <= now
    end

    def arrive
      Native::PUSH.bind_call(@arrivals, true)
    end

    # Wait until the thread is there.
    def await_arrival
      Native::POP.bind_call(@arrivals)
    end

    # Let it go on, once the thread that `ended` before is gone.
    def give_turn(ended)
      Native::PUSH.bind_call(@turns, ended)
    end

    def take_turn
      ended = Native::POP.bind_call(@turns)
      Native::PASS.call while ended && Native::ALIVE.bind_call(ended)
    end

    # Return the method in which it is.
    def place
      thread.backtrace_locations(0, 1)&.first&.label.to_s
    end
  end
end
