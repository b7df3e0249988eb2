# frozen_string_literal: true

module DayflyTime
  VERSION = 1 # of the protocol
  HARNESS_GONE = 70 # exit status

  # The connection to the simulation: asks what time it is, and blocks until it is answered.
  class Channel
    # Raises SystemCallError if no simulation is there.
    def initialize(path)
      @socket = UNIXSocket.new(path)
      @unread = +""
    end

    # Send a line of JSON and return the answer. The process ends if there comes none.
    def ask(message)
      Native::WRITE.bind_call(@socket, "#{message}\n")
      @unread << Native::READ.bind_call(@socket, 1 << 16) until @unread.include?("\n")
      answer(@unread.slice!(/.*\n/).force_encoding("UTF-8"))
    rescue SystemCallError, IOError
      exit!(HARNESS_GONE)
    end

    # Close it, in a copy of the process.
    def close
      @socket.close
    end

    private

    # Read what the protocol has, without the gem json. A quotation mark within a string is escaped, so no text looks
    # like a field.
    def answer(line)
      number = ->(name) { line[/"#{name}"\s*:\s*(\d+)/, 1]&.to_i }
      ports = line[/"ports"\s*:\s*\[([\d,\s]*)\]/, 1].to_s.split(",").map(&:to_i)
      env = line[/"env"\s*:\s*\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}/, 1].to_s
      pairs = env.scan(/"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"/).to_h { |pair| pair.map { |text| unescaped(text) } }
      { now: number["now"], rest: number["rest"], seed: number["seed"] || 0, ports: ports, env: pairs }
    end

    ESCAPES = { "b" => "\b", "f" => "\f", "n" => "\n", "r" => "\r", "t" => "\t" }.freeze

    def unescaped(text)
      text.gsub(/\\(?:u(\h{4})|(.))/) { $1 ? [$1.hex].pack("U") : ESCAPES.fetch($2, $2) }
    end
  end
end
