/// Tells which jobs the kernel killed for memory. It only counts such kills, per control group; a
/// job that ended by SIGKILL while the count rose was one of them.
///
/// A rise is believed for a second: whoever notices it first need not be whom it is about, and a
/// later SIGKILL has another reason. Times are milliseconds on a clock that never jumps.
struct MemoryKills {
  static let window = 1000

  private var seen: Int
  private var unexplained = 0
  private var believedUntil = 0

  init(count: Int) { seen = count }

  /// The kernel's count as it is now.
  mutating func observe(_ count: Int, now: Int) {
    if now >= believedUntil { unexplained = 0 }
    if count > seen {
      unexplained += count - seen
      believedUntil = now + MemoryKills.window
    }
    seen = count
  }

  /// Whether a job that has just ended by SIGKILL was killed for memory.
  mutating func explain(_ count: Int, now: Int) -> Bool {
    observe(count, now: now)
    guard unexplained > 0 else { return false }
    unexplained -= 1
    return true
  }
}
