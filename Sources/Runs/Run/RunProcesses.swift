import Glibc
package import JobProtocol
package import Posix

/// The executors that a run's engine has started on this host, and that outlive it.
package enum RunProcesses {
  private static let endMilliseconds = 5000

  /// Finds the run's own worker, whose output goes to the run's file. A later process with the same
  /// command line is its guardian, or was forked to become it.
  package static func worker(loggingTo log: String) -> ProcessIdentity? {
    guard let log = Files.realPath(log) else { return nil }
    let found = ProcessTable.commandLines.compactMap { pid, words in
      words.contains("--worker") && Files.realPath("/proc/\(pid)/fd/1") == log
        ? ProcessIdentity(of: pid) : nil
    }
    return found.min { ($0.startTicks, $0.pid) < ($1.startTicks, $1.pid) }
  }

  /// The process ids of one-shot executors, by the job id on their command line. A shell in front
  /// of an executor is older than it, and is the process to watch.
  package static func oneShots(of run: RunID) -> [String: Int] {
    var found: [String: Int] = [:]
    for (pid, words) in ProcessTable.commandLines where pid != Environment.processID {
      for word in words where word.hasPrefix("\(run):") {
        found[word] = min(found[word] ?? pid, pid)
      }
    }
    return found
  }

  /// A job whose executor is dead, with what is known of its processes on this host.
  package struct OrphanedJob {
    /// The job's process group.
    package var group: Int?
    /// Executors that had the job: a job is in its executor's session.
    package var executors: Set<Int> = []

    package init() {}
  }

  /// Kills what still runs of jobs whose executor was killed together with its guardian. Otherwise
  /// a retry might run beside its first attempt. Processes that a job has moved to a session of
  /// their own are left alone.
  /// - Parameter orphans: The jobs by id.
  package static func killOrphans(_ orphans: [String: OrphanedJob]) {
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

  /// Tells the run's executors and their jobs to end, waits, and kills those that do not.
  static func stopExecutors(of run: RunID, in directory: RunDirectory) {
    let oneShots = oneShots(of: run).values.map { Child(pid: Int32($0)) }
    let worker = worker(loggingTo: directory.workerLog).map { Child(pid: Int32($0.pid)) }
    // There may be a shell in front of an executor, so signal the group. A worker's guardian must
    // not end before the worker, so signal only the process.
    for child in oneShots { child.sendToGroup(SIGTERM) }
    worker?.send(SIGTERM)
    let deadline = Clock.monotonicMilliseconds + endMilliseconds
    for child in oneShots + (worker.map { [$0] } ?? []) {
      guard let end = try? child.endDescriptor() else { continue }
      let left = max(0, deadline - Clock.monotonicMilliseconds)
      if Poll.wait(for: end.number, POLLIN, milliseconds: left) { continue }
      child.send(SIGKILL)
      _ = Poll.wait(for: end.number, POLLIN, milliseconds: endMilliseconds)
    }
  }
}
