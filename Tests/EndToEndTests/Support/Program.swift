import Dispatch
import Glibc
import JSONValue
import Posix
import Testing

/// The built programs, run as a user runs them.
enum Program {
  static let deadlineMilliseconds = 180_000
  /// How long facts are waited for, in milliseconds: machines may be busy. Shorter while writing a
  /// test, with `HFLOW_TEST_PATIENCE`.
  static let waitMilliseconds = Environment["HFLOW_TEST_PATIENCE"].flatMap { Int($0) } ?? 120_000

  static var hflow: String { Files.join(products, "hflow-tui") }
  static var executor: String { Files.join(products, "hflow-job-execute") }

  struct Result: Sendable {
    let status: Posix.ExitStatus
    let output: String
    let errors: String

    var exitCode: Int { if case .exited(let code) = status { code } else { -1 } }
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    /// The lines of `--json`.
    var events: [JSON] {
      output.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
    }
  }

  /// Runs a program to its end on a thread of its own. A program that takes too long is killed, and
  /// the test fails.
  static func run(
    _ arguments: [String], of executable: String = hflow, environment: [String: String?] = [:],
    directory: String? = nil, whileRunning: (@Sendable (Child) -> Void)? = nil
  ) async throws -> Result {
    var request = SpawnRequest(executable, arguments)
    request.directory = directory
    request.environment = cleanEnvironment(environment)
    return try await onThread { [request] in try start(request, whileRunning) }
  }

  /// Ours without what would change the programs' ways.
  static func cleanEnvironment(_ changes: [String: String?] = [:]) -> [String: String] {
    var environment = Environment.all.filter {
      !$0.key.hasPrefix("HF_VAR_") && !$0.key.hasPrefix("HFLOW_") && $0.key != "REDIS_URL"
        && $0.key != "NO_COLOR"
    }
    environment["LC_ALL"] = "C.UTF-8"
    // Nobody's own configuration; not even root can make a file there.
    environment["XDG_CONFIG_HOME"] = "/dev/null/config"
    for (name, value) in changes { environment[name] = value }
    return environment
  }

  private static func start(
    _ request: SpawnRequest, _ whileRunning: (@Sendable (Child) -> Void)?
  ) throws -> Result {
    let output = try Pipe()
    let errors = try Pipe()
    var request = request
    request.standardOutput = .descriptor(output.writeEnd.number)
    request.standardError = .descriptor(errors.writeEnd.number)
    let child = try Child.spawn(request)
    let readers = [output.keepingReadEnd().release(), errors.keepingReadEnd().release()]
    defer { for reader in readers { close(reader) } }
    whileRunning?(child)
    let texts = try collect(readers, until: Clock.monotonicMilliseconds + deadlineMilliseconds)
    if texts == nil {
      child.sendToGroup(SIGKILL)
      Issue.record("\(request.executable) \(request.arguments) did not end in time")
    }
    let status = child.wait()?.status ?? Posix.ExitStatus.exited(-1)
    return Result(
      status: status, output: String(decoding: texts?[0] ?? [], as: UTF8.self),
      errors: String(decoding: texts?[1] ?? [], as: UTF8.self))
  }

  /// Both streams to their ends; `nil` when the deadline comes first.
  private static func collect(_ readers: [Int32], until deadline: Int) throws -> [[UInt8]]? {
    var texts: [[UInt8]] = [[], []]
    var isOpen = [true, true]
    while isOpen.contains(true) {
      var entries = readers.indices.filter { isOpen[$0] }
        .map { pollfd(fd: readers[$0], events: Int16(POLLIN), revents: 0) }
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0, Poll.wait(&entries, milliseconds: left) > 0 else { return nil }
      for entry in entries where entry.revents != 0 {
        let index = readers.firstIndex(of: entry.fd) ?? 0
        let part = try DescriptorIO.read(entry.fd) ?? []
        if part.isEmpty { isOpen[index] = false }
        texts[index] += part
      }
    }
    return texts
  }

  static let repository = Files.join(Files.parent(of: #filePath), "../../..")

  /// Where the build put the programs: beside the test bundle.
  private static let products: String = {
    let arguments = CommandLine.arguments
    let bundle = arguments.first { $0.hasSuffix(".xctest") }
    if let bundle, Files.exists(Files.join(Files.parent(of: bundle), "hflow-tui")) {
      return Files.parent(of: bundle)
    }
    return Files.join(repository, ".build/debug")
  }()
}

/// A thread for what blocks. It works within the test's own task, so what fails there counts as a
/// failure of that test.
private final class OwnThread: TaskExecutor {
  // A queue of its own: the shared ones have few threads.
  private let queue = DispatchQueue(label: "test")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Runs something that blocks without taking a thread away from the other tests.
func onThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  @concurrent func run() async throws -> Value { try body() }
  return try await withTaskExecutorPreference(OwnThread()) { try await run() }
}

/// Waits for a fact, looking again and again until a deadline.
func eventually(
  _ what: String, milliseconds: Int = Program.waitMilliseconds, _ isTrue: () throws -> Bool
) rethrows -> Bool {
  let deadline = Clock.monotonicMilliseconds + milliseconds
  while Clock.monotonicMilliseconds < deadline {
    if try isTrue() { return true }
    var nothing: [pollfd] = []
    _ = Poll.wait(&nothing, milliseconds: 20)
  }
  Issue.record("never happened: \(what)")
  return false
}
