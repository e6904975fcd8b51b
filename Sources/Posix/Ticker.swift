@preconcurrency import Dispatch

/// Repeats something at intervals, such as a heartbeat.
public enum Ticker {
  /// Yields at once, then at intervals, until its consumer is cancelled.
  public static func ticks(every milliseconds: Int) -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let timer = DispatchSource.makeTimerSource()
      timer.schedule(deadline: .now(), repeating: .milliseconds(milliseconds))
      timer.setEventHandler { continuation.yield() }
      continuation.onTermination = { _ in timer.cancel() }
      timer.resume()
    }
  }

  /// Returns after a time, or when its task is cancelled.
  public static func pause(milliseconds: Int) async {
    var beats = ticks(every: milliseconds).makeAsyncIterator()
    for _ in 0..<2 { await beats.next() }
  }

  /// Runs `body` in a task of its own, and returns when it has finished, or after the given time.
  /// In the latter case, `body` continues.
  public static func wait(
    atMost milliseconds: Int, for body: @escaping @Sendable () async -> Void
  ) async {
    let (ends, end) = AsyncStream<Void>.makeStream()
    Task {
      await body()
      end.finish()
    }
    let clock = Task {
      await pause(milliseconds: milliseconds)
      end.finish()
    }
    for await _ in ends {}
    clock.cancel()
  }
}
