import JobProtocol

/// What a host reported about itself before its first worker was started.
struct HostProbe: Equatable {
  var host: String
  /// Milliseconds since 1970 on its clock; `nil` if the host did not report it.
  var time: Int?
  /// When the host was asked and when it had answered, on our clock.
  var asked: Int
  var answered: Int
  var hasDirectory: Bool
  var probe: String
  var executor: String?
  var version: String
  var executorRuns: Bool
  /// Its private directory for the worker.
  var place: String
  /// Where files are copied to; `nil` if it could not be made.
  var work: String?
  var hasRsync: Bool
  /// The worker of a former engine that still runs there.
  var worker: Int?

  /// The largest permitted difference of the clocks, in milliseconds: signed orders and the times
  /// of jobs depend on it.
  static let clockTolerance = 5_000

  init?(_ answers: [String: String], asked: Int, answered: Int) {
    guard answers["end"] != nil, let place = answers["place"] else { return nil }
    host = answers["host"] ?? ""
    time = answers["time"].flatMap { Int($0) }
    self.asked = asked
    self.answered = answered
    hasDirectory = answers["directory"] == "yes"
    probe = answers["probe"] ?? ""
    executor = answers["executor"]
    version = answers["version"] ?? ""
    executorRuns = answers["code"] == "0"
    self.place = place
    work = answers["work"]
    hasRsync = !(answers["rsync"] ?? "").isEmpty
    worker = answers["worker"].flatMap { Int($0) }
  }

  /// How far the host's clock is ahead at least, in milliseconds; negative if it is behind.
  var clockOffset: Int {
    guard let time else { return 0 }
    if time > answered { return time - answered }
    return time < asked ? time - asked : 0
  }

  /// What is wrong with the host, one line for each, with what to do.
  func mistakes(
    named name: String, directory: String, probe expected: String?, wanted: String?,
    isStaged: Bool = false
  ) -> [String] {
    var lines: [String] = []
    if let executor {
      if !executorRuns {
        lines.append(
          "\(executor) does not run there (\(version)); copy this one there with: hflow-tui sites "
            + "--install SITE")
      } else if version != ExecutorVersion.text {
        lines.append(
          "\(executor) there is \(version), here it is \(ExecutorVersion.text); copy this one "
            + "there with: hflow-tui sites --install SITE")
      }
    } else {
      let place = wanted.map { "there is no executable \($0)" } ?? "hflow-job-execute is not there"
      lines.append(
        "\(place); copy it there with: hflow-tui sites --install SITE, or name its path with "
          + "executor in hflow-sites.toml")
    }
    if isStaged {
      if !hasRsync { lines.append("rsync is not there; install it: stage = \"rsync\" needs it") }
      if work == nil {
        lines.append(
          "no directory for copied files can be made; name one with directory in hflow-sites.toml")
      }
    } else if !hasDirectory {
      lines.append(
        "there is no directory \(directory); jobs run in it, so share it under the same path "
          + "(NFS), or have files copied: stage = \"rsync\"")
    } else if let expected, probe != expected {
      lines.append(
        "\(directory) there is another directory, not the run's; share it under the same path "
          + "(NFS), or have files copied: stage = \"rsync\""
      )
    }
    if abs(clockOffset) > Self.clockTolerance {
      let seconds = abs(clockOffset) / 1000
      lines.append(
        "its clock is \(seconds) s \(clockOffset > 0 ? "ahead" : "behind"); set it, for example "
          + "with NTP")
    }
    if place.isEmpty { lines.append("no directory can be created in its /tmp; free space there") }
    return lines.map { "\(name): \($0)" }
  }
}
