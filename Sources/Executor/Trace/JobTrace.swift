import Glibc
import JSONValue
import JobProtocol
import Posix

/// Writes the trace of one job, as HyperFlow's executor does: the message, each attempt, the
/// resource use of its processes, and the sizes of its files.
final class JobTrace {
  private let logs: LogFiles
  private let message: JobMessage
  private let command: [String]
  private let settings: ExecutorSettings
  private let directory: String
  /// Processes that have been probed, and what they had used.
  private var known: [Int32: (usage: ProcessProbe.Usage, uptime: Int)] = [:]
  private var named: Set<Int32> = []
  private var found: [TraceLine.FoundFile] = []
  private var checks = 0
  private var hasAnnounced = false

  /// How many processes of a job are probed.
  private static let processLimit = 64

  init(_ message: JobMessage, plan: JobPlan, logs: LogFiles, settings: ExecutorSettings) {
    self.message = message
    self.logs = logs
    self.settings = settings
    directory = plan.directory
    let shell = message.members["shell"]?.isTruthy == true
    let words = [plan.executable] + plan.arguments
    command = shell ? Array(words.dropFirst(2)) : words
  }

  private func write(_ text: String) { logs.note(.info, text) }

  /// - Parameter warning: for instance that the task was acquired before.
  func begin(warning: String?) {
    write(TraceLine.environment(Environment.all))
    write(TraceLine.handlerStarted(logs.handler))
    if let warning { logs.note(.warning, warning) }
    write(TraceLine.message(message.members))
  }

  /// Writes the lines before and after a check of the input files.
  func waits(for missing: [InputFile]) {
    let time = Clock.wallMilliseconds
    write(
      TraceLine.waiting(check: checks, time: time, missing: missing.map(\.path), ready: found))
    checks += 1
  }

  func found(_ files: [InputFile], missing: [InputFile]) {
    let time = Clock.wallMilliseconds
    if !files.isEmpty {
      found += files.map { TraceLine.FoundFile(path: $0.path, time: time) }
      write(
        TraceLine.ready(check: checks, time: time, missing: missing.map(\.path), ready: found))
    }
    if missing.isEmpty { write(TraceLine.allReady) }
  }

  func willStart() {
    guard !hasAnnounced else { return }
    hasAnnounced = true
    write(TraceLine.command(command))
  }

  /// - Parameter process: the first process of the attempt.
  func started(_ process: Int32) {
    (known, named) = ([:], [])
    // The kernel may have no command line for it yet.
    let words = command.map { $0 + "\0" }.joined()
    if !isNamed(process), let line = figures(process).command(words) {
      named.insert(process)
      write(line)
    }
    probeFiles(of: process)
    write(TraceLine.started(message.name))
    probeUsage(of: process)
    write(
      SystemInfo.text(processors: Self.text("/proc/cpuinfo"), memory: Self.text("/proc/meminfo")))
  }

  /// Probes the processes of the attempt.
  func probe(_ root: Int32) {
    for process in ProcessTree(root: root).processes.prefix(Self.processLimit) {
      // A process that is being started or has ended has no command line.
      guard isNamed(process) else { continue }
      probeFiles(of: process)
      probeUsage(of: process)
    }
  }

  /// Whether the command line of the process is in the trace; writes it if it is not yet.
  private func isNamed(_ process: Int32) -> Bool {
    if named.contains(process) { return true }
    guard let line = figures(process).command(Self.text("/proc/\(process)/cmdline")) else {
      return false
    }
    named.insert(process)
    write(line)
    return true
  }

  private func probeFiles(of process: Int32) {
    let probe = figures(process)
    if let line = probe.inputOutput(Self.text("/proc/\(process)/io")) { write(line) }
    if let line = probe.network(Self.text("/proc/\(process)/net/dev")) { write(line) }
  }

  private func probeUsage(of process: Int32) {
    guard let now = ProcessProbe.Usage(Self.text("/proc/\(process)/stat")) else { return }
    let moment = ProcessProbe.Moment(
      time: Clock.wallMilliseconds, uptime: Clock.bootMilliseconds,
      pageSize: sysconf(Int32(_SC_PAGESIZE)), ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)))
    write(figures(process).usage(now, at: moment, since: known[process]))
    known[process] = (now, moment.uptime)
  }

  private func figures(_ process: Int32) -> ProcessProbe {
    ProcessProbe(pid: Int(process), name: message.name)
  }

  private static func text(_ path: String) -> String {
    String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
  }

  private func ended(attempt: Int, code: Int) {
    let lines = TraceLine.ended(
      attempt: attempt, code: code, name: message.name, command: command)
    for line in lines { write(line) }
  }

  func repeats(afterAttempt attempt: Int, code: Int, left: Int, seconds: Int) {
    ended(attempt: attempt, code: code)
    for line in TraceLine.retry(left: left, seconds: seconds) { write(line) }
  }

  func finished(attempt: Int, code: Int) {
    if hasAnnounced { ended(attempt: attempt, code: code) }
    let inputs = TraceLine.sizes(.inputs, of: message.inputs) { signal, name in
      size(settings.inputPath(of: signal, named: name))
    }
    let outputs = TraceLine.sizes(.outputs, of: message.outputs) { signal, name in
      size(settings.outputPath(of: signal, named: name))
    }
    for line in [inputs, outputs].compactMap(\.self) { write(line) }
    write(TraceLine.handlerFinished(code: code))
  }

  private func size(_ path: String) -> Int? { Files.size(Files.join(directory, path)) }
}
