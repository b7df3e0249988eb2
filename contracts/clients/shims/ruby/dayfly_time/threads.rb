# frozen_string_literal: true

# Threads and their waits on each other.
module DayflyTime
  module ThreadStart
    def start(*args, **options, &block)
      return super unless block && (stage = DayflyTime.stage)

      actor, adopted = stage.adopt(block)
      super(*args, **options, &adopted).tap { actor.await_arrival }
    end
    alias fork start

    def pass
      (stage = DayflyTime.stage) ? stage.pass : super
    end

    def stop
      (stage = DayflyTime.stage) ? stage.wait(woken: true) && nil : super
    end

    def list
      super - [DayflyTime.stage&.watcher]
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
      return super unless block && (stage = DayflyTime.stage)

      actor, adopted = stage.adopt(block)
      super(*args, **options, &adopted)
      actor.await_arrival
    end

    def join(seconds = nil)
      stage = DayflyTime.stage
      return super if !stage || !stage.on?(self) || equal?(Thread.current)

      stage.wait(stage.after(seconds)) { !stage.on?(self) } ? super() : nil
    end

    def value
      join if DayflyTime.stage&.on?(self) && !equal?(Thread.current)
      super
    end

    %i[alive? status stop?].each do |name|
      define_method(name) do
        DayflyTime.stage # a thread may look again and again
        super()
      end
    end

    def raise(*args, **options)
      DayflyTime.stage&.wake(self, interrupt: true) unless equal?(Thread.current)
      super
    end

    %i[kill exit terminate].each do |name|
      define_method(name) do
        DayflyTime.stage&.wake(self, interrupt: true) unless equal?(Thread.current)
        super()
      end
    end

    %i[wakeup run].each do |name|
      define_method(name) do
        stage = DayflyTime.stage
        next super() unless stage&.on?(self)

        stage.wake(self)
        stage.pass if name == :run
        self
      end
    end
  end

  module Sleep
    private

    def sleep(*seconds)
      stage = DayflyTime.stage
      length = seconds.first
      return super if !stage || seconds.size > 1 || !(length.nil? || length.is_a?(Numeric)) || length&.negative?

      began = stage.now
      length&.zero? ? stage.pass : stage.wait(stage.after(length), woken: true)
      ((stage.now - began) / 1e6).round
    end
  end

  # Kinds of concurrency that have clocks and waits of their own.
  module Beyond
    def self.notice(what)
      DayflyTime.stage&.notice("it uses #{what}, whose time cannot be moved")
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
