# frozen_string_literal: true

# Reads and writes of sockets and pipes. A thread first waits on the stage until the call need not wait, and then makes it.
module DayflyTime
  # What a call has to wait for.
  module Files
    module_function

    # Wait until one of the events is there, on the stage; return the stage, or nil if the thread or the file is not for it.
    def wait(file, read: [file], write: [])
      stage = DayflyTime.stage
      return if !stage || file.is_a?(File) || file.closed?

      stage.wait(files: [file]) { Native::SELECT.call(read, write, nil, 0) }
      stage
    end

    # Read on until `enough` says so of what has been read, or to the end; what was read is put back.
    def fill(file, &enough)
      data = +"".b
      data << Native::READ.bind_call(file, 1 << 16) until enough.call(data) || !wait(file)
    rescue EOFError
      nil
    ensure
      file.ungetbyte(data) unless data.nil? || data.empty?
    end

    # Read on until there is a line, as `gets` takes it.
    def fill_line(file, separator = $/, limit = nil)
      separator, limit = $/, separator if separator.is_a?(Integer)
      mark = separator == "" ? "\n\n" : separator
      fill(file) { |data| mark && data.include?(mark.b) || limit && data.size >= limit }
    end
  end

  module FileReads
    %i[sysread readpartial getc readchar getbyte readbyte eof? eof].each do |name|
      define_method(name) do |*args|
        Files.wait(self)
        super(*args)
      end
    end

    %i[gets readline].each do |name|
      define_method(name) do |*args, **options|
        Files.fill_line(self, *args) if DayflyTime.stage
        super(*args, **options)
      end
    end

    def read(size = nil, *buffer)
      Files.fill(self) { |data| size && data.size >= size } if DayflyTime.stage
      super
    end

    def readlines(...)
      Files.fill(self) { false } if DayflyTime.stage
      super
    end

    def each_line(*args, **options)
      return to_enum(:each_line, *args, **options) unless block_given?

      while (line = gets(*args, **options))
        yield line
      end
      self
    end
    alias each each_line

    def each_char
      return to_enum(:each_char) unless block_given?

      while (char = getc)
        yield char
      end
      self
    end

    def each_byte
      return to_enum(:each_byte) unless block_given?

      while (byte = getbyte)
        yield byte
      end
      self
    end
  end

  module FileWaits
    def wait_readable(seconds = nil)
      waited(seconds, [self], []) { super(0) }
    end

    def wait_writable(seconds = nil)
      waited(seconds, [], [self]) { super(0) }
    end

    def wait(*args)
      timed = args.size == 2 && args.all? { |arg| arg.nil? || arg.is_a?(Numeric) } ? 1 : 0
      return super unless args[timed].nil? || args[timed].is_a?(Numeric)

      at_once = args.dup.tap { |all| all[timed] = 0 }
      stage = DayflyTime.stage
      return super unless stage

      found = nil
      stage.wait(stage.after(args[timed]), files: [self]) { found = super(*at_once) }
      found
    end

    private

    def waited(seconds, read, write)
      stage = DayflyTime.stage
      stage&.wait(stage.after(seconds), files: [self]) { Native::SELECT.call(read, write, nil, 0) }
      yield
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
      return super unless sync && DayflyTime.stage

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
      return super unless (stage = DayflyTime.stage)

      found = nil
      files = [*read, *write].map { |file| file.respond_to?(:to_io) ? file.to_io : file }
      stage.wait(stage.after(seconds), files: files) { found = Native::SELECT.call(read, write, error, 0) }
      found
    end
  end

  # Standard input, unless the arguments name files.
  module Input
    private

    %i[gets readline readlines].each do |name|
      define_method(name) do |*args, **options|
        ARGV.empty? && DayflyTime.stage ? $stdin.public_send(name, *args, **options) : super(*args, **options)
      end
    end
  end

  module Arguments
    %i[gets readline readlines read each_line each].each do |name|
      define_method(name) do |*args, **options, &block|
        ARGV.empty? && DayflyTime.stage ? $stdin.public_send(name, *args, **options, &block) : super(*args, **options, &block)
      end
    end
  end

  IO.prepend(FileReads, FileWaits)
  IO.singleton_class.prepend(Select.dup.module_eval { public(:select) && self })
  BasicSocket.prepend(SocketWrites)
  [BasicSocket, Socket, IPSocket, TCPServer, UNIXServer, UNIXSocket].each { |kind| kind.prepend(waiting(kind)) }
  DayflyTime.replace_in_kernel(Select)
  DayflyTime.replace_in_kernel(Input)
  ARGF.singleton_class.prepend(Arguments)
end
