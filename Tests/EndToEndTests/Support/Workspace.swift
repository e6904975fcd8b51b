import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// A temporary directory with a workflow in it, removed with this value.
final class Workspace: Sendable {
  let path: String

  init(_ workflow: String? = nil) throws {
    path = try Files.makeTemporaryDirectory(prefix: "hflow-e2e-")
    if let workflow { try write(workflow, to: "workflow.json") }
  }

  /// A number of jobs. Each appends a line to its own file, then runs `more`.
  convenience init(marks count: Int, _ more: String) throws {
    let jobs = (1...count).map { number in
      Samples.job("job", "echo begun >> marks/\(number)\(more)", ins: #""go""#, outs: "")
    }
    try self.init(Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}"#))
    try Files.makeDirectory(Files.join(path, "marks"))
  }

  /// Nothing that was started here is left: neither processes nor sockets of runs that were not
  /// resumed.
  deinit {
    killAll()
    let runs = Files.join(path, ".hflow/runs")
    for run in Files.list(runs) {
      let bytes = (try? Files.read(Files.join(runs, "\(run)/run.json"))) ?? []
      guard let text = (try? JSON(parsing: bytes))?["redis"]?.string,
        let url = try? RedisURL(parsing: text), case .unix(let socket) = url.endpoint,
        Files.name(of: Files.parent(of: socket)).hasPrefix("hflow-")
      else { continue }
      Files.removeTree(Files.parent(of: socket))
    }
    Files.removeTree(path)
  }

  /// Repeats: an engine may restart its Redis before the engine itself is killed.
  func killAll() {
    _ = eventually("nothing runs in \(path)") {
      let left = processes()
      for pid in left { kill(pid, SIGKILL) }
      return left.isEmpty
    }
  }

  func write(_ text: String, to name: String, isExecutable: Bool = false) throws {
    let file = Files.join(path, name)
    try Files.write(Array(text.utf8), to: file, mode: isExecutable ? 0o755 : 0o644)
  }

  /// The text of a file; empty if the file does not exist.
  func text(_ name: String) -> String {
    let bytes = (try? Files.read(Files.join(path, name))) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Pids of the programs, servers and jobs that work in this directory.
  func processes() -> [Int32] {
    let root = Files.realPath(path) ?? path
    return Files.list("/proc").compactMap { Int32($0) }.filter { pid in
      let name = String(decoding: (try? Files.read("/proc/\(pid)/comm")) ?? [], as: UTF8.self)
      guard !["bash\n", "tmux: server\n"].contains(name) else { return false }
      return Files.realPath("/proc/\(pid)/cwd")?.hasPrefix(root) ?? false
    }
  }
}

/// The workspace's only run.
extension Workspace {
  /// The run in `list --json`.
  func listedRun() async throws -> JSON {
    let list = try await Program.run(["list", "--json"], directory: path)
    return try #require(try JSON(parsing: list.output).array?.first)
  }

  /// Waits until `list --json` shows a condition.
  func wait(for what: String, _ isTrue: (JSON) -> Bool) async throws {
    let deadline = Clock.monotonicMilliseconds + Program.waitMilliseconds
    while Clock.monotonicMilliseconds < deadline {
      if isTrue(try await listedRun()) { return }
    }
    Issue.record("never happened: \(what)")
  }

  /// The run's directory, and what is known about it.
  private func described() throws -> (name: String, description: JSON) {
    let runs = Files.join(path, ".hflow/runs")
    let name = try #require(Files.list(runs).first)
    return (name, try JSON(parsing: Files.read("\(runs)/\(name)/run.json")))
  }

  /// The run's own Redis.
  func privateRedis() throws -> (run: RunID, url: RedisURL) {
    let (name, description) = try described()
    let url = try RedisURL(parsing: try #require(description["redis"]?.string))
    return (try #require(RunID(name)), url)
  }

  func killEngine() throws {
    kill(Int32(try #require(try described().description["enginePid"]?.int)), SIGKILL)
  }

  /// The text of a file in the run's directory; empty if there is none.
  func runFile(_ name: String) -> String {
    guard let run = Files.list(Files.join(path, ".hflow/runs")).first else { return "" }
    return text(".hflow/runs/\(run)/\(name)")
  }
}

/// Workflows in a few characters.
enum Samples {
  static func job(
    _ name: String, _ script: String, ins: String, outs: String, _ executor: String = ""
  ) -> String {
    let quoted = script.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let more = executor.isEmpty ? "" : ", \(executor)"
    return """
      {"name": "\(name)", "function": "command", "firingLimit": 1, "ins": [\(ins)], \
      "outs": [\(outs)], "config": {"executor": {"executable": "sh", \
      "args": ["-c", "\(quoted)"]\(more)}}}
      """
  }

  static func workflow(_ processes: [String], signals: String, name: String = "sample") -> String {
    """
    {"name": "\(name)", "processes": [\(processes.joined(separator: ", "))], \
    "signals": [\(signals)], "ins": [], "outs": []}
    """
  }

  /// a → b → c; each runs a script.
  static func chain(_ a: String, _ b: String, _ c: String) -> String {
    workflow(
      [
        job("a", a, ins: #""s""#, outs: #""x""#), job("b", b, ins: #""x""#, outs: #""y""#),
        job("c", c, ins: #""y""#, outs: ""),
      ], signals: #"{"name": "s", "data": [{}]}, {"name": "x"}, {"name": "y"}"#)
  }
}
