# frozen_string_literal: true

module DayflyTime
  # How a scheduler finds out that a thread waits in native code, or that one works that is not under it.
  module Watching
    STALL = 0.05 # seconds of real time after which a thread that waits in native code no longer holds up the others
    GLANCE = 0.0005 # and between two looks at it
    LOOKS = 5
    BUSY = 0.002 # seconds of a processor's time between two looks that count as work
    LONGEST_TURN = 0.5 # seconds of a processor's time after which a thread lets others go on: it may wait for them in a loop

    private

    # Return what a thread waits for in native code; nil if none does.
    def native
      task = @tasks.each_value.find { |one| !one.wait }
      task && "native code in #{task.place}"
    end

    # Return true, after a moment, if a thread that has no turn runs, or one that is not under the scheduler.
    def runs?
      return false unless any_running? || LOOKS.times.all? { Surroundings.strangers_at_work?(known) }

      Native::SLEEP.call(GLANCE)
      true
    end

    def any_running?
      @tasks.each_value.any? { |task| !task.wait && !Native.blocked?(task.thread) }
    end

    def known
      [*@tasks.keys, @watcher, Thread.current].map { |thread| Native.number(thread) }
    end

    # Look for ever whether the holder waits for what this scheduler does not know, and then let others go on.
    def watch
      seen, since, worked = nil, 0, 0
      loop do
        Native::SLEEP.call(STALL)
        before, worked = worked, Native.worked
        since, seen = before, @turns if seen != @turns
        @is_overdue = true if worked - since > LONGEST_TURN
        hand_over if worked - before < BUSY && seen == @turns && holder_blocked? && take_turn_away(seen)
      end
    end

    # Return whether the holder is in native code, and nothing works for it.
    def holder_blocked?
      LOOKS.times.all? do
        Native::SLEEP.call(GLANCE)
        (thread = @holder&.thread) && Native.blocked?(thread) &&
          !Surroundings.strangers_at_work?(known) && !Surroundings.children_at_work?
      end
    end

    def take_turn_away(turns)
      Native::LOCKED.bind_call(@lock) do
        next if !@holder || @is_asking || @turns != turns

        @holder = nil
        @is_asking = true
      end
    end
  end
end
