internal import CPosix
import Glibc

/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
  case exited(Int)
  case signalled(Int)
  /// Not a child of this process: only its end is known.
  case unknown

  init(raw: Int32) {
    self =
      cposix_exited(raw) != 0
      ? .exited(Int(cposix_exit_status(raw))) : .signalled(Int(cposix_term_signal(raw)))
  }
}

/// The resources used by a process and its waited-for children.
public struct ProcessUsage: Sendable, Equatable {
  public var userMicroseconds = 0
  public var systemMicroseconds = 0
  /// Largest resident set of any process in the tree, in kilobytes.
  public var maxResidentKilobytes = 0
  /// Blocks of 512 bytes read from and written to storage.
  public var blocksRead = 0
  public var blocksWritten = 0

  init(_ raw: rusage) {
    userMicroseconds = raw.ru_utime.tv_sec * 1_000_000 + Int(raw.ru_utime.tv_usec)
    systemMicroseconds = raw.ru_stime.tv_sec * 1_000_000 + Int(raw.ru_stime.tv_usec)
    maxResidentKilobytes = raw.ru_maxrss
    blocksRead = raw.ru_inblock
    blocksWritten = raw.ru_oublock
  }
}

extension Child {
  /// Waits for this child only. `nil` if `block` is false and it still runs, or if it is not
  /// (or no longer) a child of this process.
  public func wait(block: Bool = true) -> (status: ExitStatus, usage: ProcessUsage)? {
    var status: Int32 = 0
    var usage = rusage()
    while true {
      let result = wait4(pid, &status, block ? 0 : WNOHANG, &usage)
      if result == pid { return (ExitStatus(raw: status), ProcessUsage(usage)) }
      if result == -1, errno == EINTR { continue }
      return nil
    }
  }

  /// How this child has ended, without reaping it: until `wait`, its id and its group's id
  /// cannot be reused. `nil` while it runs, or if it is not (or no longer) a child of this
  /// process.
  public func peek() -> (status: ExitStatus, usage: ProcessUsage)? {
    var status: Int32 = 0
    var usage = rusage()
    guard cposix_peek(pid, &status, &usage) == pid else { return nil }
    return (ExitStatus(raw: status), ProcessUsage(usage))
  }

  /// A descriptor that becomes readable when the process ends.
  public func endDescriptor() throws(PosixError) -> Descriptor {
    let number = cposix_pidfd_open(pid)
    guard number >= 0 else { throw PosixError("pidfd_open", "\(pid)") }
    return Descriptor(owning: number)
  }

  public func send(_ signal: Int32) { kill(pid, signal) }

  /// Signals the process group of the child.
  public func sendToGroup(_ signal: Int32) { kill(-pid, signal) }

  /// Whether any process of the child's group still lives.
  public var groupIsAlive: Bool { kill(-pid, 0) == 0 || errno == EPERM }
}
