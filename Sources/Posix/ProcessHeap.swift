internal import CPosix

/// The memory that this process allocates.
public enum ProcessHeap {
  /// Lets all threads share one arena of glibc. With an arena for each thread, memory that one
  /// thread frees is not available to the others: an engine of 100,000 jobs took 164 MB with them,
  /// and takes 117 MB with one. For programs whose threads mostly work in turn; call it early.
  public static func useOneArena() { cposix_use_one_heap_arena() }
}
