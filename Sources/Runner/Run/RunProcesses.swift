import Glibc
import JobProtocol
import Posix

/// The executors of a run on this host that its engine has started, and that outlive it.
enum RunProcesses {
  private static let patienceMilliseconds = 5000

  /// The run's own worker: what it has to say goes to the run's file. A process of the same command
  /// line is its guardian, or was forked to be it.
  static func worker(saying log: String) -> ProcessIdentity? {
    guard let log = Files.realPath(log) else { return nil }
    let found = ProcessTable.commandLines.compactMap { pid, words in
      words.contains("--worker") && Files.realPath("/proc/\(pid)/fd/1") == log
        ? ProcessIdentity(of: pid) : nil
    }
    return found.min { ($0.startTicks, $0.pid) < ($1.startTicks, $1.pid) }
  }

  /// By the job that their command line names. A shell in front of an executor is older than it.
  static func oneShots(of run: RunID) -> [String: Int] {
    var found: [String: Int] = [:]
    for (pid, words) in ProcessTable.commandLines where pid != Environment.processID {
      for word in words where word.hasPrefix("\(run):") {
        found[word] = min(found[word] ?? pid, pid)
      }
    }
    return found
  }

  /// A job whose executor is dead, and what is known of its processes on this host.
  struct Orphan {
    /// The group that the job led.
    var group: Int?
    /// Executors that had it: a job is in its executor's session.
    var executors: Set<Int> = []
  }

  /// Kills what still runs of jobs, by id, whose executor was killed together with its guardian:
  /// they are made again, and must not run beside themselves. What a job has put into a session of
  /// its own is left alone.
  static func kill(_ orphans: [String: Orphan]) {
    let variable = Array("HFLOW_JOB_ID=".utf8)
    for pid in Files.list("/proc").compactMap({ Int32($0) }) where Int(pid) != Environment.processID
    {
      guard let bytes = try? Files.read("/proc/\(pid)/environ"),
        let entry = bytes.split(separator: 0).first(where: { $0.starts(with: variable) }),
        let orphan = orphans[String(decoding: entry.dropFirst(variable.count), as: UTF8.self)]
      else { continue }
      let group = getpgid(pid)
      guard group > 1, group != getpgrp(),
        Int(group) == orphan.group || orphan.executors.contains(Int(getsid(pid)))
      else { continue }
      Glibc.kill(-group, SIGKILL)
    }
  }

  /// Tells all of them to end, and their jobs with them; kills who does not. Waits.
  static func end(_ run: RunID, in directory: RunDirectory) {
    let oneShots = oneShots(of: run).values.map { Child(pid: Int32($0)) }
    let worker = worker(saying: directory.workerLog).map { Child(pid: Int32($0.pid)) }
    // In front of an executor there may be a shell; a worker's guardian is not to end before it.
    for child in oneShots { child.sendToGroup(SIGTERM) }
    worker?.send(SIGTERM)
    let deadline = Clock.monotonicMilliseconds + patienceMilliseconds
    for child in oneShots + (worker.map { [$0] } ?? []) {
      guard let end = try? child.endDescriptor() else { continue }
      let left = max(0, deadline - Clock.monotonicMilliseconds)
      if Poll.wait(for: end.number, POLLIN, milliseconds: left) { continue }
      child.send(SIGKILL)
      _ = Poll.wait(for: end.number, POLLIN, milliseconds: patienceMilliseconds)
    }
  }
}
