import JSONValue
public import JobProtocol

/// The state of a pod according to Kubernetes.
public struct PodState: Sendable, Equatable {
  public var name: String
  /// The Job that created the pod.
  public var job: String
  /// The token at the end of its worker's name; `nil` if it runs no worker.
  var worker: String?
  public var phase: String
  public var reason: String
  public var message: String
  /// Whether it is being deleted.
  public var isBeingDeleted: Bool
  /// Why a container waits: the reason, and a message.
  var waiting: Waiting?
  /// How the last container ended, even if it was restarted since.
  var ended: Ended?
  /// The scheduler's message if the pod cannot be placed.
  var unschedulable: String?
  /// The reason of the condition `DisruptionTarget`.
  public var disruption: String?
  var deadline: Int?

  struct Waiting: Sendable, Equatable {
    var reason: String
    var message: String
  }

  struct Ended: Sendable, Equatable {
    var exitCode: Int
    var reason: String
    var message: String
  }

  /// `nil` if it is not a pod of a Job.
  init?(_ json: JSON) {
    let labels = json["metadata"]?["labels"]
    guard json["kind"]?.string == "Pod", let name = json["metadata"]?["name"]?.string,
      let job = labels?["batch.kubernetes.io/job-name"]?.string ?? labels?["job-name"]?.string
    else { return nil }
    self.name = name
    self.job = job
    worker = labels?[KubernetesLabels.worker]?.string
    let status = json["status"]
    phase = status?["phase"]?.string ?? ""
    reason = status?["reason"]?.string ?? ""
    message = Self.line(status?["message"]?.string)
    isBeingDeleted = json["metadata"]?["deletionTimestamp"]?.string != nil
    deadline = json["spec"]?["activeDeadlineSeconds"]?.int
    for condition in status?["conditions"]?.array ?? [] {
      let isTrue = condition["status"]?.string == "True"
      let text = Self.text(condition["reason"]?.string, condition["message"]?.string)
      switch condition["type"]?.string {
      case "PodScheduled" where !isTrue && condition["reason"]?.string == "Unschedulable":
        unschedulable = text
      case "DisruptionTarget" where isTrue: disruption = text
      default: break
      }
    }
    let containers =
      (status?["initContainerStatuses"]?.array ?? []) + (status?["containerStatuses"]?.array ?? [])
    for container in containers { read(container) }
  }

  private mutating func read(_ container: JSON) {
    if let waits = container["state"]?["waiting"], let reason = waits["reason"]?.string,
      waiting == nil
    {
      waiting = Waiting(reason: reason, message: Self.line(waits["message"]?.string))
    }
    for key in ["state", "lastState"] {
      guard let end = container[key]?["terminated"] else { continue }
      let found = Ended(
        exitCode: end["exitCode"]?.int ?? 0, reason: end["reason"]?.string ?? "",
        message: Self.line(end["message"]?.string))
      // A container that was killed for its memory and restarted has another reason at its end.
      if ended == nil || ended?.exitCode == 0 || found.reason == "OOMKilled" { ended = found }
    }
  }

  /// Whether its container ended with an error, and not because the pod was deleted, evicted or
  /// disrupted.
  public var hasFailedByItself: Bool {
    phase == "Failed" && disruption == nil && reason.isEmpty && !isBeingDeleted
      && ended?.exitCode != 0
  }

  static func text(_ reason: String?, _ message: String?) -> String {
    [reason, line(message)].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
  }

  /// One line of a text, not too long.
  static func line(_ text: String?) -> String {
    let text = (text ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
    return text.count > 300 ? text.prefix(299) + "…" : text
  }
}

/// What a pod's state means for its jobs, unless an executor has reported something else.
///
/// | Kubernetes says | here |
/// |---|---|
/// | `Unschedulable` | pending, with the scheduler's words |
/// | `ErrImagePull`, `ContainerCreating`, `PodInitializing` | pending |
/// | a word of `cannotStartReasons`, such as `ImagePullBackOff` | hopeless: its jobs fail |
/// | `Running` | running |
/// | `Evicted`, `DisruptionTarget`, `NodeLost`, `Shutdown`, `Preempting`, … | lost |
/// | the pod has a deletion time, however it ended | lost: a user or the cluster deleted it |
/// | `DeadlineExceeded` | timed out |
/// | `OOMKilled` | out of memory |
/// | exit code 126 or 127, `StartError` | the image lacks the executor, or a shell |
/// | any other end | lost: the executor ended without a report |
public enum PodMeaning: Sendable, Equatable {
  case pending(String)
  case cannotStart(String)
  case running
  case ended(FailureCause)

  /// Reasons that do not go away by waiting.
  static let cannotStartReasons: Set<String> = [
    "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
  ]

  public init(_ pod: PodState) {
    switch pod.phase {
    case "Succeeded", "Failed": self = .ended(Self.cause(of: pod))
    case "Running": self = .running
    default:
      if let waiting = pod.waiting, waiting.reason != "ContainerCreating" {
        let text = PodState.text(waiting.reason, waiting.message)
        self =
          Self.cannotStartReasons.contains(waiting.reason) ? .cannotStart(text) : .pending(text)
      } else {
        self = .pending(pod.unschedulable ?? pod.waiting?.reason ?? "")
      }
    }
  }

  /// Why a pod has ended, or was deleted.
  public static func cause(of pod: PodState) -> FailureCause {
    if let disruption = pod.disruption { return .lost("its pod was ended: \(disruption)") }
    if pod.reason == "DeadlineExceeded" { return .timeout(seconds: Double(pod.deadline ?? 0)) }
    if !pod.reason.isEmpty {
      return .lost("its pod was ended: \(PodState.text(pod.reason, pod.message))")
    }
    if pod.ended?.reason == "OOMKilled" { return .outOfMemory(certain: true) }
    if pod.isBeingDeleted { return .lost("its pod \(pod.name) was deleted") }
    guard let end = pod.ended else { return .lost("its pod ended") }
    let text = PodState.text(end.reason == "Error" ? nil : end.reason, end.message)
    let more = text.isEmpty ? "" : " (\(text))"
    switch end.exitCode {
    case 0: return .lost("its pod ended without a report")
    case 126, 127, 128:
      return .notFound(
        "the executor could not be started in the pod: exit code \(end.exitCode)\(more); the image "
          + "needs hflow-job-execute")
    case 137: return .lost("its executor was killed (exit code 137)\(more)")
    default:
      return .lost("its executor ended with exit code \(end.exitCode) without a report\(more)")
    }
  }

  /// Why a pod is gone that this engine has not deleted.
  public static func causeOfDeletion(_ pod: PodState) -> FailureCause {
    let isKnown = pod.disruption != nil || !pod.reason.isEmpty || pod.phase == "Failed"
    return isKnown ? cause(of: pod) : .lost("its pod \(pod.name) was deleted")
  }
}

/// The state of a Job according to Kubernetes.
public struct JobState: Sendable, Equatable {
  public var name: String
  /// The ids of its jobs, from the annotation.
  public var jobs: [String]
  /// What its worker's name ends with, if it runs one.
  var worker: String?
  public var isBeingDeleted: Bool
  /// The reason of its condition `Failed`.
  var failure: String?
  var isComplete: Bool
  var deadline: Int?

  init?(_ json: JSON) {
    guard json["kind"]?.string == "Job", let name = json["metadata"]?["name"]?.string else {
      return nil
    }
    self.name = name
    let metadata = json["metadata"]
    jobs = (metadata?["annotations"]?[KubernetesLabels.jobs]?.string ?? "")
      .split(separator: " ").map(String.init)
    worker = metadata?["labels"]?[KubernetesLabels.worker]?.string
    isBeingDeleted = metadata?["deletionTimestamp"]?.string != nil
    deadline = json["spec"]?["activeDeadlineSeconds"]?.int
    let conditions = json["status"]?["conditions"]?.array ?? []
    let trueConditions = conditions.filter { $0["status"]?.string == "True" }
    isComplete = trueConditions.contains { $0["type"]?.string == "Complete" }
    // `FailureTarget` is set before `Failed`, while pods are still ending.
    let failed = trueConditions.first { $0["type"]?.string == "Failed" }
    failure = (failed ?? trueConditions.first { $0["type"]?.string == "FailureTarget" }).map {
      PodState.text($0["reason"]?.string, $0["message"]?.string)
    }
  }

  /// Why its jobs have ended, if no pod has a cause; `nil` while it runs.
  public var cause: FailureCause? {
    if let failure {
      if failure.hasPrefix("DeadlineExceeded") {
        return .timeout(seconds: Double(deadline ?? 0))
      }
      return .lost("its Job failed: \(failure)")
    }
    return isComplete ? .lost("its Job ended without a report") : nil
  }
}
