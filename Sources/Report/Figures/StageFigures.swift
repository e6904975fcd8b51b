public import Engine
import JobProtocol
import Workflow

/// Figures of one stage.
public struct StageFigures: Sendable {
  public let name: String
  public let counts: TaskCounts
  /// Run times of the ended attempts; `nil` without any.
  public let run: Distribution?
  public let cpuMilliseconds: Int
  public let maxResidentKilobytes: Int
  public let retryCount: Int

  static func all(of run: RunState, tasks: [TaskFigures]) -> [StageFigures] {
    var byStage = [[TaskFigures]](repeating: [], count: run.graph.stages.count)
    for task in tasks { byStage[task.stage].append(task) }
    return run.graph.stages.map { stage in
      StageFigures(stage.name, run.stages[stage.index].counts, byStage[stage.index])
    }
  }

  private init(_ name: String, _ counts: TaskCounts, _ tasks: [TaskFigures]) {
    let attempts = tasks.flatMap(\.attempts)
    self.name = name
    self.counts = counts
    run = Distribution(attempts.compactMap { $0.times[.run] })
    cpuMilliseconds = attempts.reduce(0) { $0 + $1.cpuMilliseconds }
    maxResidentKilobytes = attempts.map(\.usage.maxResidentKilobytes).max() ?? 0
    retryCount = tasks.reduce(0) { $0 + $1.retryCount }
  }
}

/// The distribution of durations, in milliseconds.
public struct Distribution: Sendable, Equatable {
  public let count: Int
  public let sum: Int
  public let minimum: Int
  public let median: Int
  /// The 95th percentile.
  public let p95: Int
  public let maximum: Int

  /// `nil` for no values.
  init?(_ values: [Int]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func at(_ share: Double) -> Int {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
    count = sorted.count
    sum = sorted.reduce(0, +)
    minimum = sorted[0]
    median = at(0.5)
    p95 = at(0.95)
    maximum = sorted[sorted.count - 1]
  }
}

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
    case .queue: "submitted; all slots were busy"
    case .dispatch: "an executor has it and prepares the start"
    case .run: "the application runs"
    case .notify: "ended; the engine does not know yet"
    }
  }
}
