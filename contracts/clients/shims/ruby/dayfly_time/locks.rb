# frozen_string_literal: true

require "monitor"

# Locks, condition variables and queues. A thread waits under the scheduler until the call need not wait, then makes it.
module DayflyTime
  module MutexWaits
    def lock
      scheduler = DayflyTime.scheduler
      return super if !scheduler || owned?

      scheduler.wait { !locked? } until try_lock
      self
    end

    def synchronize
      return super unless DayflyTime.scheduler

      lock
      begin
        yield
      ensure
        unlock if owned?
      end
    end

    def sleep(seconds = nil)
      return super unless (scheduler = DayflyTime.scheduler)

      began = scheduler.now
      unlock
      begin
        is_woken = scheduler.wait(scheduler.after(seconds), woken: true)
      ensure
        Thread.handle_interrupt(Object => :never) { lock }
      end
      ((scheduler.now - began) / 1e6).round if is_woken
    end
  end

  module MonitorWaits
    def enter
      return super unless (scheduler = DayflyTime.scheduler)

      scheduler.wait { !mon_locked? } until try_enter
    end
    alias mon_enter enter

    def synchronize
      return super unless DayflyTime.scheduler

      enter
      begin
        yield
      ensure
        exit
      end
    end
    alias mon_synchronize synchronize
  end

  module ConditionWaits
    def wait(mutex, seconds = nil)
      return super unless (scheduler = DayflyTime.scheduler)

      began, waiting, own = scheduler.now, (@dayfly_waiting ||= []), Object.new
      waiting << own
      mutex.unlock
      begin
        is_signalled = scheduler.wait(scheduler.after(seconds), woken: true) { !waiting.include?(own) }
      ensure
        waiting.delete(own)
        Thread.handle_interrupt(Object => :never) { mutex.lock }
      end
      is_signalled ? [((scheduler.now - began) / 1e6).round, 0].max : nil
    end

    def signal
      return super unless DayflyTime.scheduler

      @dayfly_waiting&.shift
      self
    end

    def broadcast
      return super unless DayflyTime.scheduler

      @dayfly_waiting&.clear
      self
    end
  end

  module QueueWaits
    def pop(non_block = false, timeout: nil)
      return timeout ? super : super(non_block) if non_block || !(scheduler = DayflyTime.scheduler)

      counted { scheduler.wait(scheduler.after(timeout)) { !empty? || closed? } } && !empty? ? super(true) : nil
    end
    alias shift pop
    alias deq pop

    def num_waiting
      super + @dayfly_waiting.to_i
    end

    private

    def counted
      @dayfly_waiting = @dayfly_waiting.to_i + 1
      yield
    ensure
      @dayfly_waiting -= 1
    end
  end

  module SizedQueueWaits
    def push(item, non_block = false, timeout: nil)
      return timeout ? super : super(item, non_block) if non_block || !(scheduler = DayflyTime.scheduler)

      is_free = counted { scheduler.wait(scheduler.after(timeout)) { size < max || closed? } }
      raise ClosedQueueError, "queue closed" if closed?

      super(item, true) if is_free # a closed queue raises
    end
    alias << push
    alias enq push
  end

  Thread::Mutex.prepend(MutexWaits)
  Monitor.prepend(MonitorWaits)
  Thread::ConditionVariable.prepend(ConditionWaits)
  Thread::Queue.prepend(QueueWaits)
  Thread::SizedQueue.prepend(QueueWaits, SizedQueueWaits)
end
