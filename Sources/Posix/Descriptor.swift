internal import CPosix
import Glibc

/// A file descriptor with one owner; closed with its owner.
public struct Descriptor: ~Copyable, Sendable {
  public let number: Int32

  public init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives up ownership; the caller closes the number.
  public consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }
}

/// A pipe whose ends close on exec.
@frozen public struct Pipe: ~Copyable, Sendable {
  public var readEnd: Descriptor
  public var writeEnd: Descriptor

  public init(nonblocking: Bool = false) throws(PosixError) {
    var ends: [Int32] = [-1, -1]
    guard cposix_pipe(&ends, nonblocking ? 1 : 0) == 0 else { throw PosixError("pipe") }
    readEnd = Descriptor(owning: ends[0])
    writeEnd = Descriptor(owning: ends[1])
  }

  /// Closes the write end: for the parent of a child that has it.
  public consuming func keepingReadEnd() -> Descriptor { readEnd }
}

extension Descriptor {
  /// Starts a process that reads at most two pipes to their ends and discards the data, so
  /// their writers are neither blocked nor killed. The process outlives this one.
  ///
  /// If no process can be started, the pipes stay open and unread while this process lives.
  public static func discard(_ pipes: [Int32]) {
    guard cposix_discard(pipes, Int32(pipes.count)) == 0 else { return }
    for pipe in pipes { close(pipe) }
  }
}

/// Complete reads and writes on raw descriptors.
public enum DescriptorIO {
  /// Writes all bytes; waits if the descriptor is non-blocking.
  public static func write(_ bytes: [UInt8], to descriptor: Int32) throws(PosixError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count > 0 {
        offset += count
      } else if errno == EAGAIN {
        _ = Poll.wait(for: descriptor, POLLOUT, milliseconds: -1)
      } else if errno != EINTR {
        throw PosixError("write")
      }
    }
  }

  public static func write(_ text: String, to descriptor: Int32) throws(PosixError) {
    try write(Array(text.utf8), to: descriptor)
  }

  /// Reads what is available, at most `limit` bytes. Empty means the end, `nil` nothing yet
  /// (non-blocking).
  public static func read(_ descriptor: Int32, limit: Int = 65536) throws(PosixError) -> [UInt8]? {
    while true {
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        count = Glibc.read(descriptor, buffer.baseAddress, limit)
        initialized = max(0, count)
      }
      if count >= 0 { return bytes }
      if errno == EAGAIN { return nil }
      if errno != EINTR { throw PosixError("read") }
    }
  }

  /// Reads bytes of a file from an offset; fewer at its end.
  public static func read(
    _ descriptor: Int32, at offset: Int, count: Int
  ) throws(PosixError) -> [UInt8] {
    while true {
      var received = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        received = Glibc.pread(descriptor, buffer.baseAddress, count, off_t(offset))
        initialized = max(0, received)
      }
      if received >= 0 { return bytes }
      if errno != EINTR { throw PosixError("read") }
    }
  }

  public static func readToEnd(_ descriptor: Int32) throws(PosixError) -> [UInt8] {
    var all: [UInt8] = []
    while let part = try read(descriptor), !part.isEmpty { all += part }
    return all
  }
}
