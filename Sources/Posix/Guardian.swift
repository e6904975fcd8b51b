internal import CPosix
import Glibc

/// Kills the process groups of our children should we be killed ourselves (`kill -9`, out of
/// memory): orphans would go on beside their successors. Lives as long as this process.
///
/// It is a process, and may be killed itself. Whoever has it watches `endDescriptor` and calls
/// `replace`: the new guardian knows every group that the old one knew.
public final class Guardian {
  private let groups: UnsafeMutableBufferPointer<Int32>
  private var process: Process?

  private struct Process {
    let child: Child
    /// Our end of the pipe whose end of file tells the guardian that we are gone.
    let held: Int32
    /// Reads its end of file when the guardian is gone.
    let life: Int32
  }

  /// For at most `count` children at a time. Make it before other descriptors: those that are open
  /// are copied for a moment.
  public init(count: Int) throws(PosixError) {
    guard let table = cposix_guardian_table(Int32(count)) else { throw PosixError("guardian") }
    groups = UnsafeMutableBufferPointer(start: table, count: count)
    guard start() else { throw PosixError("guardian") }
  }

  /// Becomes readable when the guardian has ended; `nil` while there is none.
  public var endDescriptor: Int32? { process?.life }

  /// Puts another guardian in the place of one that has ended. False when that fails: try again.
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

  /// A child that leads its own group. Beyond the count it is not guarded.
  public func add(_ child: Child) {
    if let place = groups.firstIndex(of: 0) { groups[place] = child.pid }
  }

  public func remove(_ child: Child) {
    if let place = groups.firstIndex(of: child.pid) { groups[place] = 0 }
  }
}
