import JobProtocol
import ShellText

/// A job of the run that is submitted to Slurm as a job of its own.
public struct SlurmTask: Sendable, Equatable {
  /// The job's id.
  public var job: String
  /// Jobs of the same stage may be one array.
  public var stage: String
  public var cores: Double?
  public var memoryBytes: Int?
  /// How long the job may run, in seconds.
  public var seconds: Double?

  public init(
    job: String, stage: String, cores: Double? = nil, memoryBytes: Int? = nil,
    seconds: Double? = nil
  ) {
    self.job = job
    self.stage = stage
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.seconds = seconds
  }

  /// | the job asks for | option |
  /// |---|---|
  /// | cores | `--cpus-per-task`, rounded up |
  /// | memory | `--mem` in MB, rounded up |
  /// | time | `--time` in minutes, one more: the executor's own limit comes first |
  var options: [String] {
    var options: [String] = []
    if let cores { options.append("--cpus-per-task=\(Int(min(cores, 1e6).rounded(.up)))") }
    if let memoryBytes { options.append("--mem=\((memoryBytes + 0xF_FFFF) >> 20)M") }
    if let seconds {
      options.append("--time=\(Int((min(seconds, 1e9) / 60).rounded(.up)) + 1)")
    }
    return options
  }
}

/// Jobs that are one job array: of the same stage, with the same resources.
struct SlurmBatch: Equatable, Sendable {
  /// The name in Slurm. A repeated submission has the same name, so that the first one is found.
  var name: String
  var options: [String]
  /// The ids of the jobs by the index of the element.
  var jobs: [String]

  /// Groups jobs into arrays of at most `limit` elements, in their order.
  static func batches(of tasks: [SlurmTask], prefix: String, limit: Int) -> [SlurmBatch] {
    var groups: [(key: [String], tasks: [SlurmTask])] = []
    for task in tasks {
      let key = [task.stage] + task.options
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].tasks.append(task)
      } else {
        groups.append((key, [task]))
      }
    }
    var batches: [SlurmBatch] = []
    for group in groups {
      var rest = group.tasks[...]
      while let first = rest.first {
        let jobs = rest.prefix(max(1, limit)).map(\.job)
        batches.append(
          SlurmBatch(
            name: prefix + name(of: first.job, count: jobs.count), options: first.options,
            jobs: Array(jobs)))
        rest = rest.dropFirst(jobs.count)
      }
    }
    return batches
  }

  /// Without the run, which the prefix names.
  private static func name(of job: String, count: Int) -> String {
    let parts = job.split(separator: ":").dropFirst()
    return parts.joined(separator: ".") + "x\(count)"
  }

  /// The index of an element in an id such as `4711_3`.
  static func index(of id: String) -> Int? {
    id.split(separator: "_").dropFirst().first.flatMap { Int($0) }
  }
}

/// How a job ended according to Slurm. The executor's report takes precedence.
public enum SlurmEnd: Sendable, Equatable {
  /// The executor has ended by itself and must have reported.
  case finished
  case outOfMemory
  case timeout
  case lost(String)

  init(_ state: String) {
    switch state {
    case "COMPLETED": self = .finished
    case "OUT_OF_MEMORY": self = .outOfMemory
    case "TIMEOUT", "DEADLINE": self = .timeout
    case "FAILED": self = .lost("its executor failed")
    case "GONE": self = .lost("Slurm does not know its job any more")
    default: self = .lost(SlurmReason.ended(state))
    }
  }
}

/// The arrays with the jobs that are their elements, as a value: rows of `squeue` go in, changes
/// come out.
struct SlurmBatchLedger: Equatable, Sendable {
  struct Change: Equatable {
    var job: String
    var id: String
    var kind: Kind
  }

  enum Kind: Equatable {
    case accepted
    case pending(String)
    case running
    case ended(SlurmEnd)
  }

  private struct Entry: Equatable {
    var job: String
    var state: Allocation.State
    var reason = ""
    var misses = 0
  }

  private var entries: [String: Entry] = [:]
  private var ids: [String: String] = [:]
  /// Ids of forgotten jobs that Slurm may still show.
  private var ignoredIDs: Set<String> = []

  /// One call may miss a job: a controller that has just restarted may not list it yet.
  static let missesAllowed = 2

  var isEmpty: Bool { entries.isEmpty }
  var hasPending: Bool { entries.values.contains { $0.state == .pending } }
  var active: [String] { entries.keys.sorted() }

  func id(of job: String) -> String? { ids[job] }
  func isPending(_ job: String) -> Bool { ids[job].flatMap { entries[$0]?.state } == .pending }

  mutating func submitted(_ batch: SlurmBatch, as array: String) -> [Change] {
    batch.jobs.enumerated().map { index, job in
      let id = "\(array)_\(index)"
      entries[id] = Entry(job: job, state: .pending)
      ids[job] = id
      return Change(job: job, id: id, kind: .accepted)
    }
  }

  /// Forgets a job that has ended or that another array has.
  mutating func forget(_ job: String) {
    guard let id = ids.removeValue(forKey: job) else { return }
    entries[id] = nil
    ignoredIDs.insert(id)
  }

  mutating func update(_ rows: [SlurmJob]) -> [Change] {
    var changes: [Change] = []
    var seen: Set<String> = []
    for row in rows {
      seen.insert(row.id)
      guard var entry = entries[row.id] else { continue }
      entry.misses = 0
      let former = entry
      entry.state = row.allocationState
      entry.reason = row.allocationState == .pending ? row.text : ""
      entries[row.id] = entry
      switch entry.state {
      case .pending where former.reason != entry.reason && !entry.reason.isEmpty:
        changes.append(Change(job: entry.job, id: row.id, kind: .pending(entry.reason)))
      case .running where former.state != .running:
        changes.append(Change(job: entry.job, id: row.id, kind: .running))
      case .ended:
        changes.append(Change(job: entry.job, id: row.id, kind: .ended(SlurmEnd(row.state))))
        forget(entry.job)
      default: break
      }
    }
    for (id, entry) in entries.sorted(by: { $0.key < $1.key }) where !seen.contains(id) {
      entries[id]?.misses += 1
      guard entry.misses + 1 >= Self.missesAllowed else { continue }
      changes.append(Change(job: entry.job, id: id, kind: .ended(SlurmEnd("GONE"))))
      forget(entry.job)
    }
    return changes
  }
}

extension SlurmSubmission {
  /// The beginning of the names of arrays of jobs. The name of workers has no dot.
  var batchPrefix: String { name + "." }

  /// The file with the job ids of the array's elements, one per line.
  func jobsFile(of batch: String) -> String { "\(access.filesDirectory)/\(batch).jobs" }

  func command(for batch: SlurmBatch) -> [String] {
    [
      "sbatch", "--parsable", "--job-name=\(batch.name)", "--array=0-\(batch.jobs.count - 1)",
      "--chdir=\(access.directory)", "--output=\(access.filesDirectory)/%A_%a.log",
      "--open-mode=append",
      // Only the engine decides about retries.
      "--no-requeue",
    ] + settings.options + batch.options
  }

  /// The batch script of an array: each element runs the executor for one job.
  func script(for batch: String, executor: String) -> String {
    let tool = settings.container.map {
      "\n\(ContainerTool.variable)=\($0.rawValue); export \(ContainerTool.variable)"
    }
    return """
      #!/bin/sh
      # Jobs of run \(access.run), site \(settings.name).
      e=\(ShellScript.path(executor))
      if [ ! -x "$e" ]; then echo "$(uname -n): there is no executable $e" >&2; exit 127; fi
      f=\(ShellWords.quoted(environmentFile))
      j=\(ShellWords.quoted(jobsFile(of: batch)))
      if [ ! -r "$f" ] || [ ! -r "$j" ]; then
        echo "$(uname -n): $j cannot be read; share the directory under the same path" >&2
        exit 1
      fi
      set -a; . "$f"; set +a
      HFLOW_PREEMPTIBLE=1; export HFLOW_PREEMPTIBLE\(tool ?? "")
      exec "$e" "$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$j")" -

      """
  }
}
