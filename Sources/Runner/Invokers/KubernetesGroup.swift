import JobProtocol
import Posix
import Sites

/// A Job of Kubernetes: one job, or several that its executor runs one after the other.
struct KubernetesGroup: Sendable {
  enum Step: Sendable {
    /// Submitted to the engine's side only.
    case ready
    /// Its creation was asked for.
    case creating
    case created
  }

  let tasks: [KubernetesTask]
  /// The jobs that have not ended.
  var members: [JobID]
  let place: KubernetesPlace
  var step = Step.ready
  var pod: PodState?
  /// When it was created, in monotonic milliseconds.
  var since = 0
  /// No report is expected any more.
  var isOver = false
  /// Kubernetes would start another pod after one that has failed.
  var isRestarted = false
  var reason = ""

  /// Whether a container may have started.
  var mayHaveStarted: Bool {
    switch pod?.phase {
    case nil, "Pending": false
    default: true
    }
  }
}

/// The Secret that executors of a run need, if any.
struct KubernetesSecrets: Sendable {
  /// The URL of Redis with its password.
  var redisURL: String?
  var signingKey: String?
}
