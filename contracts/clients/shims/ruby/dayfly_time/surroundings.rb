# frozen_string_literal: true

module DayflyTime
  # The surroundings of a process: its children, its sockets, and the threads that are not under its scheduler.
  module Surroundings
    OTHER_SERVER = "a server that is not the platform"
    UDP = "a UDP socket"
    RECEIVED_AT, SENT_AT = 128, 200 # where Linux tells how many bytes a connection has received, and sent
    BEYOND = {
      %r{/eventmachine\.rb$} => "EventMachine",
      %r{/nio4r?\.rb$|/nio4r_ext\.so$} => "nio4r",
      %r{/ethon\.rb$} => "libcurl",
      %r{/curb_core\.so$} => "libcurl",
      %r{/grpc_c\.so$} => "grpc",
    }.freeze # libraries with clocks, timers and sockets of their own

    module_function

    # Return the numbers of the children that were not waited for.
    def children
      listed("/proc/self/task").flat_map { |task| read("/proc/self/task/#{task}/children").split }
    end

    # Return how many of them have not ended.
    def running
      children.count { |pid| !over?(pid) }
    end

    # Return whether any child has ended, or there is none.
    def any_over?
      children.empty? || children.any? { |pid| over?(pid) }
    end

    # Return whether a child has ended with all of its threads, or there is none with this number.
    def over?(pid)
      state, threads = read("/proc/#{pid}/stat")[/.*\) (.*)/m, 1].to_s.split.values_at(0, 17)
      state.nil? || (%w[Z X].include?(state) && threads.to_i < 2)
    end

    # Return whether a child runs or is ready to, as one that is about to become another program.
    def children_at_work?
      children.any? { |pid| %w[R D].include?(state("/proc/#{pid}/stat")) }
    end

    # Return whether a thread runs that is not `known`, or is ready to; native code starts such threads.
    def strangers_at_work?(known)
      listed("/proc/self/task").any? do |task|
        !known.include?(task.to_i) && %w[R D].include?(state("/proc/self/task/#{task}/stat"))
      end
    end

    def state(path)
      read(path)[/.*\) (.)/m, 1].to_s
    end

    def read(path)
      File.read(path)
    rescue SystemCallError
      ""
    end

    def listed(folder)
      Dir.children(folder)
    rescue SystemCallError
      []
    end

    # Return why time cannot be moved; empty if it can. Looks only at the libraries that were loaded since the last call.
    def beyond
      @looked_at ||= 0
      fresh, @looked_at = $LOADED_FEATURES.drop(@looked_at), $LOADED_FEATURES.size
      @beyond ||= BEYOND.find { |pattern, _| fresh.grep(pattern).any? }&.last
      @beyond ? "it uses #{@beyond}, whose time cannot be moved" : ""
    end

    # Return the bytes read and written on the connections to `ports` among some files, by the process's own port.
    def traffic(files, ports)
      files.grep(BasicSocket).each_with_object({}) do |socket, counts|
        next unless ports.include?(other_port(socket))

        told = socket.getsockopt(Socket::IPPROTO_TCP, Socket::TCP_INFO).data
        counts[socket.local_address.ip_port] = [told[RECEIVED_AT, 8].unpack1("Q"), told[SENT_AT, 8].unpack1("Q")]
      rescue SystemCallError, IOError, TypeError
        next
      end
    end

    # Return what is beyond virtual time among some files; empty if nothing is.
    def foreign(files, ports)
      files.grep(BasicSocket).each do |socket|
        next if socket.closed? || socket.is_a?(UNIXSocket) || listening?(socket)
        return UDP if socket.getsockopt(:SOCKET, :TYPE).int == Socket::SOCK_DGRAM

        other = other_port(socket)
        return OTHER_SERVER unless ports.include?(other) || own?(socket)
      rescue SystemCallError, IOError
        next
      end
      ""
    end

    def listening?(socket)
      socket.getsockopt(:SOCKET, :ACCEPTCONN).bool
    end

    def other_port(socket)
      socket.remote_address.ip_port
    rescue SystemCallError, SocketError
      nil
    end

    # Return whether the other end of a connection is in this process.
    def own?(socket)
      other = socket.remote_address.to_sockaddr
      ObjectSpace.each_object(BasicSocket).any? { |one| !one.closed? && one.local_address.to_sockaddr == other }
    rescue SystemCallError, IOError
      false
    end
  end
end
