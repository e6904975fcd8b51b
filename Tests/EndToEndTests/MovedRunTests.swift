import Glibc
import JSONValue
import Posix
import Testing

/// The directory of a workflow is moved, with its runs in it.
@Suite(.timeLimit(.minutes(5))) struct MovedRunTests {
  /// A workspace whose workflow is in a directory that can be moved.
  private struct Movable {
    let place: Workspace
    var here: String { Files.join(place.path, "before") }
    var there: String { Files.join(place.path, "after") }

    init(_ workflow: String) throws {
      place = try Workspace()
      try Files.makeDirectory(Files.join(place.path, "before"))
      try place.write(workflow, to: "before/workflow.json")
    }

    func move() { #expect(rename(here, there) == 0) }

    func killRedis() {
      let servers = place.processes().filter { pid in
        let name = (try? Files.read("/proc/\(pid)/comm")) ?? []
        return String(decoding: name, as: UTF8.self) == "redis-server\n"
      }
      #expect(servers.count == 1)
      for pid in servers { kill(pid, SIGKILL) }
    }

    /// Runs of a directory that was moved are not where `Workspace` looks for them.
    func close(_ run: String) async throws {
      _ = try await Program.run(["remove", run, "-C", there])
    }
  }

  private let failing = "echo $PWD; test -e fixed"

  private func runID(in directory: String) throws -> String {
    try #require(Files.list(Files.join(directory, ".hflow/runs")).first)
  }

  @Test func `a moved closed run is shown, reported and retried in its new place`() async throws {
    let moved = try Movable(Samples.chain("echo one; pwd", failing, "pwd > where"))
    let first = try await Program.run(["run", moved.here, "--headless"])
    #expect(first.exitCode == 1, "\(first)")
    moved.move()
    let list = try await Program.run(["list", "--json"], directory: moved.there)
    let entry = try #require(try JSON(parsing: list.output).array?.first)
    #expect(entry["workflow"]?.string == "\(moved.there)/workflow.json")
    #expect(entry["state"]?.string == "closed")
    let logs = try await Program.run(["logs", "last", "a"], directory: moved.there)
    #expect(logs.output == "one\n\(moved.here)\n", "\(logs)")
    let report = try await Program.run(["report", "last", "--json"], directory: moved.there)
    #expect(try JSON(parsing: report.output)["directory"]?.string == moved.there, "\(report)")
    try moved.place.write("", to: "after/fixed")
    let retry = try await Program.run(
      ["retry", "last", "--failed", "-C", moved.there], directory: "/")
    #expect(retry.exitCode == 0, "\(retry)")
    #expect(
      await wasTrue("the rest ran where the directory is now") {
        moved.place.text("after/where") == moved.there + "\n"
      })
    #expect(!Files.exists(moved.here), "nothing is made at the former place")
    try await moved.close("last")
  }

  @Test func `a moved interrupted run is resumed in its new place`() async throws {
    let moved = try Movable(
      Samples.chain("touch started; while ! test -e go; do sleep 0.05; done", "pwd", "pwd > where"))
    let engine = try await Program.run(["run", moved.here, "--headless"]) { child in
      _ = eventually("the job runs") { Files.exists("\(moved.here)/started") }
      child.send(SIGKILL)
    }
    #expect(engine.status == .signalled(Int(SIGKILL)))
    moved.move()
    try moved.place.write("", to: "after/go")
    let resumed = try await Program.run(
      ["resume", "--headless"], directory: moved.there)
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(moved.place.text("after/where") == moved.there + "\n")
    #expect(!Files.exists(moved.here))
    try await moved.close("last")
  }

  @Test func `a copy of an interrupted run does not touch the original`() async throws {
    let moved = try Movable(
      Samples.chain("touch started; while ! test -e go; do sleep 0.05; done", "true", "pwd > where")
    )
    _ = try await Program.run(["run", moved.here, "--headless"]) { child in
      _ = eventually("the job runs") { Files.exists("\(moved.here)/started") }
      child.send(SIGKILL)
    }
    let copying = try await Program.run(["-a", moved.here, moved.there], of: "/bin/cp")
    #expect(copying.exitCode == 0)
    let resumed = try await Program.run(["resume", "--headless"], directory: moved.there)
    #expect(resumed.exitCode == 2, "\(resumed)")
    #expect(resumed.errors.contains("this is a copy of run"), "\(resumed)")
    #expect(resumed.errors.contains("-C \(moved.here)"), "\(resumed)")
    // Viewing and removing the copy does not touch the original's Redis and worker.
    let list = try await Program.run(["list", "--json"], directory: moved.there)
    #expect(try JSON(parsing: list.output).array?.first?["state"]?.string == "interrupted")
    let report = try await Program.run(["report", "last", "--json"], directory: moved.there)
    #expect(report.exitCode == 0, "\(report)")
    let removal = try await Program.run(["remove", "last", "-C", moved.there])
    #expect(removal.exitCode == 0, "\(removal)")
    try moved.place.write("", to: "before/go")
    let original = try await Program.run(["resume", "--headless"], directory: moved.here)
    #expect(original.exitCode == 0, "\(original)")
    #expect(!original.output.contains("lost"), "\(original)")
    #expect(moved.place.text("before/where") == moved.here + "\n")
    _ = try await Program.run(["remove", "last", "-C", moved.here])
  }

  @Test(arguments: [false, true])
  func `a moved running run follows its directory, and so does its Redis`(
    redisDies: Bool
  ) async throws {
    let moved = try Movable(
      Samples.chain(
        "touch started; while ! test -e go; do sleep 0.05; done", "pwd > second", "pwd > third"))
    let result = try await Program.run(["run", moved.here, "--headless"]) { _ in
      _ = eventually("the job runs") { Files.exists("\(moved.here)/started") }
      moved.move()
      if redisDies { moved.killRedis() }
      try? moved.place.write("", to: "after/go")
    }
    #expect(result.exitCode == 0, "\(result)")
    #expect(moved.place.text("after/third") == moved.there + "\n")
    #expect(!Files.exists(moved.here), "nothing is made at the former place")
    let list = try await Program.run(["list", "--json"], directory: moved.there)
    let entry = try #require(try JSON(parsing: list.output).array?.first)
    #expect(entry["state"]?.string == "closed", "\(list)")
    #expect(entry["status"]?.string == "succeeded")
    try await moved.close("last")
  }

  @Test func `a run whose workflow directory is gone says so`() async throws {
    let moved = try Movable(Samples.chain("true", "false", "true"))
    // If the workflow's directory cannot be written, the run's files are elsewhere.
    try moved.place.write("", to: "before/.hflow")
    let state = Files.join(moved.place.path, "state")
    let environment = ["XDG_STATE_HOME": state]
    let first = try await Program.run(["run", moved.here, "--headless"], environment: environment)
    #expect(first.exitCode == 1, "\(first)")
    moved.move()
    let retry = try await Program.run(
      ["retry", "last", "--failed", "-C", moved.there], environment: environment)
    #expect(retry.exitCode == 3, "\(retry)")
    #expect(retry.errorLines.count == 1)
    #expect(retry.errors.contains("no longer exists: \(moved.here); move it"), "\(retry)")
    _ = try await Program.run(["remove", "last", "-C", moved.there], environment: environment)
  }

  private func wasTrue(_ what: String, _ isTrue: @escaping @Sendable () -> Bool) async -> Bool {
    (try? await onThread { eventually(what) { isTrue() } }) ?? false
  }
}

/// Directories with names that many programs cannot handle.
@Suite(.timeLimit(.minutes(5))) struct OddDirectoryTests {
  @Test(arguments: [
    "two words", "it's \"quoted\"", "line\nbreak", "-begins", "d\\back$slash;&*?[x]", "über 東京 🙂",
    String(repeating: "long", count: 60),
  ])
  func `a workflow runs in a directory with any name`(name: String) async throws {
    let place = try Workspace()
    let directory = Files.join(place.path, name)
    try Files.makeDirectory(directory)
    try place.write(Samples.chain("pwd > where", "echo two", "true"), to: "\(name)/workflow.json")
    let run = try await Program.run(["run", "--headless", "."], directory: directory)
    #expect(run.exitCode == 0, "\(run)")
    #expect(place.text("\(name)/where") == directory + "\n")
    let logs = try await Program.run(["logs", "last", "b"], directory: directory)
    #expect(logs.output == "two\n", "\(logs)")
    // The user's state directory may have runs of other workflows.
    let list = try await Program.run(
      ["list", "-C", directory],
      environment: ["XDG_STATE_HOME": Files.join(place.path, "state")], directory: "/")
    #expect(list.output.split(separator: "\n").count == 2, "\(list)")
  }

  /// A path that is nearly too long for the system, so that the run's own files do not fit in.
  @Test func `a run in a very long path works`() async throws {
    let place = try Workspace()
    var directory = place.path
    while directory.utf8.count < 4000 {
      directory += "/" + String(repeating: "d", count: min(200, 4030 - directory.utf8.count))
    }
    try Files.makeDirectory(directory)
    try Files.write(
      Array(Samples.chain("true", "true", "true").utf8), to: "\(directory)/workflow.json")
    let result = try await Program.run(
      ["run", "--headless", directory],
      environment: ["XDG_STATE_HOME": Files.join(place.path, "state")])
    #expect(result.exitCode == 0, "\(result)")
    #expect(result.output.contains("cannot be used (File name too long)"), "\(result)")
  }

  /// A Swift string cannot have bytes that are not UTF-8, so a shell creates them.
  private func shell(_ script: String, in place: Workspace) async throws -> Program.Result {
    try await Program.run(
      ["-c", "d=$(printf 'caf\\351'); mkdir -p \"$d\"; \(script)", "sh", Program.hflow],
      of: "/bin/sh",
      directory: place.path)
  }

  @Test(arguments: [
    "cp workflow.json \"$d\"; \"$1\" run --headless \"$d\"",
    "cp workflow.json \"$d\"; cd \"$d\"; \"$1\" run --headless .",
    "cp workflow.json \"$d\"; cd \"$d\"; \"$1\" run --headless workflow.json",
    "cd \"$d\"; \"$1\" list", "\"$1\" list -C \"$d\"", "cd \"$d\"; \"$1\" resume --headless",
    "cp workflow.json \"$d\"; cd \"$d\"; \"$1\" validate .",
  ])
  func `a directory that is not UTF-8 is a one-line error`(script: String) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await shell(script, in: place)
    #expect(result.exitCode == 2, "\(result)")
    let lines = (result.output + result.errors).split(separator: "\n")
    #expect(lines.count == 1, "\(result)")
    #expect(lines.first?.contains("not UTF-8") == true, "\(result)")
    #expect(!Files.exists(Files.join(place.path, ".hflow")))
  }
}
