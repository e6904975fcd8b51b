import Glibc
import Posix

/// Slurm's tools. Counts the calls, so that tests and people see how often the controller is asked.
actor SlurmCommands {
  /// A controller that is down keeps a tool for some 10 s.
  private static let patience = 30_000
  /// How many ids fit on a command line.
  private static let chunk = 100

  private let environment: [String: String]
  private(set) var calls = 0

  init() { environment = SlurmSubmission.environment(Environment.all) }

  private func run(_ words: [String], input: String = "") async -> Tool.Result {
    calls += 1
    return await Tool.run(
      words, input: input, environment: environment, milliseconds: Self.patience)
  }

  /// All jobs of a name, also those that have ended lately; `nil` if Slurm does not answer.
  func jobs(named name: String) async throws(SiteError) -> [SlurmJob] {
    let result = await run([
      "squeue", "-h", "-r", "-t", "all", "-u", "\(geteuid())", "-n", name, "-o", SlurmJob.format,
    ])
    guard result.isSuccess else { throw Self.error("squeue", result) }
    return SlurmJob.rows(result.output)
  }

  /// The jobs of all arrays whose names begin with a prefix: one question for all.
  func jobs(withPrefix prefix: String) async throws(SiteError) -> SlurmRows {
    let result = await run([
      "squeue", "-h", "-r", "-t", "all", "-u", "\(geteuid())", "-o", SlurmJob.format,
    ])
    guard result.isSuccess else { throw Self.error("squeue", result) }
    return SlurmRows(jobs: SlurmJob.rows(result.output).filter { $0.name.hasPrefix(prefix) })
  }

  /// Keeps pending jobs from starting, or lets them start again.
  func hold(_ on: Bool, _ ids: [String]) async throws(SiteError) {
    let result = await run(["scontrol", on ? "hold" : "release", ids.joined(separator: ",")])
    // Jobs that run cannot be held, and those that have ended are not there.
    let isGone = ["Job/step already", "Invalid job id", "is running", "already completing"]
    guard result.isSuccess || isGone.contains(where: result.errors.contains) else {
      throw Self.error("scontrol", result)
    }
  }

  /// Submits a script; returns the job's id.
  func submit(_ words: [String], script: String) async throws(SiteError) -> String {
    let result = await run(words, input: script)
    guard result.isSuccess, let id = SlurmSubmission.id(in: result.output) else {
      throw Self.error("sbatch", result)
    }
    return id
  }

  /// Asks whether Slurm would take a submission.
  func check(_ words: [String], script: String) async throws(SiteError) {
    let result = await run(words + ["--test-only"], input: script)
    guard !result.isSuccess else { return }
    throw Self.error("sbatch", result)
  }

  /// The largest index of an array plus one.
  func arrayLimit() async -> Int {
    let result = await run(["scontrol", "show", "config"])
    for line in result.output.split(whereSeparator: \.isNewline) {
      let words = line.split { $0 == " " || $0 == "=" }
      if words.first == "MaxArraySize", words.count > 1, let number = Int(words[1]), number > 1 {
        return number
      }
    }
    return 1001
  }

  /// What the partition of a request allows; `nil` if Slurm does not tell.
  func limits(of asked: SlurmRequest) async -> SlurmLimits? {
    let partitions = await run(["scontrol", "-o", "show", "partition"])
    let nodes = await run(["sinfo", "-h", "-e", "-o", "%R|%c|%m"])
    guard partitions.isSuccess else { return nil }
    return SlurmLimits(
      partitions: partitions.output, nodes: nodes.output, name: asked.partition)
  }

  /// The limits of the user's account; empty without accounting.
  func account() async -> String {
    let user = Environment.userName
    guard !user.isEmpty, Files.findExecutable("sacctmgr") != nil else { return "" }
    let format = "format=Account,Partition,MaxSubmitJobs,MaxWall"
    let result = await run(["sacctmgr", "-nP", "show", "assoc", "user=\(user)", format])
    return result.isSuccess ? result.output : ""
  }

  /// What the options ask for and the site will never give, one line for each.
  func mistakes(in settings: SiteSettings) async -> [String] {
    let asked = SlurmRequest(options: settings.options, slots: settings.slots)
    let lines = await limits(of: asked)?.mistakes(asking: asked) ?? []
    return lines + SlurmAccount.mistakes(await account(), workers: settings.workers, asked)
  }

  /// Cancels jobs or elements of arrays. Throws if Slurm does not take the request.
  ///
  /// - Parameter state: Only jobs in this state; `nil`: in any.
  func cancel(_ ids: [String], state: String? = nil) async throws(SiteError) {
    var rest = ids[...]
    while !rest.isEmpty {
      let options = state.map { ["--state=\($0)"] } ?? []
      let result = await run(["scancel"] + options + rest.prefix(Self.chunk))
      // Jobs that have ended meanwhile are no failure.
      let isGone = result.errors.contains("Invalid job id") || result.errors.contains("already")
      guard result.isSuccess || isGone else { throw Self.error("scancel", result) }
      rest = rest.dropFirst(Self.chunk)
    }
  }

  private static func error(_ tool: String, _ result: Tool.Result) -> SiteError {
    if result.status == .exited(127) {
      return SiteError("\(tool) is not there; run this on a host that can submit to Slurm")
    }
    let words = result.isLate ? "no answer" : result.complaint
    let text = words.hasPrefix("\(tool): ") ? words : "\(tool): \(words)"
    return SiteError(text.replacing("error: ", with: ""))
  }
}
