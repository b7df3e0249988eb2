# frozen_string_literal: true

require_relative "task"
require_relative "asking"
require_relative "watching"

module DayflyTime
  # All threads of a process. One of them, the holder, runs; each runs until it waits. If none can go on, the scheduler asks
  # for the time.
  class Scheduler
    include Asking
    include Watching

    READINGS = 10_000 # of the clock without a pause; whoever reads it as often waits, so each then takes a millisecond

    attr_reader :origin, :watcher

    def initialize(channel, welcome)
      @channel, @ports = channel, welcome[:ports]
      @now = @origin = welcome[:now]
      @lock, @turns, @told, @readings, @spins = Thread::Mutex.new, 0, -1, 0, 0
      @main = @holder = Task.new(Thread.current)
      @tasks = { Thread.current => @main }.compare_by_identity
      @watcher = Native::START.call { watch }
    end

    # Return self. If the turn of this thread is long, first so much time passes for those that wait for time.
    def awake
      if @is_overdue
        @is_overdue = false
        @tasks.each_value.any? { |task| task.wait&.moment } ? wait(after(LONGEST_TURN)) : pass
      end
      self
    end

    def schedules?(thread)
      @tasks.key?(thread)
    end

    # Return the time, which moves by itself if it is read in a loop.
    def now
      @readings += 1
      @now += MILLISECOND if @readings > READINGS
      @now
    end

    # Return the moment that is so many seconds from now; nil for nil.
    def after(seconds)
      seconds && @now + (seconds * 1_000_000).ceil
    end

    # Wait until the block returns true, or until a moment. Return whether it is true. The thread waits for `files`.
    # A thread that may be `woken` waits no longer if it is: the result is then true.
    def wait(moment = nil, files: [], woken: false, &ready)
      task = @tasks[Thread.current]
      until ready&.call
        return false if moment && moment <= @now

        task.is_woken = false
        pause(task, Wait.new(moment, files, ready, @turns))
        return true if woken && task.is_woken
      end
      true
    end

    # Let the other threads go on that can.
    def pass
      @spun_since = @now if @spins.zero?
      @spins += 1
      pause(@tasks[Thread.current], Wait.new(nil, [], nil, @turns, true))
    end

    # Tell a thread that waits that it has been woken, or that an exception is on its way to it.
    def wake(thread, interrupt: false)
      return unless (task = @tasks[thread])

      interrupt ? task.is_interrupted = true : task.is_woken = true
    end

    # Return a block for a new thread, which then takes part.
    def adopt(block)
      task = Task.new
      [task, proc { |*args| run(task) { block.call(*args) } }.ruby2_keywords]
    end

    # End the other threads in their order, as Ruby does at the end of a process.
    def finish
      return unless @tasks[Thread.current] == @main

      others = @tasks.keys - [Thread.current]
      others.each(&:kill)
      others.each { |thread| wait { !schedules?(thread) } }
    end

    # Tell the simulation that this process cannot be in virtual time, which ends it. `why` completes "because …".
    def notice(why)
      @channel.ask(idle("", real: why))
    end

    def leave_in_child
      @channel.close
    end

    private

    # -- turns ----------------------------------------------------------------------------------------------------------------

    # Hand over, and come back when it is the thread's turn. Exceptions from other threads are raised only then.
    def pause(task, wait)
      Thread.handle_interrupt(Object => :never) do
        give_up_turn(task) { task.wait = wait }
        task.take_turn
      end
      return unless task.is_interrupted

      task.is_interrupted = false
      Native::SLEEP.call(0) # for an exception that is let in where a thread waits
    end

    # Run a new thread from its first turn to its end.
    def run(task)
      Thread.handle_interrupt(Object => :never) { enter(task) }
      yield
    rescue Exception
      @main.is_interrupted = true # it may be raised there too
      raise
    ensure
      Thread.handle_interrupt(Object => :never) { leave(task) }
    end

    def enter(task)
      task.thread = Thread.current
      task.wait = Wait.new(nil, [], -> { true }, @turns)
      @tasks[Thread.current] = task
      task.arrive
      task.take_turn
    end

    def leave(task)
      give_up_turn(task) do
        @tasks.delete(task.thread)
        @ended = task.thread
      end
    end

    # Call the block, and let another thread go on unless one runs already.
    def give_up_turn(task)
      is_free = Native::LOCKED.bind_call(@lock) do
        yield
        @holder = nil if @holder == task
        !@holder && !@is_asking && (@is_asking = true)
      end
      hand_over if is_free
    end

    # Give the turn to the thread that can go on first; ask for the time until there is one.
    def hand_over
      ask_for_time until (task = able)
      @turns += 1
      ended, @ended = @ended, nil
      task.wait = nil
      @holder, @is_asking, @is_overdue = task, false, false
      task.give_turn(ended)
    end

    # Return the thread that goes on next: one for which something has come in, else one whose moment is due, else one
    # that passes.
    def able
      waiting = @tasks.values.select(&:wait)
      ready = waiting.select(&:ready?).min_by { |task| task.wait.turn }
      ready ||= waiting.select { |task| task.due?(@now) }.min_by { |task| [task.wait.moment, task.wait.turn] }
      ready ? @spins = 0 : ready = waiting.select { |task| task.wait.passes }.min_by { |task| task.wait.turn }
      ready unless @spins > SPINS
    end
  end
end
