public import Engine

/// Milliseconds by phase, summed over attempts.
public struct PhaseSums: Sendable, Equatable {
  private var values = [Int](repeating: 0, count: AttemptTimes.Phase.allCases.count)

  public init() {}

  public subscript(phase: AttemptTimes.Phase) -> Int {
    get { values[phase.rawValue] }
    set { values[phase.rawValue] = newValue }
  }

  public var total: Int { values.reduce(0, +) }

  mutating func add(_ times: AttemptTimes) {
    for phase in AttemptTimes.Phase.allCases { self[phase] += times[phase] ?? 0 }
  }
}

extension AttemptTimes.Phase {
  /// The name in headings, JSON keys and columns.
  var word: String {
    switch self {
    case .wait: "wait"
    case .queue: "queue"
    case .dispatch: "dispatch"
    case .run: "run"
    case .notify: "notify"
    }
  }

  /// An explanation for readers.
  var meaning: String {
    switch self {
    case .wait: "made, but kept back: by a limit, a hold or a pause"
    case .queue: "handed over; every slot was taken"
    case .dispatch: "an executor has it and prepares the start"
    case .run: "the application runs"
    case .notify: "ended; the engine has not heard of it yet"
    }
  }
}
