# frozen_string_literal: true

require_relative "actor"
require_relative "asking"
require_relative "watching"

module DayflyTime
  # All threads of a process. One of them, the holder, runs; each runs until it waits. If none can go on, the stage asks
  # for the time.
  class Stage
    include Asking
    include Watching

    READINGS = 10_000 # of the clock without a pause; whoever reads it as often waits, so each then takes a millisecond

    attr_reader :origin, :watcher

    def initialize(channel, welcome)
      @channel, @ports = channel, welcome[:ports]
      @now = @origin = welcome[:now]
      @lock, @turns, @told, @readings, @spins = Thread::Mutex.new, 0, -1, 0, 0
      @main = @holder = Actor.new(Thread.current)
      @actors = { Thread.current => @main }.compare_by_identity
      @watcher = Native::START.call { watch }
    end

    # Return self. If the turn of this thread is long, first so much time passes for those that wait for time.
    def awake
      if @is_overdue
        @is_overdue = false
        @actors.each_value.any? { |actor| actor.wait&.moment } ? wait(after(LONGEST_TURN)) : pass
      end
      self
    end

    def on?(thread)
      @actors.key?(thread)
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
      actor = @actors[Thread.current]
      until ready&.call
        return false if moment && moment <= @now

        actor.is_woken = false
        pause(actor, Wait.new(moment, files, ready, @turns))
        return true if woken && actor.is_woken
      end
      true
    end

    # Let the other threads go on that can.
    def pass
      @spun_since = @now if @spins.zero?
      @spins += 1
      pause(@actors[Thread.current], Wait.new(nil, [], nil, @turns, true))
    end

    # Tell a thread that waits that it has been woken, or that an exception is on its way to it.
    def wake(thread, interrupt: false)
      return unless (actor = @actors[thread])

      interrupt ? actor.is_interrupted = true : actor.is_woken = true
    end

    # Return a block for a new thread, which then takes part.
    def adopt(block)
      actor = Actor.new
      [actor, proc { |*args| perform(actor) { block.call(*args) } }.ruby2_keywords]
    end

    # End the other threads in their order, as Ruby does at the end of a process.
    def finish
      return unless @actors[Thread.current] == @main

      others = @actors.keys - [Thread.current]
      others.each(&:kill)
      others.each { |thread| wait { !on?(thread) } }
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
    def pause(actor, wait)
      Thread.handle_interrupt(Object => :never) do
        give_up_turn(actor) { actor.wait = wait }
        actor.take_turn
      end
      return unless actor.is_interrupted

      actor.is_interrupted = false
      Native::SLEEP.call(0) # for an exception that is let in where a thread waits
    end

    # Run a new thread from its first turn to its end.
    def perform(actor)
      Thread.handle_interrupt(Object => :never) { enter(actor) }
      yield
    rescue Exception
      @main.is_interrupted = true # it may be raised there too
      raise
    ensure
      Thread.handle_interrupt(Object => :never) { leave(actor) }
    end

    def enter(actor)
      actor.thread = Thread.current
      actor.wait = Wait.new(nil, [], -> { true }, @turns)
      @actors[Thread.current] = actor
      actor.arrive
      actor.take_turn
    end

    def leave(actor)
      give_up_turn(actor) do
        @actors.delete(actor.thread)
        @ended = actor.thread
      end
    end

    # Call the block, and let another thread go on unless one runs already.
    def give_up_turn(actor)
      is_free = Native::LOCKED.bind_call(@lock) do
        yield
        @holder = nil if @holder == actor
        !@holder && !@is_asking && (@is_asking = true)
      end
      hand_over if is_free
    end

    # Give the turn to the thread that can go on first; ask for the time until there is one.
    def hand_over
      ask_for_time until (actor = able)
      @turns += 1
      ended, @ended = @ended, nil
      actor.wait = nil
      @holder, @is_asking, @is_overdue = actor, false, false
      actor.give_turn(ended)
    end

    # Return the thread that goes on next: one for which something has come in, else one whose moment is due, else one
    # that passes.
    def able
      waiting = @actors.values.select(&:wait)
      ready = waiting.select(&:ready?).min_by { |actor| actor.wait.turn }
      ready ||= waiting.select { |actor| actor.due?(@now) }.min_by { |actor| [actor.wait.moment, actor.wait.turn] }
      ready ? @spins = 0 : ready = waiting.select { |actor| actor.wait.passes }.min_by { |actor| actor.wait.turn }
      ready unless @spins > SPINS
    end
  end
end
