import Glibc
import Posix

/// Runs Slurm's tools. Counts the calls, so that tests and users see the load on the controller.
actor SlurmCommands {
  /// When a call is ended. If the controller is down, a tool takes about 10 s.
  private static let timeoutMilliseconds = 30_000
  /// How many ids fit on a command line.
  private static let chunk = 100

  private let environment: [String: String]
  private(set) var calls = 0

  init() { environment = SlurmSubmission.environment(Environment.all) }

  private func run(_ command: [String], input: String = "") async -> Tool.Result {
    calls += 1
    return await Tool.run(
      command, input: input, environment: environment, milliseconds: Self.timeoutMilliseconds)
  }

  /// All jobs of a name, also those that have ended lately; `nil` if Slurm does not answer.
  func jobs(named name: String) async throws(SiteError) -> [SlurmJob] {
    let result = await run([
      "squeue", "-h", "-r", "-t", "all", "-u", "\(geteuid())", "-n", name, "-o", SlurmJob.format,
    ])
    guard result.isSuccess else { throw Self.error("squeue", result) }
    return SlurmJob.rows(result.output)
  }

  /// The jobs of all arrays whose names begin with a prefix, with one call of `squeue`.
  func jobs(withPrefix prefix: String) async throws(SiteError) -> SlurmRows {
    let result = await run([
      "squeue", "-h", "-r", "-t", "all", "-u", "\(geteuid())", "-o", SlurmJob.format,
    ])
    guard result.isSuccess else { throw Self.error("squeue", result) }
    return SlurmRows(jobs: SlurmJob.rows(result.output).filter { $0.name.hasPrefix(prefix) })
  }

  /// Holds pending jobs, or releases them.
  func hold(_ on: Bool, _ ids: [String]) async throws(SiteError) {
    let result = await run(["scontrol", on ? "hold" : "release", ids.joined(separator: ",")])
    // Running jobs cannot be held, and ended jobs are unknown: neither is an error.
    let isGone = ["Job/step already", "Invalid job id", "is running", "already completing"]
    guard result.isSuccess || isGone.contains(where: result.errors.contains) else {
      throw Self.error("scontrol", result)
    }
  }

  /// Submits a script; returns the job's id.
  func submit(_ command: [String], script: String) async throws(SiteError) -> String {
    let result = await run(command, input: script)
    guard result.isSuccess, let id = SlurmSubmission.id(in: result.output) else {
      throw Self.error("sbatch", result)
    }
    return id
  }

  /// Asks whether Slurm would take a submission.
  func check(_ command: [String], script: String) async throws(SiteError) {
    let result = await run(command + ["--test-only"], input: script)
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

  /// The limits of the partition of a request; `nil` if Slurm does not report them.
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

  /// Requests in the options that the cluster can never grant, one line each.
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
      // Jobs that have ended in the meantime are no error.
      let isGone = result.errors.contains("Invalid job id") || result.errors.contains("already")
      guard result.isSuccess || isGone else { throw Self.error("scancel", result) }
      rest = rest.dropFirst(Self.chunk)
    }
  }

  private static func error(_ tool: String, _ result: Tool.Result) -> SiteError {
    if result.status == .exited(127) {
      return SiteError("\(tool) is not there; run this on a host that can submit to Slurm")
    }
    let reason = result.isLate ? "no answer" : result.errorText
    let text = reason.hasPrefix("\(tool): ") ? reason : "\(tool): \(reason)"
    return SiteError(text.replacing("error: ", with: ""))
  }
}
