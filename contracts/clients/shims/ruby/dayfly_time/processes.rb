# frozen_string_literal: true

# Child processes, and copies of this one.
module DayflyTime
  module ChildWaits
    %i[wait wait2 waitpid waitpid2].each do |name|
      define_method(name) do |pid = -1, flags = 0|
        if (flags.to_i & Process::WNOHANG).zero?
          DayflyTime.scheduler&.wait { pid.positive? ? Surroundings.over?(pid) : Surroundings.any_over? }
        end
        super(pid, flags)
      end
    end

    def waitall
      return super unless DayflyTime.scheduler

      ended = []
      loop { ended << wait2 }
    rescue Errno::ECHILD
      ended
    end

    def detach(pid)
      return super unless DayflyTime.scheduler

      Thread.new { wait2(pid).last }.tap { |thread| thread.define_singleton_method(:pid) { pid } }
    end

    def _fork
      super.tap { |pid| DayflyTime.enter_again if pid.zero? }
    end
  end

  module Commands
    private

    def system(*command, exception: false, **options)
      return super unless DayflyTime.scheduler

      Process.wait(spawn(*command, **options))
      raise "Command failed with #{$?}: #{command.grep(String).first}" if exception && !$?.success?

      $?.success?
    rescue SystemCallError
      raise if exception
    end

    def `(command)
      return super unless DayflyTime.scheduler

      IO.popen(command, &:read)
    end
  end

  Process.singleton_class.prepend(ChildWaits)
  DayflyTime.replace_in_kernel(Commands)
end
