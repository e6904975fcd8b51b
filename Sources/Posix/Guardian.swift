internal import CPosix
import Glibc

/// Kills the process groups of our children if this process is killed (`kill -9`, out of
/// memory); otherwise orphans would run beside their retries. Lives as long as this process.
///
/// The guardian is a process and may be killed itself. The owner watches `endDescriptor` and
/// calls `replace`: the new guardian guards the same groups.
public final class Guardian {
  private let groups: UnsafeMutableBufferPointer<Int32>
  private var process: Process?

  private struct Process {
    let child: Child
    /// Our end of the pipe; its closing tells the guardian that this process has ended.
    let held: Int32
    /// Reads end of file when the guardian has ended.
    let life: Int32
  }

  /// Guards at most `count` children at a time. Create it before other descriptors, because it
  /// copies the open ones for a moment.
  public init(count: Int) throws(PosixError) {
    guard let table = cposix_guardian_table(Int32(count)) else { throw PosixError("guardian") }
    groups = UnsafeMutableBufferPointer(start: table, count: count)
    guard start() else { throw PosixError("guardian") }
  }

  /// Becomes readable when the guardian has ended; `nil` while there is none.
  public var endDescriptor: Int32? { process?.life }

  /// Starts another guardian after one has ended. Returns false on failure; try again.
  @discardableResult
  public func replace() -> Bool {
    if let process {
      guard Poll.wait(for: process.life, POLLIN, milliseconds: 0) else { return true }
      close(process.held)
      close(process.life)
      _ = process.child.wait()
      self.process = nil
    }
    return start()
  }

  private func start() -> Bool {
    var held: Int32 = -1
    var life: Int32 = -1
    let pid = cposix_guardian_start(groups.baseAddress, Int32(groups.count), &held, &life)
    guard pid > 0 else { return false }
    process = Process(child: Child(pid: pid), held: held, life: life)
    return true
  }

  /// Guards a child that leads its own group. Children beyond the count are not guarded.
  public func add(_ child: Child) {
    if let place = groups.firstIndex(of: 0) { groups[place] = child.pid }
  }

  public func remove(_ child: Child) {
    if let place = groups.firstIndex(of: child.pid) { groups[place] = 0 }
  }
}
