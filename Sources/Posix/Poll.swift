public import Glibc

/// `poll(2)` for one or several descriptors.
public enum Poll {
  /// Waits for one descriptor. `false` on timeout; -1 means no limit.
  public static func wait(for descriptor: Int32, _ events: Int32, milliseconds: Int) -> Bool {
    var entries = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
    return wait(&entries, milliseconds: milliseconds) > 0
  }

  /// Fills in `revents` and returns how many are ready. Continues after an interruption.
  public static func wait(_ entries: inout [pollfd], milliseconds: Int) -> Int {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    var left = milliseconds
    while true {
      let ready = poll(&entries, nfds_t(entries.count), Int32(clamping: left))
      if ready >= 0 || errno != EINTR { return Int(ready) }
      if milliseconds >= 0 { left = max(0, deadline - Clock.monotonicMilliseconds) }
    }
  }
}
