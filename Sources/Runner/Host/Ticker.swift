@preconcurrency import Dispatch

/// A beat for things that must be said again and again, such as "I am still here".
public enum Ticker {
  /// Yields at once and then every so many milliseconds, until its consumer is cancelled.
  public static func ticks(every milliseconds: Int) -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let timer = DispatchSource.makeTimerSource()
      timer.schedule(deadline: .now(), repeating: .milliseconds(milliseconds))
      timer.setEventHandler { continuation.yield() }
      continuation.onTermination = { _ in timer.cancel() }
      timer.resume()
    }
  }

  /// Returns after so many milliseconds, or when its task is cancelled.
  public static func pause(milliseconds: Int) async {
    var beats = ticks(every: milliseconds).makeAsyncIterator()
    for _ in 0..<2 { await beats.next() }
  }
}
