internal import CPosix
import Glibc

/// What both programs do before anything else.
public enum ProgramStart {
  /// Call it on the main thread before others start. Where orphaned processes become children of
  /// this one (PID 1, a subreaper), the program goes on in a child and the parent waits for them.
  public static func leaveOrphansToParent() { cposix_leave_orphans_to_parent() }

  /// The arguments without the program's name, as `main` got them; `nil` when they are not known.
  /// Bytes that are not UTF-8 are repaired.
  public static var arguments: [String]? {
    let count = Int(cposix_argument_count())
    guard count > 0 else { return nil }
    return (1..<max(1, count)).compactMap { place in
      cposix_argument(Int32(place)).map { String(cString: $0) }
    }
  }
}
