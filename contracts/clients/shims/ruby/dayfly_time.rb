# Virtual time for a Ruby process, 3.1 or later: RUBYOPT=-rdayfly_time, with RUBYLIB naming this folder and DAYFLY_TIME
# a Unix socket.
#
# Threads run one at a time, under a scheduler whose clock is the simulation's. Time stands still while a thread runs.
# Once all of them wait for time to pass or for something to come in, the process says so on its socket. It
# blocks there until it is told the time. contracts/README.md describes the protocol.
#
# Nothing that is a gem is loaded, because the client's bundle may bring another version of it.
#
# Times are whole microseconds since 1970, unless a name says otherwise.

# frozen_string_literal: true

# `ruby -n` and `-p` read by a `gets` that sets `$_`, which no stand-in can do.
words = File.readable?("/proc/self/cmdline") ? File.read("/proc/self/cmdline") : ""
is_filter = words.match?(/\A[^\0]*(?:\0-(?:[rICE]\0)?[^\0]*)*?\0-[0alswW]*[np]/)

if ENV["DAYFLY_TIME"] && RUBY_ENGINE == "ruby" && RUBY_VERSION >= "3.1" && !is_filter && !defined?(DayflyTime)
  send(respond_to?(:gem_original_require, true) ? :gem_original_require : :require, "socket.so")
  require_relative "dayfly_time/native"
  require_relative "dayfly_time/channel"
  require_relative "dayfly_time/surroundings"
  require_relative "dayfly_time/scheduler"

  module DayflyTime
    # Take this process into the simulation. Without one, time stays real.
    def self.join
      return unless enter

      warnings, $VERBOSE = $VERBOSE, nil
      require_relative "dayfly_time/clocks"
      require_relative "dayfly_time/threads"
      require_relative "dayfly_time/locks"
      require_relative "dayfly_time/files"
      require_relative "dayfly_time/sockets"
      require_relative "dayfly_time/processes"
      $VERBOSE = warnings
      at_exit { scheduler&.finish }
    end

    # Say hello, and begin when it is this process's turn. Return nil if nobody listens.
    def self.enter
      channel = Channel.new(ENV["DAYFLY_TIME"])
      welcome = channel.ask(%({"hello":#{VERSION},"pid":#{$$},"runtime":"ruby #{RUBY_VERSION}"}))
      ENV.update(welcome[:env])
      srand(welcome[:seed])
      @scheduler = Scheduler.new(channel, welcome)
    rescue SystemCallError
      nil
    end

    # Return the scheduler, if it schedules the thread that asks.
    def self.scheduler
      @scheduler.awake if @scheduler&.schedules?(Thread.current)
    end

    # Put methods before those that all objects have, which are private, and before those of Kernel itself.
    def self.replace_in_kernel(methods)
      Kernel.prepend(methods)
      Kernel.singleton_class.prepend(methods.dup.module_eval { public(*private_instance_methods(false)) && self })
    end

    # In a copy of the process, which is one more for the simulation.
    def self.enter_again
      @scheduler&.leave_in_child
      @scheduler = nil
      enter
    end
  end

  DayflyTime.join
end
