# frozen_string_literal: true

# Reads of sockets and pipes. A thread first waits under the scheduler until the call need not wait, and then makes it.
module DayflyTime
  # What a call has to wait for.
  module Files
    PIECE = 4096 # bytes; fewer than can be put back

    module_function

    # Wait until one of the events is there, and return the scheduler; nil if the thread or the file is not for it.
    def wait(file, read: [file], write: [])
      scheduler = DayflyTime.scheduler
      return if !scheduler || file.is_a?(File) || file.closed?

      scheduler.wait(files: [file]) { Native::SELECT.call(read, write, nil, 0) }
      scheduler
    end

    # Read up to the piece that has the mark, which is put back, or to the end. Return what comes before.
    def up_to(file, mark)
      data = "".b
      while wait(file)
        size = data.size
        data << Native::READ.bind_call(file, PIECE)
        next unless mark && (at = data.index(mark.b, [size - mark.bytesize, 0].max))

        file.ungetbyte(data.slice!([at, size].min..))
        break
      end
      in_its_encoding(file, data)
    rescue EOFError
      in_its_encoding(file, data)
    end

    # Read so many bytes, or to the end.
    def take(file, size)
      data = "".b
      data << Native::READ.bind_call(file, [size - data.size, PIECE].min) while data.size < size && wait(file)
      data
    rescue EOFError
      data
    end

    # Return whether all is read that was ever written.
    def at_end?(file)
      Native::SELECT.call([file], nil, nil, 0) && file.eof?
    rescue IOError # it is not open for reading
      false
    end

    def writable?(file)
      Native::SELECT.call(nil, [file], nil, 0)
      true
    rescue IOError
      false
    end

    def in_its_encoding(file, data)
      data.force_encoding(file.external_encoding || Encoding.default_external)
    end
  end

  module FileReads
    %i[sysread readpartial getc readchar getbyte readbyte eof? eof].each do |name|
      define_method(name) do |*args|
        Files.wait(self)
        super(*args)
      end
    end

    def gets(separator = $/, limit = nil, **options)
      limit, separator = separator, $/ if separator.is_a?(Integer)
      return limit ? super : super(separator, **options) if limit || !Files.wait(self)

      before = Files.up_to(self, separator == "" ? "\n\n" : separator)
      return super(separator, **options) if before.empty?

      line = before << super(separator).to_s
      options[:chomp] && separator ? line.chomp(separator) : line
    end

    def readline(...)
      gets(...) || raise(EOFError, "end of file reached")
    end

    def readlines(...)
      each_line(...).to_a
    end

    # The end of a process that `popen` has started, and that has written all it had, is waited for under the scheduler.
    def close
      if !closed? && (child = pid) && (scheduler = DayflyTime.scheduler) && Files.at_end?(self)
        close_write if Files.writable?(self) && !@is_write_closed
        scheduler.wait { Surroundings.over?(child) }
      end
      super
    end

    # Note it, because to close that end again would close the other one as well.
    def close_write
      @is_write_closed = true
      super
    end

    def read(size = nil, buffer = nil)
      return super unless size != 0 && Files.wait(self)

      data = size ? Files.take(self, size) : Files.up_to(self, nil)
      data = nil if data.empty? && size&.positive?
      buffer ? buffer.replace(data.to_s) && data && buffer : data
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

  IO.prepend(FileReads)
end
