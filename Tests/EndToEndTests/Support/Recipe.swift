import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Infrastructure that scripts/recipes starts on this machine, and a workflow that runs on it.
final class Recipe: Sendable {
  /// The directory of everything; other users must be able to enter it.
  let path: String
  private let down: String
  /// What the program needs to find the infrastructure.
  let environment: [String: String]

  /// Why hosts and clusters cannot be started here; `nil` if they can.
  static func obstacle(programs: [String]) -> String? {
    guard geteuid() == 0 else { return "needs root" }
    let missing = programs.filter { !Files.exists($0) && Files.findExecutable($0) == nil }
    return missing.isEmpty ? nil : "not installed: \(missing.joined(separator: ", ")); make setup"
  }

  /// Longer tests run with `make test-sites`.
  static let runsLongTests = Environment["HFLOW_SITES"] == "all"

  /// Hosts h1, h2, … with a network, processes and an sshd of their own.
  static func hosts(_ count: Int) throws -> Recipe {
    let search = Environment["PATH"] ?? "/usr/bin:/bin"
    return try Recipe("hosts", ["\(count)"]) { ["PATH": "\($0)/bin:\(search)"] }
  }

  /// A Slurm cluster. `sbatch`, `squeue` and `scancel` are counted.
  static func slurm(nodes: Int, processors: Int) throws -> Recipe {
    let search = Environment["PATH"] ?? "/usr/bin:/bin"
    let recipe = try Recipe("slurm", ["\(nodes)", "\(processors)"]) {
      ["SLURM_CONF": "\($0)/slurm.conf", "PATH": "\($0)/shared/bin:\(search)"]
    }
    try recipe.countTools()
    return recipe
  }

  /// Hosts as of `hosts`, each a node of a Slurm cluster.
  static func slurmHosts(_ count: Int) throws -> Recipe {
    let search = Environment["PATH"] ?? "/usr/bin:/bin"
    let recipe = try Recipe("slurm-hosts", ["\(count)"]) {
      ["SLURM_CONF": "\($0)/shared/slurm.conf", "PATH": "\($0)/shared/bin:\(search)"]
    }
    try recipe.countTools()
    return recipe
  }

  private func countTools() throws {
    for tool in ["sbatch", "squeue", "scancel"] { try shim(tool, "") }
  }

  /// Puts a script before one of Slurm's tools. `$n` is the number of the call.
  func shim(_ tool: String, _ script: String) throws {
    let text = """
      #!/bin/sh
      echo x >> \(path)/calls.\(tool)
      n=$(wc -l < \(path)/calls.\(tool))
      \(script)
      exec /usr/bin/\(tool) "$@"

      """
    try Files.write(Array(text.utf8), to: "\(path)/shared/bin/\(tool)", mode: 0o755)
  }

  private init(
    _ name: String, _ arguments: [String], environment: (String) -> [String: String]
  ) throws {
    path = try Files.makeTemporaryDirectory(prefix: "hflow-\(name)-", in: "/tmp")
    down = Self.script("\(name)-down")
    self.environment = environment(path)
    chmod(path, 0o755)
    try Self.start(Self.script("\(name)-up"), [path] + arguments)
    for folder in ["shared", "shared/bin", "shared/w", "shared/w/marks"] {
      try Files.makeDirectory(Files.join(path, folder))
    }
    for program in [Program.hflow, Program.executor] {
      try Self.start("cp", [program, Files.join(path, "shared/bin")])
    }
  }

  deinit {
    for pid in processes { kill(pid, SIGKILL) }
    try? Self.start(down, [path])
    Files.removeTree(path)
  }

  private static func script(_ name: String) -> String {
    Files.join(Program.repository, "scripts/recipes/\(name)")
  }

  private static func start(_ program: String, _ arguments: [String]) throws {
    var request = SpawnRequest(program, arguments)
    let directory = try Files.makeTemporaryDirectory(prefix: "hflow-recipe-", in: "/tmp")
    defer { Files.removeTree(directory) }
    let log = Files.join(directory, "log")
    let output = Descriptor(owning: try Files.openForAppending(log))
    request.standardOutput = .descriptor(output.number)
    request.standardError = .descriptor(output.number)
    let status = try Child.spawn(request).wait()?.status
    let words = String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self)
    try #require(status == .exited(0), "\(program): \(words)")
  }

  var program: String { Files.join(path, "shared/bin/hflow-tui") }
  var workflow: String { Files.join(path, "shared/w") }

  /// A number of jobs. Each leaves a mark, then prints lines with pauses between them.
  func write(jobs count: Int, lines: Int, pause: String, process: String = "") throws {
    let script =
      "uname -n >> marks/$0; for k in $(seq \(lines)); do echo line $k; sleep \(pause); done"
    let jobs = (1...count).map { number in
      """
      {"name": "job\(number)", "function": "command", "firingLimit": 1, "ins": ["go"],
       "outs": ["d\(number)"], "config": {"executor": {"executable": "sh",
       "args": ["-c", "\(script)", "\(number)"]}\(process)}}
      """
    }
    let signals = (1...count).map { #"{"name": "d\#($0)"}"# }
    let text = """
      {"name": "sites", "processes": [\(jobs.joined(separator: ", "))],
       "signals": [{"name": "go", "data": [{}]}, \(signals.joined(separator: ", "))],
       "ins": [], "outs": []}
      """
    try Files.write(Array(text.utf8), to: Files.join(workflow, "workflow.json"))
  }

  func run(
    _ arguments: [String], in directory: String? = nil,
    whileRunning: (@Sendable (Child) -> Void)? = nil
  ) async throws -> Program.Result {
    var environment: [String: String?] = environment
    environment["TMPDIR"] = path
    return try await Program.run(
      arguments, of: program, environment: environment, directory: directory ?? workflow,
      whileRunning: whileRunning)
  }

  /// The hosts on which each job has begun, in order.
  func marks(_ number: Int) -> [String] {
    let file = Files.join(workflow, "marks/\(number)")
    let bytes = (try? Files.read(file)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func begun(_ count: Int) -> Int { (1...count).count { !marks($0).isEmpty } }

  /// Processes of this machine that name something below `path`, besides the recipe's own.
  var processes: [Int32] {
    ProcessTable.commandLines.filter { _, words in
      words.contains { $0.contains(path) }
        && words.contains {
          $0.hasSuffix("hflow-tui") || $0.hasSuffix("hflow-job-execute")
            || $0.contains("ControlPath=") || $0.contains("redis.sock")
        }
    }.map { Int32($0.key) }
  }

  /// The sockets and other files that runs have left in the temporary directory.
  var leftFiles: [String] { Files.list(path).filter { $0.hasPrefix("hflow-") } }
}

/// The output of a program that runs beside another one, on the thread of the caller.
func awaitOutput(
  of recipe: Recipe, _ arguments: [String], program: String? = nil
) throws -> String {
  let file = Files.join(recipe.path, "beside.out")
  Files.remove(file)
  var request = SpawnRequest(program ?? recipe.program, arguments)
  request.directory = recipe.workflow
  var environment: [String: String?] = recipe.environment
  environment["TMPDIR"] = recipe.path
  request.environment = Program.cleanEnvironment(environment)
  let output = Descriptor(owning: try Files.openForAppending(file))
  request.standardOutput = .descriptor(output.number)
  request.standardError = .null
  _ = try Child.spawn(request).wait()
  return String(decoding: try Files.read(file), as: UTF8.self)
}
