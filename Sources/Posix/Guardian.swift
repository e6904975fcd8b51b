internal import CPosix
import Glibc

/// Kills the process groups of our children should we be killed ourselves (`kill -9`, out of
/// memory): orphans would go on beside their successors. Lives as long as this process.
public struct Guardian {
  private let groups: UnsafeMutableBufferPointer<Int32>

  /// For at most `count` children at a time. Make it before other descriptors: those that are open
  /// are copied for a moment.
  public init(count: Int) throws(PosixError) {
    guard let table = cposix_guardian_start(Int32(count)) else { throw PosixError("guardian") }
    groups = UnsafeMutableBufferPointer(start: table, count: count)
  }

  /// A child that leads its own group. Beyond the count it is not guarded.
  public func add(_ child: Child) {
    if let place = groups.firstIndex(of: 0) { groups[place] = child.pid }
  }

  public func remove(_ child: Child) {
    if let place = groups.firstIndex(of: child.pid) { groups[place] = 0 }
  }
}
