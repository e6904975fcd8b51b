import Glibc
import Posix
import Testing

/// Jobs that write very much: no process that passes on, keeps or shows the output needs more
/// memory for it, files have all of it, and lines that were not shown live are counted.
@Suite(.serialized) struct FloodTests {
  /// The memory limit of each process of the run, whatever its jobs write.
  private static let limitKilobytes = 150_000

  /// `flood` jobs, and a job after them that waits while the processes are measured.
  private func workspace(_ floods: [String]) throws -> Workspace {
    var jobs = floods.indices.map { index in
      Samples.job(
        "flood", "until test -e start; do sleep 0.05; done; \(floods[index])", ins: #""go""#,
        outs: #""d\#(index)""#)
    }
    let ends = floods.indices.map { #""d\#($0)""# }.joined(separator: ", ")
    jobs.append(
      Samples.job(
        "last", "touch flooded; until test -e enough; do sleep 0.05; done", ins: ends, outs: ""))
    let signals = floods.indices.map { #"{"name": "d\#($0)"}"# }.joined(separator: ", ")
    return try Workspace(
      Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}, \#(signals)"#))
  }

  /// The peak memory of each process of the run, in kilobytes. Redis has another directory; it is
  /// found by its parent.
  private func peaks(_ place: Workspace) -> [(name: String, kilobytes: Int)] {
    let here = Set(place.processes().map { Int($0) })
    return ProcessTable.commandLines.compactMap { pid, words in
      let status = (try? Files.read("/proc/\(pid)/status")) ?? []
      var figures: [Substring: Int] = [:]
      for line in String(decoding: status, as: UTF8.self).split(separator: "\n") {
        let parts = line.split { " \t".contains($0) }
        if parts.count > 1, let number = Int(parts[1]) { figures[parts[0]] = number }
      }
      guard let peak = figures["VmHWM:"], here.contains(pid) || here.contains(figures["PPid:"] ?? 0)
      else { return nil }
      // A server writes its whole command line into one argument.
      let line = words.joined(separator: " ").split(separator: " ").prefix(2)
      return (line.map { $0.split(separator: "/").last ?? "" }.joined(separator: " "), peak)
    }
  }

  /// Runs the workflow with a watcher and with `logs --follow` for the first job. Returns how many
  /// lines were followed, and how many were reported as missing.
  private func flood(_ place: Workspace, slots: Int) async throws -> Program.Result {
    let engine = Task {
      try await Program.run(
        ["run", ".", "--headless", "--slots", "\(slots)"], directory: place.path)
    }
    _ = try await onThread {
      eventually("the run can be found") {
        Files.list(Files.join(place.path, ".hflow/runs")).contains {
          Files.exists(Files.join(place.path, ".hflow/runs/\($0)/run.json"))
        }
      }
    }
    async let watcher = Program.run(["watch", "last", "--plain"], directory: place.path)
    let follow = "'\(Program.hflow)' logs last flood:1 --follow | wc -l"
    async let follower = Program.run(["-c", follow], of: "/bin/sh", directory: place.path)
    _ = try await onThread {
      eventually("everybody is there") {
        let names = self.peaks(place).map(\.name)
        return names.contains("hflow-tui watch") && names.contains("hflow-tui logs")
      }
    }
    try place.write("", to: "start")
    _ = try await onThread {
      eventually("the floods are over") { Files.exists(Files.join(place.path, "flooded")) }
    }
    let peaks = peaks(place)
    for program in ["hflow-tui run", "hflow-tui watch", "hflow-job-execute", "redis-server"] {
      #expect(peaks.contains { $0.name.hasPrefix(program) }, "\(program) is not there")
    }
    for (name, kilobytes) in peaks {
      #expect(kilobytes < Self.limitKilobytes, "\(name) needed \(kilobytes) KB")
    }
    try place.write("", to: "enough")
    let ended = try await engine.value
    #expect(ended.exitCode == 0, "\(ended.output)\(ended.errors)")
    #expect(try await watcher.exitCode == 0)
    return try await follower
  }

  @Test func `a gigabyte of output is in the file and not in memory`() async throws {
    let size = 1 << 30
    let place = try workspace(["yes 'a line as long as lines are' | head -c \(size)"])
    let followed = try await flood(place, slots: 2)
    let logs = Files.list(Files.join(place.path, "logs-hf")).filter { $0.contains("stdout") }
    #expect(logs.map { Files.size(Files.join(place.path, "logs-hf/\($0)")) }.contains(size))
    // A line that is cut by a gap counts on both sides.
    let shown = Int(followed.output.filter(\.isNumber)) ?? 0
    let missing = followed.errorLines.compactMap { line in
      line.contains("lines that came too fast")
        ? line.split(separator: " ").lazy.compactMap { Int($0) }.first : nil
    }
    let all = size / "a line as long as lines are\n".utf8.count
    let difference = abs(shown + missing.reduce(0, +) - all)
    let isTold = followed.errors.contains("pieces were removed from Redis; complete output:")
    #expect(isTold || difference <= 2 + missing.count, "\(shown) shown, \(followed.errors)")
  }

  @Test func `ten thousand lines per second from each of eight jobs are in files`()
    async throws
  {
    let talk = """
      beat=0; while test $beat -lt 100; do
        seq $((beat * 300)) $((beat * 300 + 299)); beat=$((beat + 1)); sleep 0.02;
      done
      """.replacing("\n", with: " ")
    let place = try workspace(Array(repeating: talk, count: 8))
    _ = try await flood(place, slots: 8)
    let logs = Files.list(Files.join(place.path, "logs-hf")).filter { $0.contains("stdout") }
    #expect(logs.count == 8)
    let expected = (0..<30_000).map { "\($0)\n" }.joined()
    for log in logs { #expect(place.text("logs-hf/\(log)") == expected, "\(log)") }
  }
}
