import Glibc
import JSONValue
import Posix
import Redis

/// A run of many short jobs whose processes are killed at random moments from a seed, until it has
/// succeeded.
///
/// A moment is a number of started jobs, not a time. Each job appends a line to a file of its own
/// when it begins.
final class ChaosRun: Sendable {
  static let jobCount = 200

  enum Part: String, CaseIterable { case engine, worker, redis }

  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  private let place: Workspace
  private let seed: UInt64

  init(seed: UInt64) throws {
    self.seed = seed
    place = try Workspace(Self.workflow)
    try Files.makeDirectory(Files.join(place.path, "marks"))
  }

  /// No process is left, also of a failed test.
  deinit { for pid in place.processes() { Glibc.kill(pid, SIGKILL) } }

  private static var workflow: String {
    let job = #"echo begun >> marks/$1; sleep 0.0$(( $1 % 4 )); true"#
    let processes = (1...jobCount).map { number in
      """
      {"name": "job", "function": "command", "firingLimit": 1, "ins": ["go"],
       "outs": ["d\(number)"],
       "config": {"executor": {"executable": "sh", "args": ["-c", "\(job)", "job", "\(number)"]}}}
      """
    }
    let signals = (1...jobCount).map { #"{"name": "d\#($0)"}"# }
    return """
      {"name": "chaos", "processes": [\(processes.joined(separator: ", "))],
       "signals": [{"name": "go", "data": [{}]}, \(signals.joined(separator: ", "))],
       "ins": [], "outs": []}
      """
  }

  /// Runs, kills and resumes. Throws what went wrong.
  func run() throws {
    var random = Chance(seed: seed)
    var kills: [(moment: Int, parts: Set<Part>, reboots: Bool)] = []
    for _ in 0...random.below(4) {
      let reboots = random.below(6) == 0
      let chosen = Part.allCases.filter { _ in random.below(2) == 0 }
      let parts = reboots ? Set(Part.allCases) : Set(chosen.isEmpty ? [.engine] : chosen)
      kills.append((random.below(Self.jobCount), parts, reboots))
    }
    kills.sort { $0.moment < $1.moment }
    let workersDie = kills.contains { $0.parts.contains(.worker) || $0.reboots }
    let anew = ["run", place.path, "--headless", "--slots", "3"]
    var engine = try start(anew)
    for kill in kills {
      try wait(untilBegun: kill.moment, engine)
      try self.kill(kill.parts, engine, reboots: kill.reboots)
      if kill.parts.contains(.engine) {
        _ = engine.wait()
        // If the engine was killed before the run existed, there is nothing to resume.
        let resume = ["resume", "-C", place.path, "--headless"]
        engine = try start(description == nil ? anew : resume)
      }
    }
    let status = try end(of: engine)
    // The former engine may have been killed after it closed the run and before it printed that.
    let wasClosed = place.text("out").hasSuffix(
      "is closed (succeeded); to list all: hflow-tui list\n")
    guard status == .exited(0) || wasClosed else {
      throw Problem(description: "the run \(status); \(place.text("out").suffix(2000))")
    }
    try check(workersDied: workersDie)
  }

  // MARK: Running and killing

  private func start(_ arguments: [String]) throws -> Child {
    var request = SpawnRequest(Program.hflow, arguments)
    request.environment = Program.cleanEnvironment()
    let output = try Files.openForAppending(Files.join(place.path, "out"))
    defer { close(output) }
    request.standardOutput = .descriptor(output)
    request.standardError = .descriptor(output)
    return try Child.spawn(request)
  }

  private var begun: Int { Files.list(Files.join(place.path, "marks")).count }

  private func wait(untilBegun count: Int, _ engine: Child) throws {
    try until("\(count) jobs have begun", engine) { self.begun >= count }
  }

  /// An engine that has ended starts no more jobs, so the moment will not come.
  private func until(_ what: String, _ engine: Child, _ isTrue: () -> Bool) throws {
    let deadline = Clock.monotonicMilliseconds + Program.deadlineMilliseconds
    let end = try engine.endDescriptor()
    while !isTrue() {
      if Clock.monotonicMilliseconds > deadline {
        throw Problem(description: "never: \(what); \(place.text("out").suffix(2000))")
      }
      if Poll.wait(for: end.number, POLLIN, milliseconds: 2) { return }
    }
  }

  private func kill(_ parts: Set<Part>, _ engine: Child, reboots: Bool) throws {
    let chosen = parts.flatMap { $0 == .engine ? [Int(engine.pid)] : pids(of: $0) }
    for pid in chosen { Glibc.kill(pid_t(pid), SIGKILL) }
    guard reboots else { return }
    for pid in Part.allCases.flatMap(pids) { Glibc.kill(pid_t(pid), SIGKILL) }
    if let socket = description?["redis"]?.string?.split(separator: "//").last {
      Files.removeTree(Files.parent(of: "/" + socket.drop { $0 == "/" }))
    }
  }

  private var runDirectory: String? {
    let runs = Files.join(place.path, ".hflow/runs")
    return Files.list(runs).map { Files.join(runs, $0) }
      .first { Files.exists(Files.join($0, "run.json")) }
  }

  private var description: JSON? {
    guard let runDirectory, let bytes = try? Files.read(Files.join(runDirectory, "run.json"))
    else { return nil }
    return try? JSON(parsing: bytes)
  }

  private func pids(of part: Part) -> [Int] {
    guard let run = description?["run"]?.string, let redis = description?["redis"]?.string else {
      return []
    }
    return ProcessTable.commandLines.filter { _, words in
      switch part {
      case .engine: false
      case .worker: words.contains("--worker") && words.contains(run)
      case .redis:
        words.contains { word in
          word.hasPrefix("unixsocket:") && redis.hasSuffix(String(word.dropFirst(11)))
        } || words.joined(separator: " ").contains(redis.dropFirst("unix://".count))
      }
    }.map(\.key)
  }

  private func end(of engine: Child) throws -> Posix.ExitStatus {
    let end = try engine.endDescriptor()
    if !Poll.wait(for: end.number, POLLIN, milliseconds: 3 * Program.deadlineMilliseconds) {
      engine.send(SIGKILL)
      _ = engine.wait()
      throw Problem(
        description: "it hangs at \(begun) jobs: \(place.text("out").suffix(2000))")
    }
    return engine.wait()?.status ?? .unknown
  }

  // MARK: Looking at what came of it

  /// Every task succeeded. Each file has a line for each started attempt, and more than one only if
  /// the executors of the earlier attempts were killed.
  private func check(workersDied: Bool) throws {
    let attempts = try attemptsInJournal()
    for number in 1...Self.jobCount {
      let lines = place.text("marks/\(number)").split(separator: "\n").count
      let known = attempts[number] ?? []
      guard known.last == "succeeded", known.dropLast().allSatisfy({ $0 == "lost" }) else {
        throw Problem(description: "job \(number): its attempts ended \(known)")
      }
      guard lines >= 1, lines <= known.count, workersDied || lines == 1 else {
        throw Problem(
          description: "job \(number) began \(lines) times, its attempts ended \(known), "
            + "workers \(workersDied ? "died" : "lived")")
      }
    }
  }

  /// How the attempts of each job ended, in order; from the journal, in a Redis of our own.
  private func attemptsInJournal() throws -> [Int: [String]] {
    guard let runDirectory, let run = description?["run"]?.string else {
      throw Problem(description: "there is no run")
    }
    let sockets = try Files.makeTemporaryDirectory(prefix: "hflow-chaos-")
    defer { Files.removeTree(sockets) }
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: Files.join(runDirectory, "redis"), socketDirectory: sockets,
        logFile: Files.join(runDirectory, "redis.log")))
    defer { server.stop() }
    let reply = try RedisConnection(server.url).call(
      RedisCommand("XRANGE", "hf:\(run):events", "-", "+"))
    var attempts: [Int: [String]] = [:]
    for entry in RedisStreamReader.decodeRange(reply, stream: "") {
      for line in (entry["e"] ?? []).split(separator: 0x0A) {
        guard let event = try? JSON(parsing: Array(line)),
          event["event"]?.string == "jobFinished", let process = event["process"]?.int
        else { continue }
        attempts[process, default: []].append(
          event["cause"]?.string ?? event["outcome"]?.string ?? "?")
      }
    }
    return attempts
  }
}

/// Random numbers from the seed.
struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((bits ^ (bits >> 31)) % UInt64(max(1, limit)))
  }
}
