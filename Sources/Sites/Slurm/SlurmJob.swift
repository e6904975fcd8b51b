import JobProtocol

/// One row of `squeue`: a job, or an element of a job array.
struct SlurmJob: Equatable, Sendable {
  /// `4711`, or `4711_3` for an element.
  var id: String
  /// Slurm's word: `PENDING`, `RUNNING`, …
  var state: String
  /// Slurm's reason: `Resources`, `TimeLimit`, …
  var reason: String
  var nodes: String
  /// The expected or actual start time; empty if unknown.
  var start: String
  /// The name of the job, which is that of its submission.
  var name = ""

  /// The columns, one letter each, for `squeue -o`. The text of `--json` changes between versions.
  static let format = "%i|%T|%r|%N|%S|%j"

  /// Reads the output of `squeue -h -r -o FORMAT`. Rows of another form are left out.
  static func rows(_ output: String) -> [SlurmJob] {
    output.split(whereSeparator: \.isNewline).compactMap { line in
      let parts = line.split(separator: "|", omittingEmptySubsequences: false).map {
        String($0.filter { $0 != " " })
      }
      guard (5...6).contains(parts.count), let first = parts[0].first, first.isNumber,
        !parts[1].isEmpty
      else {
        return nil
      }
      return SlurmJob(
        id: parts[0], state: parts[1], reason: parts[2], nodes: parts[3],
        start: parts[4] == "N/A" ? "" : parts[4], name: parts.count == 6 ? parts[5] : "")
    }
  }

  /// The part before `_`: the id of the whole array.
  var array: String { String(id.prefix { $0 != "_" }) }

  /// | Slurm's state | here |
  /// |---|---|
  /// | PENDING, CONFIGURING, REQUEUED, … | pending |
  /// | RUNNING, SUSPENDED, STOPPED, … | running |
  /// | COMPLETING | running: its processes may live, and Slurm does not tell yet how it ended |
  /// | everything else | ended |
  var allocationState: Allocation.State {
    switch state {
    case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT",
      "RESV_DEL_HOLD":
      .pending
    case "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "RESIZING", "SIGNALING", "STAGE_OUT":
      .running
    default: .ended
    }
  }

  /// Whether the job continues until it is cancelled.
  var mustBeCancelled: Bool { allocationState != .ended && state != "COMPLETING" }

  /// Why the job is in its state, for people; empty for a running job.
  var text: String {
    switch allocationState {
    case .pending where reason.isEmpty || reason == "None": ""
    case .pending: SlurmReason.pending(reason) + (start.isEmpty ? "" : ", start expected \(start)")
    case .running:
      switch state {
      case "RUNNING": ""
      case "COMPLETING": "ending"
      default: "\(state.lowercased()) by Slurm"
      }
    case .ended: SlurmReason.ended(state)
    }
  }
}

/// Slurm's reasons and what they mean.
enum SlurmReason {
  private static let meanings: [String: String] = [
    "Priority": "jobs with higher priority are before it",
    "Resources": "waits for free nodes",
    "BeginTime": "its begin time has not come",
    "Dependency": "waits for another job",
    "JobHeldUser": "held by a user; scontrol release JOB",
    "JobHeldAdmin": "held by an administrator; will not start by itself",
    "JobArrayTaskLimit": "the limit of running elements of the array is reached",
    "ReqNodeNotAvail": "the nodes that it needs are down, drained or reserved",
    "PartitionDown": "the partition is down",
    "PartitionInactive": "the partition is inactive",
    "PartitionTimeLimit": "asks for more time than the partition allows; will not start by itself",
    "PartitionNodeLimit": "asks for more nodes than the partition has; will not start by itself",
    "PartitionConfig": "the partition cannot run it; will not start by itself",
    "BadConstraints": "no node fits its constraints; will not start by itself",
    "DependencyNeverSatisfied": "waits for a job that has failed; will not start by itself",
    "AssocMaxWallDurationPerJobLimit":
      "asks for more time than the account allows; will not start by itself",
    "QOSMaxWallDurationPerJobLimit":
      "asks for more time than the QOS allows; will not start by itself",
    "QOSMaxJobsPerUserLimit": "the QOS limit of running jobs of the user is reached",
    "AssocGrpJobsLimit": "the limit of running jobs of the account is reached",
    "AssocMaxJobsLimit": "the account's limit of running jobs of the user is reached",
  ]

  static func pending(_ reason: String) -> String {
    // Slurm adds details after a comma or in parentheses.
    let word = String(reason.prefix { $0.isLetter })
    return meanings[word].map { "\(reason) (\($0))" } ?? reason
  }

  /// Whether `sbatch` refuses the number of jobs, so that fewer may be accepted.
  static func isLimitOfJobs(_ error: SiteError) -> Bool {
    let phrases = ["job submit limit", "MaxSubmitJob", "MaxJobCount", "Invalid job array"]
    return error.lines.contains { line in phrases.contains { line.contains($0) } }
  }

  /// Whether a submission was refused because Slurm can never grant it.
  static func isImpossible(_ error: SiteError) -> Bool {
    let phrases = [
      "node configuration is not available", "time limit is invalid", "Memory specification",
      "More processors requested", "Invalid partition", "invalid partition", "Invalid account",
      "Invalid qos", "nvalid QOS", "nvalid generic resource", "nvalid feature",
      "Unable to allocate resources: Requested", "unrecognized option", "nvalid time limit",
    ]
    return error.lines.contains { line in phrases.contains { line.contains($0) } }
  }

  static func ended(_ state: String) -> String {
    switch state {
    case "COMPLETED": ""
    case "TIMEOUT": "the time limit of its allocation was reached"
    case "NODE_FAIL": "its node failed"
    case "CANCELLED": "it was cancelled with scancel"
    case "PREEMPTED": "Slurm gave its node to another job"
    case "OUT_OF_MEMORY": "it needed more memory than its allocation has"
    case "BOOT_FAIL": "its node did not boot"
    case "DEADLINE": "its deadline has passed"
    case "FAILED": "its worker failed"
    default: state.lowercased()
    }
  }
}
