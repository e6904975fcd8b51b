internal import CPosix
import Glibc

/// The first steps of both programs.
public enum ProgramStart {
  /// Call it on the main thread before other threads start. If this process inherits orphans
  /// (PID 1, a subreaper), the program continues in a child, and the parent reaps.
  public static func leaveOrphansToParent() { cposix_leave_orphans_to_parent() }

  /// The arguments without the program's name, as passed to `main`; `nil` if unknown. Bytes
  /// that are not UTF-8 are repaired.
  public static var arguments: [String]? {
    let count = Int(cposix_argument_count())
    guard count > 0 else { return nil }
    return (1..<max(1, count)).compactMap { place in
      cposix_argument(Int32(place)).map { String(cString: $0) }
    }
  }
}

/// The memory that this process allocates.
public enum ProcessHeap {
  /// Lets all threads share one arena of glibc. With an arena for each thread, memory that one
  /// thread frees is not available to the others: an engine of 100,000 jobs took 164 MB with them,
  /// and takes 117 MB with one. For programs whose threads mostly work in turn; call it early.
  public static func useOneArena() { cposix_use_one_heap_arena() }
}
