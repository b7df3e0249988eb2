# frozen_string_literal: true

# Threads and their waits on each other.
module DayflyTime
  module ThreadStart
    def start(*args, **options, &block)
      return super unless block && (scheduler = DayflyTime.scheduler)

      task, adopted = scheduler.adopt(block)
      super(*args, **options, &adopted).tap { task.await_arrival }
    end
    alias fork start

    def pass
      (scheduler = DayflyTime.scheduler) ? scheduler.pass : super
    end

    def stop
      (scheduler = DayflyTime.scheduler) ? scheduler.wait(woken: true) && nil : super
    end

    def list
      super - [DayflyTime.scheduler&.watcher]
    end

    def exit
      Thread.current.kill
    end

    def kill(thread)
      thread.kill
    end
  end

  module ThreadWaits
    def initialize(*args, **options, &block)
      return super unless block && (scheduler = DayflyTime.scheduler)

      task, adopted = scheduler.adopt(block)
      super(*args, **options, &adopted)
      task.await_arrival
    end

    def join(seconds = nil)
      scheduler = DayflyTime.scheduler
      return super if !scheduler || !scheduler.schedules?(self) || equal?(Thread.current)

      scheduler.wait(scheduler.after(seconds)) { !scheduler.schedules?(self) } ? super() : nil
    end

    def value
      join if DayflyTime.scheduler&.schedules?(self) && !equal?(Thread.current)
      super
    end

    %i[alive? status stop?].each do |name|
      define_method(name) do
        DayflyTime.scheduler # a thread may look again and again
        super()
      end
    end

    def raise(*args, **options)
      DayflyTime.scheduler&.wake(self, interrupt: true) unless equal?(Thread.current)
      super
    end

    %i[kill exit terminate].each do |name|
      define_method(name) do
        DayflyTime.scheduler&.wake(self, interrupt: true) unless equal?(Thread.current)
        super()
      end
    end

    %i[wakeup run].each do |name|
      define_method(name) do
        scheduler = DayflyTime.scheduler
        next super() unless scheduler&.schedules?(self)

        scheduler.wake(self)
        scheduler.pass if name == :run
        self
      end
    end
  end

  module Sleep
    private

    def sleep(*seconds)
      scheduler = DayflyTime.scheduler
      length = seconds.first
      return super if !scheduler || seconds.size > 1 || !(length.nil? || length.is_a?(Numeric)) || length&.negative?

      began = scheduler.now
      length&.zero? ? scheduler.pass : scheduler.wait(scheduler.after(length), woken: true)
      ((scheduler.now - began) / 1e6).round
    end
  end

  # Kinds of concurrency that have clocks and waits of their own.
  module Beyond
    def self.notice(what)
      DayflyTime.scheduler&.notice("it uses #{what}, whose time cannot be moved")
    end

    module Schedulers
      def set_scheduler(scheduler)
        Beyond.notice("a fiber scheduler") if scheduler
        super
      end
    end

    module Ractors
      def new(...)
        Beyond.notice("ractors")
        super
      end
    end
  end

  Thread.singleton_class.prepend(ThreadStart)
  Thread.prepend(ThreadWaits)
  DayflyTime.replace_in_kernel(Sleep)
  Fiber.singleton_class.prepend(Beyond::Schedulers)
  Ractor.singleton_class.prepend(Beyond::Ractors)
end
