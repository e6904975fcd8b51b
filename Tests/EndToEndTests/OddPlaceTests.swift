import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Jobs whose output stays open after the program's exit, and programs in unusual environments.
@Suite struct OddPlaceTests {
  private static func mayUnshare(_ options: String...) -> Bool {
    var request = SpawnRequest("unshare", options + ["true"])
    request.standardError = .null
    return (try? Child.spawn(request))?.wait()?.status == .exited(0)
  }

  private static let mayHideProc = mayUnshare("-m")
  private static let fakeTime = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  ].first(where: Files.exists)

  @Test func `a dependant starts when the job before it has closed its output`() async throws {
    let place = try Workspace(
      Samples.chain(
        "(sleep 0.7; echo whole > result) & echo begun", "cat result", "cat result"))
    let run = try await Program.run(["run", place.path, "--headless"])
    #expect(run.exitCode == 0, "\(run.output)")
    let log = try await Program.run(["logs", "-C", place.path, "last", "c:1"])
    #expect(log.output == "whole\n")
  }

  @Test func `config.drain comes from the workflow, also for signed jobs`() async throws {
    let job = Samples.job("serve", "sleep 1000 & echo $! > pid", ins: #""s""#, outs: "")
    let text = Samples.workflow([job], signals: #"{"name": "s", "data": [{}]}"#)
    let place = try Workspace(
      text.replacing(#""config": {"#, with: #""config": {"drain": 0.5, "#))
    let run = try await Program.run(
      ["run", place.path, "--headless"],
      environment: ["HFLOW_SIGNING_KEY": "a secret of more than twenty bytes"])
    #expect(run.exitCode == 0, "\(run.output) \(run.errors)")
    let pid = try #require(Int32(place.text("pid").split(separator: "\n").first ?? ""))
    #expect(kill(pid, SIGKILL) == 0, "it lived on")
    let log = try await Program.run(
      ["logs", "-C", place.path, "last", "serve:1", "--stderr"])
    #expect(log.output.contains("no output and no work for 0.5 s (config.drain)"))
  }

  private struct Crashed: Error {}

  @Test(.enabled(if: mayHideProc))
  func `commands work without a proc file system and take no live process for dead`() async throws {
    let place = try Workspace(Samples.chain("echo one", "echo two", "echo ran > ran.txt"))
    let script = "mount -t tmpfs none /proc && exec \"$0\" \"$@\""
    func hidden(_ arguments: String...) async throws -> Program.Result {
      // libdispatch itself ends a busy process that cannot read /proc/self/task.
      for _ in 0..<5 {
        let result = try await Program.run(
          ["-m", "sh", "-c", script, Program.hflow] + arguments, of: "unshare")
        let isCrash = result.status == .signalled(Int(SIGILL)) || result.exitCode == 132
        guard isCrash || result.errors.contains("signal 4 (ILL)") else { return result }
        for pid in place.processes() { kill(pid, SIGKILL) }
      }
      throw Crashed()
    }
    let run = try await hidden("run", place.path, "--headless", "--new")
    #expect(run.exitCode == 0, "\(run.output) \(run.errors)")
    #expect(place.text("ran.txt") == "ran\n")
    #expect(try await hidden("list", "-C", place.path).output.contains("succeeded"))
    #expect(try await hidden("nonsense").exitCode == 2)
    let detached = try await hidden("run", place.path, "--detach", "--new")
    #expect(detached.exitCode == 0, "\(detached.errors)")
    #expect(eventually("the run has closed") { place.processes().isEmpty })
  }

  /// A job sets the clock of all processes of the run forward by an hour, then back by two.
  @Test(.enabled(if: fakeTime != nil))
  func `setting the clock changes no time of a run`() async throws {
    let place = try Workspace(
      Samples.chain("echo +1h > clock; sleep 0.3", "echo -1h > clock; sleep 0.3", "sleep 0.3"))
    try place.write("+0", to: "clock")
    // Redis cannot run with that library.
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/data", socketDirectory: place.path,
        logFile: "\(place.path)/redis.log"))
    defer { server.stop() }
    let environment = [
      "LD_PRELOAD": Self.fakeTime, "FAKETIME_TIMESTAMP_FILE": "\(place.path)/clock",
      "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    ]
    let run = try await Program.run(
      ["run", place.path, "--headless", "--json", "--redis", server.url.text],
      environment: environment)
    #expect(run.exitCode == 0, "\(run.errors)")
    let times = run.events.compactMap { $0["time"]?.int }
    #expect(times.count > 10)
    #expect(times == times.sorted())
    #expect((times.last ?? 0) - (times.first ?? 0) < 1_800_000)
    let logs = run.events.compactMap { $0["wall"]?.int }
    #expect(logs.allSatisfy { $0 < 1_800_000 })
  }
}
