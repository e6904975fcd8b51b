import Engine
import JobProtocol
import Redis
import Workflow

/// Tracks which output is wanted, how far it has been read, and which attempts have more.
///
/// | what arrives | then these are due |
/// |---|---|
/// | a confirmed subscription, the first or another one | all that are wanted and not complete |
/// | a message on an attempt's channel | that attempt, if its entry was not read yet |
/// | a full portion | that attempt again |
struct LogRouter {
  private struct Source {
    var last: StreamID?
    var isComplete = false
  }

  private(set) var subscription = LogSubscription.attempts([])
  private var sources: [AttemptID: Source] = [:]
  private var due: [(attempt: AttemptID, start: LogStreams.Start)] = []

  /// Changes to a subscription. Attempts that are still wanted continue; the others are forgotten.
  mutating func change(to subscription: LogSubscription) {
    switch (self.subscription, subscription) {
    case (.attempts, .attempts(let attempts)):
      sources = sources.filter { attempts.contains($0.key) }
    default: sources = [:]
    }
    due = []
    self.subscription = subscription
  }

  func wants(_ attempt: AttemptID) -> Bool {
    switch subscription {
    case .attempts(let attempts): attempts.contains(attempt)
    case .processes(let processes, _): processes?.contains(attempt.firing.process) ?? true
    }
  }

  /// Whether attempts are wanted, and all of their output has come.
  var isComplete: Bool {
    guard case .attempts(let attempts) = subscription else { return false }
    return !attempts.isEmpty && attempts.allSatisfy { sources[$0]?.isComplete ?? false }
  }

  // MARK: What is due

  /// Messages may have been missed.
  mutating func wakeAll() {
    switch subscription {
    case .attempts(let attempts):
      for attempt in attempts { wake(attempt, elseFrom: .beginning) }
    case .processes(_, let backlog):
      let others = sources.keys.filter { !backlog.contains($0) }
        .sorted { ($0.firing, $0.number) < ($1.firing, $1.number) }
      for attempt in backlog + others { wake(attempt, elseFrom: .newest) }
    }
  }

  /// A message of an attempt's channel: the id of its latest entry, or anything else from an
  /// executor of an earlier version.
  mutating func wake(_ attempt: AttemptID, by message: [UInt8]) {
    guard wants(attempt) else { return }
    let isShort = message.count <= Self.longestID
    let id = isShort ? StreamID(parsing: String(decoding: message, as: UTF8.self)) : nil
    if let id, let last = sources[attempt]?.last, id <= last { return }
    switch subscription {
    case .attempts: wake(attempt, elseFrom: .beginning)
    case .processes:
      // Chunks that were written together have one time and one message.
      let first = id.map { StreamID(milliseconds: $0.milliseconds, number: 0) }
      wake(attempt, elseFrom: first.map { .from($0) } ?? .newest)
    }
  }

  private static let longestID = 41

  private mutating func wake(_ attempt: AttemptID, elseFrom start: LogStreams.Start) {
    let source = sources[attempt]
    guard source?.isComplete != true, !due.contains(where: { $0.attempt == attempt }) else {
      return
    }
    due.append((attempt, source?.last.map { .after($0) } ?? start))
  }

  mutating func takeDue() -> [(attempt: AttemptID, start: LogStreams.Start)] {
    defer { due = [] }
    return due
  }

  // MARK: What was read

  /// `nil` if there is nothing new.
  mutating func receive(_ portion: LogStreams.Portion, of attempt: AttemptID) -> LogUpdate? {
    guard let last = portion.last else { return nil }
    let isFirst = sources[attempt]?.last == nil
    sources[attempt, default: Source()].last = last
    if portion.chunks.contains(where: { $0.stream == .end }) {
      sources[attempt]?.isComplete = true
    }
    if portion.isFull { wake(attempt, elseFrom: .after(last)) }
    guard let first = portion.chunks.first else { return nil }
    var isTruncated = isFirst && first.sequence > 1
    if case .processes = subscription { isTruncated = false }
    return LogUpdate(attempt: attempt, chunks: portion.chunks, isTruncated: isTruncated)
  }
}
