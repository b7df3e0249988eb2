# frozen_string_literal: true

require "monitor"

# Locks, condition variables and queues. A thread first waits on the stage until the call need not wait, and then makes it.
module DayflyTime
  module MutexWaits
    def lock
      stage = DayflyTime.stage
      return super if !stage || owned?

      stage.wait { !locked? } until try_lock
      self
    end

    def synchronize
      return super unless DayflyTime.stage

      lock
      begin
        yield
      ensure
        unlock if owned?
      end
    end

    def sleep(seconds = nil)
      return super unless (stage = DayflyTime.stage)

      began = stage.now
      unlock
      begin
        is_woken = stage.wait(stage.after(seconds), woken: true)
      ensure
        Thread.handle_interrupt(Object => :never) { lock }
      end
      ((stage.now - began) / 1e6).round if is_woken
    end
  end

  module MonitorWaits
    def enter
      return super unless (stage = DayflyTime.stage)

      stage.wait { !mon_locked? } until try_enter
    end
    alias mon_enter enter

    def synchronize
      return super unless DayflyTime.stage

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
      return super unless (stage = DayflyTime.stage)

      began, waiting, own = stage.now, (@dayfly_waiting ||= []), Object.new
      waiting << own
      mutex.unlock
      begin
        is_signalled = stage.wait(stage.after(seconds), woken: true) { !waiting.include?(own) }
      ensure
        waiting.delete(own)
        Thread.handle_interrupt(Object => :never) { mutex.lock }
      end
      is_signalled ? [((stage.now - began) / 1e6).round, 0].max : nil
    end

    def signal
      return super unless DayflyTime.stage

      @dayfly_waiting&.shift
      self
    end

    def broadcast
      return super unless DayflyTime.stage

      @dayfly_waiting&.clear
      self
    end
  end

  module QueueWaits
    def pop(non_block = false, timeout: nil)
      return timeout ? super : super(non_block) if non_block || !(stage = DayflyTime.stage)

      counted { stage.wait(stage.after(timeout)) { !empty? || closed? } } && !empty? ? super(true) : nil
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
      return timeout ? super : super(item, non_block) if non_block || !(stage = DayflyTime.stage)

      is_free = counted { stage.wait(stage.after(timeout)) { size < max || closed? } }
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
