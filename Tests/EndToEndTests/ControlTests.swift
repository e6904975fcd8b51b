import Glibc
import JSONValue
import Posix
import Testing

/// Steering a run from the command line.
@Suite(.timeLimit(.minutes(5))) struct ControlTests {
  /// `first` waits for the file `go`, `second` for `first`; `bad` fails unless GOOD is set.
  private static let workflow = Samples.workflow(
    [
      Samples.job("first", "until [ -e go ]; do sleep 0.05; done", ins: #""s""#, outs: #""x""#),
      Samples.job("second", "echo second", ins: #""x""#, outs: ""),
      Samples.job("bad", "echo no good >&2; [ -n \"$GOOD\" ]", ins: #""t""#, outs: #""y""#),
      Samples.job("after", "echo after", ins: #""y""#, outs: ""),
    ],
    signals: #"{"name": "s", "data": [{}]}, {"name": "t", "data": [{}]}, {"name": "x"}, "#
      + #"{"name": "y"}"#)

  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(arguments, directory: place.path)
  }

  /// The engine says that a run is closed a moment before it ends.
  private func hasEnded(_ place: Workspace) async {
    _ = try? await onThread {
      #expect(eventually("everything has ended") { place.processes().isEmpty })
    }
  }

  private func live() async throws -> Workspace {
    let place = try Workspace(Self.workflow)
    let started = try await hflow(place, "run", ".", "--detach", "--slots", "1")
    #expect(started.exitCode == 0)
    return place
  }

  /// A run that has ended with `bad` failed.
  private func closed() async throws -> Workspace {
    let place = try Workspace(Self.workflow)
    try place.write("", to: "go")
    #expect(try await hflow(place, "run", ".", "--headless").exitCode == 1)
    return place
  }

  @Test func `a live run is paused, steered and continued`() async throws {
    let place = try await live()
    let pause = try await hflow(place, "pause", "last")
    #expect(pause.exitCode == 0)
    #expect(pause.output.contains(": paused"))
    #expect(try await place.listedRun()["state"] == "paused")
    #expect(try await hflow(place, "pause", "last").exitCode == 2)
    #expect(try await hflow(place, "slots", "last", "3").output.hasSuffix(": 3 slots\n"))
    #expect(try await hflow(place, "fail-fast", "last", "on").output.contains("fail-fast is on"))
    #expect(try await hflow(place, "fail-fast", "last", "off").exitCode == 0)
    #expect(try await hflow(place, "drain", "last", "nobody").errors.contains("workers: "))
    #expect(try await hflow(place, "hold", "last", "second:1").output == "second:1: held\n")
    #expect(try await hflow(place, "hold", "last", "--process", "after").output == "after: held\n")
    #expect(try await hflow(place, "continue", "last").output.contains(": continued"))
    try place.write("", to: "go")
    try await place.wait(for: "second is kept back") { $0["tasks"]?["succeeded"] == 1 }
    #expect(try await hflow(place, "release", "last", "second:1").output == "second:1: released\n")
    try await place.wait(for: "the run is over") { $0["state"] == "closed" }
    #expect(try await place.listedRun()["tasks"]?["succeeded"] == 2)
  }

  @Test func `a running task is cancelled and a stopped run ends`() async throws {
    let place = try await live()
    try await place.wait(for: "first runs") { $0["tasks"]?["running"] == 1 }
    #expect(try await hflow(place, "cancel", "last", "first").output == "first:1: cancelled\n")
    try await place.wait(for: "first is cancelled") { $0["tasks"]?["cancelled"] == 1 }
    let other = try await live()
    let stop = try await hflow(other, "stop", "last")
    #expect(stop.exitCode == 0)
    try await other.wait(for: "the run has stopped") { $0["state"] == "closed" }
    #expect(try await other.listedRun()["status"] == "cancelled")
    await hasEnded(other)
  }

  @Test func `a run whose jobs are ending is shown as stopping`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job(
            "job", "echo $PPID > worker; until [ -e go ]; do sleep 0.05; done",
            ins: #""s""#, outs: "")
        ], signals: #"{"name": "s", "data": [{}]}"#))
    // A job that gets TERM is killed five seconds later, which may be before the commands below
    // have finished. So its worker is suspended until then. With this heartbeat interval it does
    // not count as lost.
    let run = try await Program.run(
      ["run", ".", "--detach"], environment: ["HFLOW_HEARTBEAT": "3600"], directory: place.path)
    #expect(run.exitCode == 0)
    #expect(eventually("its job runs") { place.text("worker").hasSuffix("\n") })
    let worker = try #require(Int32(place.text("worker").dropLast()))
    #expect(try await hflow(place, "close", "last").errors.contains("is still running"))
    kill(worker, SIGSTOP)
    #expect(try await hflow(place, "stop", "last").exitCode == 0)
    for command in ["close", "stop"] {
      let result = try await hflow(place, command, "last")
      #expect(result.exitCode == 2)
      #expect(result.errors.contains("is already stopping"), "\(result.errors)")
      let list = try await Program.run(["list", "-C", place.path])
      #expect(list.output.contains("▶ stopping"), "\(list.output)")
    }
    kill(worker, SIGCONT)
    try await place.wait(for: "the run has stopped") { $0["state"] == "closed" }
    await hasEnded(place)
  }

  @Test func `a closed run is retried with an edit and closes again`() async throws {
    let place = try await closed()
    let retry = try await hflow(place, "retry", "last", "bad", "--env", "GOOD=1")
    #expect(retry.exitCode == 0, "\(retry.errors)")
    #expect(retry.output.contains("is closed (failed); restarting its engine\n"))
    #expect(retry.output.hasSuffix("bad:1: attempt 2, edited\n"))
    try await place.wait(for: "the run has succeeded") { $0["state"] == "closed" }
    #expect(try await place.listedRun()["status"] == "succeeded")
    #expect(try await hflow(place, "logs", "last", "after:1").output == "after\n")
    await hasEnded(place)
  }

  @Test func `all failed tasks are retried or skipped`() async throws {
    let place = try await closed()
    let retry = try await hflow(place, "retry", "last", "--failed")
    #expect(retry.output.hasSuffix("bad:1: attempt 2\n"))
    try await place.wait(for: "it has failed again") { $0["state"] == "closed" }
    let skip = try await hflow(place, "skip", "last", "state:failed")
    #expect(skip.output.hasSuffix("bad:1: skipped\n"))
    try await place.wait(for: "the run has succeeded") { $0["status"] == "succeeded" }
    #expect(try await hflow(place, "retry", "last", "--failed").errors.contains("no task"))
  }

  @Test func `a task whose outputs were used is retried alone or with its users`() async throws {
    let place = try await closed()
    let unsaid = try await hflow(place, "retry", "last", "first:1")
    #expect(unsaid.exitCode == 2)
    #expect(unsaid.errors.contains("second:1 already used the outputs"))
    let both = try await hflow(place, "retry", "last", "first:1", "--downstream")
    #expect(both.exitCode == 0)
    try await place.wait(for: "second has run again") { $0["state"] == "closed" }
    let csv = try await hflow(place, "report", "last", "--csv").output
    #expect(csv.contains("second:1,2,1,second,succeeded,1,2,upstream,succeeded"))
  }

  @Test func `an edited command line is run, and earlier attempts keep their output`() async throws
  {
    let place = try await closed()
    let command = "sh -c 'echo edited: $1' x 'two words'"
    let retry = try await hflow(place, "retry", "last", "bad:1", "--command", command)
    #expect(retry.exitCode == 0, "\(retry.errors)")
    try await place.wait(for: "the run has succeeded") { $0["status"] == "succeeded" }
    #expect(try await hflow(place, "logs", "last", "bad:1").output == "edited: two words\n")
    #expect(
      try await hflow(place, "logs", "last", "bad:1", "--attempt", "1").output == "no good\n")
  }

  @Test(arguments: ["./edit", "EDITED=yes ./edit"])
  func `a command line is edited in the editor, quoted as for a shell`(
    editor: String
  ) async throws {
    let place = try await closed()
    try place.write(
      "#!/bin/sh\ncp \"$1\" was; printf 'echo edited:\\n\"two words\"\\n' > \"$1\"\n", to: "edit",
      isExecutable: true)
    let retry = try await Program.run(
      ["retry", "last", "bad:1", "--edit-args"],
      environment: ["VISUAL": nil, "EDITOR": editor], directory: place.path)
    #expect(retry.exitCode == 0, "\(retry.errors)")
    #expect(place.text("was") == "sh\n-c\n'echo no good >&2; [ -n \"$GOOD\" ]'\n")
    try await place.wait(for: "the run has succeeded") { $0["status"] == "succeeded" }
    #expect(try await hflow(place, "logs", "last", "bad:1").output == "edited: two words\n")
  }

  @Test(arguments: ["false", "no such editor", ""])
  func `an editor that fails changes nothing`(editor: String) async throws {
    let place = try await closed()
    let retry = try await Program.run(
      ["retry", "last", "bad:1", "--edit-args"],
      environment: ["VISUAL": nil, "EDITOR": editor], directory: place.path)
    #expect(retry.exitCode == 2)
    // The shell may print its reason first.
    #expect((1...2).contains(retry.errorLines.count), "\(retry.errors)")
    #expect(try await place.listedRun()["state"] == "closed")
    await hasEnded(place)
  }

  @Test func `errors are one line and change nothing`() async throws {
    let place = try await closed()
    let mistakes: [([String], Int)] = [
      (["retry", "last"], 2), (["retry", "last", "nothing:1"], 2),
      (["retry", "last", "after:1"], 2), (["retry", "last", "bad:1", "--timeout=-1"], 2),
      (["retry", "last", "bad:1", "--env", "X"], 2),
      (["retry", "last", "bad:1", "--command", "'"], 2), (["cancel", "last", "bad:1"], 2),
      (["pause", "last"], 2), (["slots", "last", "0"], 2), (["stop", "zzzz"], 2),
      (["logs", "last", "nothing"], 2), (["logs", "last", "bad:1", "--attempt", "7"], 2),
      (["logs", "last", "after:1"], 2),
    ]
    for (arguments, code) in mistakes {
      let result = try await Program.run(arguments, directory: place.path)
      #expect(result.exitCode == code, "\(arguments): \(result.errors)")
      let told = result.errorLines.filter { line in
        !["Usage:", "Help:", "  See"].contains { line.hasPrefix($0) }
      }
      #expect(told.count == 1, "\(arguments): \(result.errors)")
    }
    #expect(try await place.listedRun()["state"] == "closed")
    await hasEnded(place)
  }
}
