import JobProtocol
import Posix

/// Handles the output of a job whose program has exited: which processes hold it, and how long it
/// is read.
extension RunningJob {
  /// The processes that hold the output of one job.
  struct Drain {
    var limit: DrainLimit
    /// The CPU time of each holder and its children at the last check, in milliseconds.
    var processorTimes: [Int32: Int] = [:]
    var checkedAt: Int
    var reason: DrainLimit.Reason?
  }

  /// A holder below this CPU use counts as a daemon that waits.
  private static let workingPercent = 2

  func beginDrain(quiet: Int) {
    let now = Clock.monotonicMilliseconds
    drain = Drain(limit: DrainLimit(quiet: quiet, now: now), checkedAt: now)
    output?.logs.note(.debug, "the program has ended; its output is still open")
    checkDrain(now: now)
  }

  /// Whether to stop reading the output.
  @discardableResult
  func checkDrain(now: Int) -> Bool {
    switch drain?.limit.decision(now: now) {
    case .readOn(let milliseconds):
      start(.drain, after: milliseconds)
      return false
    case .over(let reason):
      drain?.reason = reason
      start(.drain, after: 0)
      return true
    case nil: return false
    }
  }

  /// Checks the holders, and records whether one of them works.
  func checkHolders(now: Int) {
    guard let process, let before = drain else { return }
    var times: [Int32: Int] = [:]
    var works = false
    for holder in context.holders(of: process.pipes, now: now) {
      let tree = ProcessTree(root: holder)
      times[holder] = tree.cpuMilliseconds
      let used = before.processorTimes[holder].map { tree.cpuMilliseconds - $0 } ?? 0
      works =
        works || tree.isBusy
        || used * 100 > (now - before.checkedAt) * RunningJob.workingPercent
    }
    drain?.processorTimes = times
    drain?.checkedAt = now
    if works { drain?.limit.recordWork(now: now) }
  }

  /// Reads what is available, and passes the pipes to a process that discards their data, so
  /// that later writers are neither blocked nor killed.
  func discardOutput() {
    guard let process, process.outputIsOpen else { return }
    let now = Clock.monotonicMilliseconds
    for stream in [LogChunk.Stream.standardOutput, .standardError] {
      process.readRest(of: stream) { output?.receive($0, from: stream, now: now) }
    }
    guard process.outputIsOpen else { return }
    output?.note(textOfCut(process, now: now), now: now)
    process.discardRest()
  }

  private func textOfCut(_ process: JobProcess, now: Int) -> String {
    let holders = context.holders(of: process.pipes, now: now)
    let named = holders.prefix(3).map { "\(ProcessTree.name(of: $0)) (pid \($0))" }
    let more = holders.count > 3 ? " and \(holders.count - 3) more" : ""
    let holderNames = named.isEmpty ? "another process" : named.joined(separator: ", ") + more
    let verb = holders.count > 1 ? "hold" : "holds"
    let limitText =
      switch drain?.reason {
      case .quiet(0): "config.drain is 0"
      case .quiet(let milliseconds):
        "no output and no work for \(seconds(milliseconds)) s (config.drain)"
      case .total(let milliseconds):
        "\(seconds(milliseconds)) s after the program's end"
          + " (\(DrainLimit.totalFactor) times config.drain)"
      case nil: "the job was ended"
      }
    return "stopped reading the output, which \(holderNames) still \(verb) open: \(limitText);"
      + " what is written from now on is lost"
  }

  private func seconds(_ milliseconds: Int) -> String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
  }
}
