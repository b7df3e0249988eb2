# frozen_string_literal: true

# The clocks of Ruby, as a thread under the scheduler reads them.
module DayflyTime
  UPTIME = 100_000_000_000 # of the machine when the process began

  UNITS = {
    second: ->(time) { time / 1_000_000 },
    millisecond: ->(time) { time / 1000 },
    microsecond: ->(time) { time },
    nanosecond: ->(time) { time * 1000 },
    float_second: ->(time) { time / 1e6 },
    float_millisecond: ->(time) { time / 1e3 },
    float_microsecond: ->(time) { time.to_f },
  }.freeze

  REAL_CLOCKS = Process.constants.grep(/\ACLOCK_(REALTIME|TAI)/).map { |name| Process.const_get(name) }
  STEADY_CLOCKS = Process.constants.grep(/\ACLOCK_(MONOTONIC|BOOTTIME)/).map { |name| Process.const_get(name) }

  module ProcessClock
    def clock_gettime(clock, unit = :float_second)
      return super unless (scheduler = DayflyTime.scheduler) && (count = UNITS[unit])

      case clock
      when *REAL_CLOCKS then count.call(scheduler.now)
      when *STEADY_CLOCKS then count.call(scheduler.now - scheduler.origin + UPTIME)
      else super
      end
    end
  end

  module TimeClock
    def now(**options)
      (scheduler = DayflyTime.scheduler) ? at(0, scheduler.now, :microsecond, **options) : super
    end

    def new(*args, **options)
      args.compact.empty? && DayflyTime.scheduler ? now(**options) : super
    end
  end

  module DateClock
    def today(start = Date::ITALY)
      DayflyTime.scheduler ? Time.now.to_date.new_start(start) : super
    end
  end

  module DateTimeClock
    def now(start = Date::ITALY)
      DayflyTime.scheduler ? Time.now.to_datetime.new_start(start) : super
    end
  end

  # Notices when the gem date is loaded.
  module DateWatch
    def inherited(own)
      super
      case Native::NAME.bind_call(own)
      when "Date" then own.singleton_class.prepend(DateClock)
      when "DateTime" then own.singleton_class.prepend(DateTimeClock)
      end
    end
  end

  Process.singleton_class.prepend(ProcessClock)
  Time.singleton_class.prepend(TimeClock)
  Object.singleton_class.prepend(DateWatch)
end
