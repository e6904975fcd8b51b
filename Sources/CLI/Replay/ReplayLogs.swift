import Engine
import JobProtocol
import Runner
import Runs
import Synchronization
import TUI
import Workflow

/// The output of a replay's jobs, sent at the times when it was written.
final class ReplayLogs: Sendable {
  /// The output of one attempt, and how many chunks were sent.
  private struct Track {
    var chunks: [LogChunk] = []
    var sent = 0
  }

  private struct State {
    var subscription = LogSubscription.attempts([])
    var tracks: [AttemptID: Track] = [:]
    var position = 0
  }

  private let opened: OpenedRun
  private let send: @Sendable (WorldMessage) -> Void
  private let end: Int
  private let state = Mutex(State())

  init(_ opened: OpenedRun, end: Int, send: @escaping @Sendable (WorldMessage) -> Void) {
    self.opened = opened
    self.end = end
    self.send = send
  }

  func follow(_ subscription: LogSubscription) {
    state.withLock { state in
      state.subscription = subscription
      state.tracks = [:]
    }
    switch subscription {
    case .attempts(let attempts): for attempt in attempts { begin(attempt) }
    case .processes(_, let backlog): for attempt in backlog { begin(attempt) }
    }
  }

  /// Follows the output of jobs that start, if their process is followed.
  func follow(_ events: some Sequence<RunEvent>) {
    let subscription = state.withLock { $0.subscription }
    guard case .processes(let processes, _) = subscription else { return }
    for event in events {
      guard case .jobStarted(let attempt, _, _) = event.change,
        processes?.contains(attempt.firing.process) ?? true
      else { continue }
      begin(attempt)
    }
  }

  func move(to position: Int) {
    state.withLock { state in
      state.position = position
      for attempt in state.tracks.keys { deliver(attempt, &state) }
    }
  }

  /// Starts again, because the screen has discarded its output.
  func rewind() { state.withLock { $0.tracks = [:] } }

  private func begin(_ attempt: AttemptID) {
    state.withLock { $0.tracks[attempt] = $0.tracks[attempt] ?? Track() }
    Task { await self.read(attempt) }
  }

  private func read(_ attempt: AttemptID) async {
    let chunks: [LogChunk]
    do throws(RunnerError) {
      chunks = try await opened.runWatcher.chunks(of: opened.details.jobID(attempt))
    } catch {
      return send(.notice("cannot read the log: \(error)"))
    }
    state.withLock { state in
      guard state.tracks[attempt] != nil else { return }
      state.tracks[attempt] = Track(chunks: chunks)
      deliver(attempt, &state)
    }
  }

  /// At the end of the replay, everything is sent: the clocks of executors may be ahead.
  private func deliver(_ attempt: AttemptID, _ state: inout State) {
    guard var track = state.tracks[attempt] else { return }
    let position = state.position >= end ? Int.max : state.position
    let due = track.chunks[track.sent...].prefix { $0.time <= position }
    guard !due.isEmpty else { return }
    let isTruncated = track.sent == 0 && (due.first?.sequence ?? 1) > 1
    track.sent += due.count
    state.tracks[attempt] = track
    send(.log(LogUpdate(attempt: attempt, chunks: Array(due), isTruncated: isTruncated)))
  }
}
