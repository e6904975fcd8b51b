/// Names and labels that Kubernetes accepts.
enum JobName {
  /// Kubernetes puts a Job's name into a label of its pods, which has at most 63 characters;
  /// templates may add some.
  static let limit = 52

  /// `${jobName}` as HyperFlow makes it: a random part, the process's name, its number, the firing;
  /// only `[0-9a-z-]`. Here the random part follows from the jobs, so a submission that is repeated
  /// has the same name, and Kubernetes refuses the second one.
  static func text(process: String, number: Int, firing: Int, jobs: [String]) -> String {
    let head = token(jobs.joined(separator: " ")) + "-"
    let tail = "-\(number)-\(firing)"
    let name = String(clean(process).prefix(max(1, limit - head.count - tail.count)))
    return head + name + tail
  }

  static func clean(_ text: String) -> String {
    let characters = text.map { $0 == "_" ? "-" : $0 }.filter {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
    }
    return String(characters).lowercased()
  }

  /// Seven characters that follow from a text.
  private static func token(_ text: String) -> String {
    let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 36)
    return String((String(repeating: "0", count: 7) + digits).suffix(7))
  }
}

/// The labels by which a run finds the objects that it has created.
public enum KubernetesLabels {
  /// On Jobs, pods and Secrets: the run's id.
  static let run = "hflow-tui/run"
  /// On Jobs and pods: the site's name.
  static let site = "hflow-tui/site"
  /// On Jobs and pods of workers: the token at the end of the worker's name.
  static let worker = "hflow-tui/worker"
  /// On Jobs and pods: the first job, with `.` for `:`.
  static let job = "hflow-tui/job"
  /// An annotation of Jobs: the ids of all jobs, separated by spaces.
  static let jobs = "hflow-tui/jobs"

  static func value(ofJob id: String) -> String {
    String(id.replacing(":", with: ".").suffix(63))
  }
}
