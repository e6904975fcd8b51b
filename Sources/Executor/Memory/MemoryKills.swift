/// Decides which jobs the kernel killed for memory. The kernel only counts such kills for each
/// control group, so a job that ended by SIGKILL when the count had just risen was one of them.
///
/// A rise explains a SIGKILL for one second. The first job that is checked after a rise need not be
/// the killed one, and a later SIGKILL has another reason. Times are milliseconds of the monotonic
/// clock.
struct MemoryKills {
  static let window = 1000

  private var seen: Int
  private var unexplained = 0
  private var believedUntil = 0

  init(count: Int) { seen = count }

  /// Notes the kernel's current count.
  mutating func observe(_ count: Int, now: Int) {
    if now >= believedUntil { unexplained = 0 }
    if count > seen {
      unexplained += count - seen
      believedUntil = now + MemoryKills.window
    }
    seen = count
  }

  /// Whether a job that has just ended by SIGKILL was killed for memory. Uses up one kill of the
  /// count.
  mutating func explain(_ count: Int, now: Int) -> Bool {
    observe(count, now: now)
    guard unexplained > 0 else { return false }
    unexplained -= 1
    return true
  }
}
