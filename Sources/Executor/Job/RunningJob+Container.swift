import Glibc
import JobProtocol
import Posix

/// Handles the container of a job: news of its supervisor, its removal, and whether an exit code is
/// that of the command or of the tool.
extension RunningJob {
  /// The container of a running job.
  struct Container {
    let start: ContainerStart
    /// The end of standard error, which has the reason of a tool's failure.
    private(set) var errorOutput: [UInt8] = []
    private(set) var isPulling = false
    private(set) var last: ContainerNews?
    /// Whether the supervisor was asked to remove the container.
    var isGivenUp = false

    private static let errorOutputLimit = 4096

    init(_ start: ContainerStart) { self.start = start }

    mutating func receive(_ bytes: [UInt8]) {
      errorOutput += bytes
      if errorOutput.count > 2 * Self.errorOutputLimit {
        errorOutput.removeFirst(errorOutput.count - Self.errorOutputLimit)
      }
    }

    mutating func read(_ bytes: [UInt8]) {
      for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
        guard let news = ContainerNews(line: line) else { continue }
        isPulling = news == .pulling
        last = news
      }
    }

    /// The ending of the job if the container or its tool determines it; otherwise `nil`.
    func ending(of status: ExitStatus, byUs: Bool, limit: Int?) -> Ending? {
      let text = String(decoding: errorOutput, as: UTF8.self)
      switch last {
      case .notPulled(let isLate):
        return Ending(
          isLate
            ? .container("the pull of the image \(start.image) took too long (HFLOW_PULL_LIMIT)")
            : failure(in: text, besides: "could not be pulled").ending.outcome.cause)
      case .ended(hasStarted: false, _, let error):
        return byUs ? nil : failure(in: error.isEmpty ? text : error).ending
      case .ended(hasStarted: true, isOutOfMemory: true, _):
        return Ending(.outOfMemory(certain: true))
      case .ended(hasStarted: true, isOutOfMemory: false, _):
        // podman does not report these kills, so the exit code must do.
        let isKill = status == .exited(128 + 9) && !byUs && limit != nil
        if isKill { return Ending(.outOfMemory(certain: false)) }
      case .pulling, .running, nil: break
      }
      guard case .exited(let code) = status, !byUs else { return nil }
      let reason = ContainerError.reason(in: text)
      return ContainerError.isOfTool(start.tool, code: code, line: reason)
        ? failure(in: text).ending : nil
    }

    private func failure(in text: String, besides: String = "") -> JobFailure {
      let reason = ContainerError.reason(in: text)
      return ContainerError.failure(
        reason.isEmpty ? besides : reason, tool: start.tool, image: start.image,
        command: start.command, host: Environment.hostName)
    }

    /// Whether the image is known to exist, so that it is not checked again.
    var hasImage: Bool {
      switch last {
      case .notPulled, .pulling: false
      case .ended(let hasStarted, _, _): hasStarted
      case .running, nil: true
      }
    }
  }

  /// How long a daemon may take to remove a container, in milliseconds.
  private static let removalMilliseconds = 10_000

  func makeContainer(_ plan: JobPlan) throws(JobFailure) -> ContainerStart? {
    guard let image = plan.image else { return nil }
    return try ContainerStart(plan, image: image, job: id, context: context)
  }

  /// Reads the rest of standard error of a tool that has ended.
  func readRestOfErrors() {
    let now = Clock.monotonicMilliseconds
    process?.readRest(of: .standardError) { bytes in
      output?.receive(bytes, from: .standardError, now: now)
      container?.receive(bytes)
    }
  }

  func readContainerNews() {
    guard let bytes = process?.news(), !bytes.isEmpty else { return }
    container?.read(bytes)
  }

  /// KILL to the process group; for docker and podman, first the removal of the container.
  func killOrRemove() {
    if container?.start.isDetached == true, container?.isGivenUp == false {
      container?.isGivenUp = true
      process?.requestRemoval()
      start(.grace, after: Self.removalMilliseconds)
    } else {
      process?.child.sendToGroup(SIGKILL)
    }
  }

  /// Whether the time limit has not begun, because the image is being pulled.
  var isPulling: Bool {
    readContainerNews()
    return container?.isPulling == true
  }

  /// The ending that the container determines, or `nil`. Records whether its image exists.
  func containerEnding(of status: ExitStatus, byUs: Bool, limit: Int?) -> Ending? {
    readContainerNews()
    guard let container else { return nil }
    let ending = container.ending(of: status, byUs: byUs, limit: limit)
    context.note(image: container.start.image, isPresent: container.hasImage)
    return ending
  }
}

extension JobOutcome {
  fileprivate var cause: FailureCause {
    if case .failed(let cause) = self { cause } else { .error("") }
  }
}
