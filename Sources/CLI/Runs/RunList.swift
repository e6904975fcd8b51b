import Engine
import HumanText
import JSONValue
import JobProtocol
import Posix
import Report
import Runner
import Runs
import Workflow

/// Runs and their conditions, as `list` shows them.
struct RunList {
  struct Entry {
    let found: FoundRun
    let condition: RunCondition
    /// The shortest unambiguous prefix of the id.
    let shortID: String
  }

  let entries: [Entry]
  let damaged: [DamagedRun]
  /// Runs whose files are on other hosts.
  let elsewhere: [RunIndex.Entry]

  var isEmpty: Bool { entries.isEmpty && damaged.isEmpty && elsewhere.isEmpty }

  init(
    _ runs: [FoundRun], damaged: [DamagedRun] = [], elsewhere: [RunIndex.Entry] = []
  ) {
    let ids = (runs.map(\.run) + elsewhere.map(\.run)).map(\.text)
    self.damaged = damaged
    self.elsewhere = elsewhere
    entries = runs.map { run in
      Entry(
        found: run, condition: RunCondition(of: run),
        shortID: Self.shortest(run.run.text, among: ids))
    }
  }

  /// The first four characters, or more if another id begins with them.
  static func shortest(_ id: String, among all: [String]) -> String {
    let others = all.filter { $0 != id }
    let length = (4..<max(5, id.count)).first { length in
      !others.contains { $0.hasPrefix(id.prefix(length)) }
    }
    return String(id.prefix(length ?? id.count))
  }

  // MARK: Text

  /// Aligned columns. A workflow in `directory` is shown as `.`; without one, the runs are of all
  /// directories and their hosts are shown.
  func lines(now: Int, directory: String?) -> [String] {
    let heads = [
      "run", "state", "tasks", "started", "name", directory == nil ? "host" : "engine", "workflow",
    ]
    let ids = (entries.map(\.found.run) + elsewhere.map(\.run)).map(\.text)
    var rows = [heads] + entries.map { $0.cells(now: now, directory: directory) }
    rows += elsewhere.map { entry in
      let place = RunDirectory(path: entry.directory).workflowDirectory ?? entry.directory
      return [
        Self.shortest(entry.run.text, among: ids), "? elsewhere", "–",
        "\(Formats.age(milliseconds: now - entry.startedAt)) ago", entry.name.displayName,
        entry.host.displayName, place.displayName,
      ]
    }
    rows += damaged.map(Self.cells)
    let widths = heads.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { text, width in
        text + String(repeating: " ", count: width - text.count)
      }
      return cells.joined(separator: "  ").trimmedEnd
    }
  }

  private static func cells(_ damaged: DamagedRun) -> [String] {
    [damaged.run.text, "‽ \(damaged.word)", "–", "–", "(\(damaged.problem))", "–", "–"]
  }

  /// Problems that need the user, one line each.
  var warnings: [String] {
    let left = entries.filter(\.condition.hasOrphanedRedis).map { entry in
      "run \(entry.shortID) is closed but its Redis still runs; to stop it: "
        + "hflow-tui close \(entry.shortID)"
    }
    return left + damaged.map(\.sentence)
  }

  // MARK: JSON

  var json: JSON {
    .array(entries.map(\.json) + elsewhere.map(Self.json) + damaged.map(Self.json))
  }

  private static func json(_ entry: RunIndex.Entry) -> JSON {
    [
      "run": .string(entry.run.text), "short": .string(entry.run.text),
      "name": .string(entry.name), "state": "elsewhere", "startedAt": .int(entry.startedAt),
      "host": .string(entry.host), "directory": .string(entry.directory),
    ]
  }

  private static func json(_ damaged: DamagedRun) -> JSON {
    [
      "run": .string(damaged.run.text), "short": .string(damaged.run.text),
      "state": .string(damaged.word),
      "problem": .string(damaged.problem), "directory": .string(damaged.directory.path),
    ]
  }
}

extension RunList.Entry {
  fileprivate func cells(now: Int, directory: String?) -> [String] {
    let place = Files.parent(of: found.description.workflowPath)
    let engine =
      directory == nil
      ? host ?? "–"
      : condition.engine.map { "\($0.host):\($0.pid)" }
        ?? (condition.hasOrphanedRedis ? "orphaned Redis" : "–")
    return [
      shortID, "\(condition.glyph) \(condition.word)", progress(now),
      "\(Formats.age(milliseconds: now - condition.startedAt)) ago",
      found.description.name.displayName, engine.displayName,
      place == directory ? "." : place.displayName,
    ]
  }

  /// Where its engine runs, or ran last.
  var host: String? { condition.engine?.host ?? found.description.host }

  private func progress(_ now: Int) -> String {
    guard let counts = condition.counts else { return "–" }
    let troubles = counts.statesNeedingAttention.map { " \($0.glyph)\(counts[$0])" }.joined()
    let asOf = condition.countsAsOf.map { time in
      " (\(Formats.age(milliseconds: now - time)) ago)"
    }
    return "\(counts.done)/\(counts.total)" + troubles + (asOf ?? "")
  }

  fileprivate var json: JSON {
    var members = JSONObject()
    members["run"] = .string(found.run.text)
    members["short"] = .string(shortID)
    members["name"] = .string(found.description.name)
    members["state"] = .string("\(condition.phase)")
    members["status"] = .string(condition.status.rawValue)
    members["tasks"] = condition.counts.map { counts in
      .object(JSONObject(TaskState.allCases.map { ("\($0)", .int(counts[$0])) }))
    }
    members["tasksAsOf"] = condition.countsAsOf.map(JSON.int)
    members["startedAt"] = .int(condition.startedAt)
    members["settledAt"] = condition.settledAt.map(JSON.int)
    members["host"] = host.map(JSON.string)
    members["engine"] = condition.engine.map { ["host": .string($0.host), "pid": .int($0.pid)] }
    members["workflow"] = .string(found.description.workflowPath)
    members["directory"] = found.directory.map { .string($0.path) }
    members["redis"] = found.isReachable ? .string("\(found.url)") : nil
    return .object(members)
  }
}

extension RunCondition {
  fileprivate var glyph: String {
    switch phase {
    case .interrupted: "‽"
    case .paused: "‖"
    case .running: "▶"
    default: status.glyph
    }
  }
}

extension String {
  /// Without spaces at the end.
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
