# frozen_string_literal: true

module DayflyTime
  # How a scheduler asks for the time, if none of its threads can go on.
  module Asking
    GLANCE = 0.0005 # seconds of real time between two looks for what comes in while the process rests
    STALL = 0.05 # and for which the process waits by itself for what is beyond this shim
    SPINS = 1_000 # passes in a row in which no thread did more than hand over: they wait as well
    MILLISECOND = 1000

    private

    def ask_for_time
      foreign = native || Surroundings.foreign(files, @ports)
      return if runs?
      return if !foreign.empty? && rest(STALL)

      told = idle(foreign)
      # Look after counting: what counts as come, or as ended, may have come or ended since the last look.
      ask(told) unless able
    end

    def ask(told)
      @told = @turns
      answer = @channel.ask(told)
      @now = [@now, answer[:now]].max
      @readings, @spins = 0, [@spins, 1].min
      rest(answer[:rest] / 1000.0) if answer[:rest]
    end

    def idle(foreign, real: Surroundings.beyond)
      sockets = Surroundings.traffic(files, @ports).map { |port, counts| %("#{port}":#{counts}) }.join(",")
      %({"idle":true,"at":#{@now},"next":#{upcoming || "null"},"worked":#{@told != @turns},"foreign":#{foreign.dump},) +
        %("children":#{Surroundings.running},"sockets":{#{sockets}},"real":#{real.dump}})
    end

    # Return when the first wait ends. Threads that only pass wait for a little time, and for more the longer that lasts.
    def upcoming
      moments = @tasks.each_value.filter_map { |task| task.wait&.moment }
      moments << @now + [MILLISECOND, (@now - @spun_since) / 4].max if @spins > SPINS
      moments.min
    end

    # Wait so many seconds of real time for what comes in; return whether anything has.
    def rest(seconds)
      ends = Native.seconds + seconds
      until @tasks.each_value.any? { |task| task.wait && (task.ready? || task.due?(@now)) } || runs?
        return false if Native.seconds > ends

        Native::SLEEP.call(GLANCE)
      end
      true
    end

    def files
      @tasks.each_value.flat_map { |task| task.wait&.files || [] }
    end
  end
end
