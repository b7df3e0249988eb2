# frozen_string_literal: true

# Waits for files, calls of sockets, and standard input.
module DayflyTime
  module FileWaits
    def wait_readable(seconds = nil)
      return super unless (scheduler = DayflyTime.scheduler)

      self if scheduler.wait(scheduler.after(seconds), files: [self]) { Native::SELECT.call([self], nil, nil, 0) }
    end

    def wait_writable(seconds = nil)
      return super unless (scheduler = DayflyTime.scheduler)

      self if scheduler.wait(scheduler.after(seconds), files: [self]) { Native::SELECT.call(nil, [self], nil, 0) }
    end

    # Its arguments are events and a time, or a time and modes.
    def wait(*args)
      place = args.size == 2 && args.all? { |arg| arg.nil? || arg.is_a?(Numeric) } ? 1 : 0
      seconds = args[place]
      return super unless (scheduler = DayflyTime.scheduler) && (seconds.nil? || seconds.is_a?(Numeric))

      found = nil
      at_once = args.dup.tap { |all| all[place] = 0 }
      scheduler.wait(scheduler.after(seconds), files: [self]) { found = super(*at_once) }
      found
    end
  end

  WAITING = %i[recv recvfrom accept sysaccept].freeze

  # Return stand-ins for those of a class's own methods that wait until there is something to read.
  def self.waiting(kind)
    Module.new do
      (kind.instance_methods(false) & WAITING).each do |name|
        define_method(name) do |*args, **options|
          Files.wait(self)
          super(*args, **options)
        end
      end
    end
  end

  module SocketWrites
    def write(*parts)
      return super unless sync && DayflyTime.scheduler

      rest = parts.map { |part| part.to_s.b }.join
      size = rest.bytesize
      until rest.empty?
        Files.wait(self, read: [], write: [self])
        sent = write_nonblock(rest, exception: false)
        rest = rest.byteslice(sent..) if sent.is_a?(Integer)
      end
      size
    end
  end

  module Select
    private

    def select(read, write = nil, error = nil, seconds = nil)
      return super unless (scheduler = DayflyTime.scheduler)

      found = nil
      files = [*read, *write].map { |file| file.respond_to?(:to_io) ? file.to_io : file }
      scheduler.wait(scheduler.after(seconds), files: files) { found = Native::SELECT.call(read, write, error, 0) }
      found
    end
  end

  # Standard input, unless the arguments name files.
  module Input
    private

    %i[gets readline readlines].each do |name|
      define_method(name) do |*args, **options|
        ARGV.empty? && DayflyTime.scheduler ? $stdin.public_send(name, *args, **options) : super(*args, **options)
      end
    end
  end

  module Arguments
    %i[gets readline readlines read each_line each].each do |name|
      define_method(name) do |*args, **options, &block|
        ARGV.empty? && DayflyTime.scheduler ? $stdin.public_send(name, *args, **options, &block) : super(*args, **options, &block)
      end
    end
  end

  IO.prepend(FileWaits)
  IO.singleton_class.prepend(Select.dup.module_eval { public(:select) && self })
  BasicSocket.prepend(SocketWrites)
  [BasicSocket, Socket, IPSocket, TCPServer, UNIXServer, UNIXSocket].each { |kind| kind.prepend(waiting(kind)) }
  DayflyTime.replace_in_kernel(Select)
  DayflyTime.replace_in_kernel(Input)
  ARGF.singleton_class.prepend(Arguments)
end
