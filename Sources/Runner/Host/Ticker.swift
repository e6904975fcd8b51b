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

/// Runs something in a task of its own; returns when that is done, or after so many milliseconds,
/// in which case it goes on.
func wait(atMost milliseconds: Int, for body: @escaping @Sendable () async -> Void) async {
  let (ends, end) = AsyncStream<Void>.makeStream()
  Task {
    await body()
    end.finish()
  }
  let clock = Task {
    await Ticker.pause(milliseconds: milliseconds)
    end.finish()
  }
  for await _ in ends {}
  clock.cancel()
}
