import Engine
import JobProtocol

/// The run in Prometheus's text format, version 0.0.4. All series have the labels `run` and
/// `workflow`. Rates follow from the counters: throughput is `rate(hflow_attempts_total[5m])`.
extension RunReport {
  public var metrics: String {
    var text = MetricsText(run: summary.run, workflow: summary.name)
    addRun(to: &text)
    addTasks(to: &text)
    addAttempts(to: &text)
    addWorkers(to: &text)
    return text.text
  }

  private func addRun(to text: inout MetricsText) {
    let status = summary.isInterrupted ? "interrupted" : summary.status.rawValue
    text.begin("hflow_run_info", .gauge, "The run, its status and invoker; always 1")
    text.add(1, [("status", status), ("invoker", summary.invoker)])
    text.begin("hflow_run_finished", .gauge, "1 if the engine has closed the run, else 0")
    text.add(summary.isFinished ? 1 : 0)
    text.begin("hflow_run_elapsed_seconds", .gauge, "Time in which the run was not settled")
    text.add(seconds: summary.elapsedMilliseconds)
    if let startedAt = summary.startedAt {
      text.begin("hflow_run_start_time_seconds", .gauge, "When the run started, since 1970")
      text.add(seconds: startedAt)
    }
  }

  private func addTasks(to text: inout MetricsText) {
    text.begin("hflow_tasks", .gauge, "Tasks by state; queued ones wait for a slot")
    for state in TaskState.allCases { text.add(summary.counts[state], [("state", "\(state)")]) }
    text.begin("hflow_stage_tasks", .gauge, "Tasks by stage and state, without states of 0 tasks")
    // Stages of one name are at several levels, and a series may appear only once.
    for (name, counts) in stagesByName {
      for state in TaskState.allCases where (counts[state] ?? 0) > 0 {
        text.add(counts[state] ?? 0, [("stage", name), ("state", "\(state)")])
      }
    }
  }

  private func addAttempts(to text: inout MetricsText) {
    var ends: [String: Int] = [:]
    var durations: [String: DurationHistogram] = [:]
    for task in tasks {
      let stage = stages.indices.contains(task.stage) ? stages[task.stage].name : ""
      for attempt in task.attempts {
        guard attempt.outcome != nil else { continue }
        ends[attempt.cause?.word ?? "", default: 0] += 1
        if let run = attempt.times[.run] { durations[stage, default: .init()].add(run) }
      }
    }
    text.begin("hflow_attempts_total", .counter, "Ended attempts by outcome and cause")
    text.add(ends[""] ?? 0, [("outcome", "succeeded"), ("cause", "")])
    for (cause, count) in ends.sorted(by: { $0.key < $1.key }) where !cause.isEmpty {
      text.add(count, [("outcome", "failed"), ("cause", cause)])
    }
    text.begin("hflow_retries_total", .counter, "Attempts after the first one of their task")
    text.add(tasks.reduce(0) { $0 + $1.retryCount })
    text.begin("hflow_phase_seconds_total", .counter, "Time of all attempts by phase")
    for phase in AttemptTimes.Phase.allCases {
      text.add(seconds: summary.phases[phase], [("phase", phase.word)])
    }
    text.begin("hflow_cpu_seconds_total", .counter, "User and system time of ended attempts")
    text.add(seconds: summary.cpuMilliseconds)
    text.begin("hflow_read_bytes_total", .counter, "Bytes that ended attempts read from storage")
    text.add(summary.bytesRead)
    text.begin("hflow_written_bytes_total", .counter, "Bytes that ended attempts wrote to storage")
    text.add(summary.bytesWritten)
    text.begin("hflow_job_duration_seconds", .histogram, "Run times of ended attempts by stage")
    for (stage, histogram) in durations.sorted(by: { $0.key < $1.key }) {
      text.add(histogram, [("stage", stage)])
    }
  }

  private func addWorkers(to text: inout MetricsText) {
    let workers = summary.workers.filter { !$0.isGone }
    text.begin("hflow_workers", .gauge, "Workers that are registered")
    text.add(workers.count)
    text.begin("hflow_slots", .gauge, "Slots by worker")
    for worker in workers {
      text.add(worker.slots, [("worker", worker.name), ("host", worker.host)])
    }
    text.begin("hflow_slots_busy", .gauge, "Slots with a job by worker")
    for worker in workers {
      text.add(worker.busy, [("worker", worker.name), ("host", worker.host)])
    }
  }

  private var stagesByName: [(name: String, counts: [TaskState: Int])] {
    var order: [String] = []
    var counts: [String: [TaskState: Int]] = [:]
    for stage in stages {
      if counts[stage.name] == nil { order.append(stage.name) }
      for state in TaskState.allCases {
        counts[stage.name, default: [:]][state, default: 0] += stage.counts[state]
      }
    }
    return order.map { ($0, counts[$0] ?? [:]) }
  }
}

/// How many durations are at most each limit.
private struct DurationHistogram {
  /// In milliseconds.
  static let limits = [
    100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
    21_600_000, 86_400_000,
  ]

  private(set) var counts = [Int](repeating: 0, count: DurationHistogram.limits.count)
  private(set) var count = 0
  private(set) var sum = 0

  mutating func add(_ milliseconds: Int) {
    count += 1
    sum += milliseconds
    for (place, limit) in Self.limits.enumerated() where milliseconds <= limit {
      counts[place] += 1
    }
  }
}

private struct MetricsText {
  enum Kind: String { case gauge, counter, histogram }

  private(set) var text = ""
  private var name = ""
  private let common: [(String, String)]

  init(run: String, workflow: String) { common = [("run", run), ("workflow", workflow)] }

  mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func add(_ value: Int, _ labels: [(String, String)] = []) {
    line(name, labels, "\(value)")
  }

  mutating func add(seconds milliseconds: Int, _ labels: [(String, String)] = []) {
    line(name, labels, Self.seconds(milliseconds))
  }

  mutating func add(_ histogram: DurationHistogram, _ labels: [(String, String)]) {
    for (limit, count) in zip(DurationHistogram.limits, histogram.counts) {
      line("\(name)_bucket", labels + [("le", Self.seconds(limit))], "\(count)")
    }
    line("\(name)_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
    line("\(name)_sum", labels, Self.seconds(histogram.sum))
    line("\(name)_count", labels, "\(histogram.count)")
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
    let all = (common + labels).map { "\($0)=\"\(Self.escaped($1))\"" }
    text += "\(name){\(all.joined(separator: ","))} \(value)\n"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func seconds(_ milliseconds: Int) -> String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
  }
}
