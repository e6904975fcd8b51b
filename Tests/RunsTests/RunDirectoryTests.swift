import Glibc
import JobProtocol
import Posix
import TestSupport
import Testing

@testable import Runs

/// Where runs keep their files.
@Suite final class RunDirectoryTests {
  private let place: String
  private let run = RedisServer.newRun()

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
  }

  deinit {
    Files.removeTree(place)
  }

  @Test func `the directory is beside the workflow and private`() throws {
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    #expect(directory.path == "\(place)/.hflow/runs/\(run)")
    var info = stat()
    #expect(stat(directory.path, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
  }

  /// Nobody, not even root, makes directories in /proc.
  @Test func `if the workflow directory is read-only, the state home is used`() throws {
    let directory = try RunDirectory.create(
      for: run, workflowDirectory: "/proc", stateHome: "\(place)/state")
    #expect(directory.path == "\(place)/state/hflow-tui/runs/\(run)")
    #expect(Files.isDirectory(directory.path))
  }

  @Test func `a path that cannot be written is named with its cause`() throws {
    let directory = try RunDirectory.create(
      for: run, workflowDirectory: "/proc", stateHome: "\(place)/state")
    #expect(directory.refusedPlace?.path == "/proc")
    #expect(directory.refusedPlace?.reason.isEmpty == false)
  }

  @Test func `the directory is followed when it is moved`() throws {
    let workflow = Files.join(place, "before")
    try Files.makeDirectory(workflow)
    let directory = try RunDirectory.create(for: run, workflowDirectory: workflow).following()
    #expect(directory.workflowDirectory == workflow)
    #expect(rename(workflow, Files.join(place, "after")) == 0)
    #expect(directory.path == "\(place)/after/.hflow/runs/\(run)")
  }

  @Test func `a moved description has the present workflow path`() throws {
    let (first, copy) = (Files.join(place, "first"), Files.join(place, "copy"))
    for workflow in [first, copy] { try Files.makeDirectory(workflow) }
    let here = try RunDirectory.create(for: run, workflowDirectory: first)
    let there = try RunDirectory.create(for: run, workflowDirectory: copy)
    let description = RunDescription(
      run: "\(run)", name: "n", workflowPath: "\(first)/other.json", redis: "unix:///s",
      hasPrivateRedis: true, enginePid: 5, startedAt: 6)
    #expect(description.located(by: here) == description)
    #expect(description.located(by: there).workflowPath == "\(copy)/other.json")
    // The same directory by another path is not a moved one.
    #expect(symlink(first, Files.join(place, "link")) == 0)
    let byLink = RunDirectory(besides: Files.join(place, "link"), run: "\(run)")
    #expect(description.located(by: byLink) == description)
    let elsewhere = RunDirectory(path: Files.join(place, "state/hflow-tui/runs/\(run)"))
    #expect(description.located(by: elsewhere) == description)
  }

  @Test func `a copy is distinguished from a moved run`() throws {
    let (first, copy) = (Files.join(place, "first"), Files.join(place, "copy"))
    try Files.makeDirectory(first)
    let here = try RunDirectory.create(for: run, workflowDirectory: first)
    var description = RunDescription(
      run: "\(run)", name: "n", workflowPath: "\(first)/workflow.json", redis: "unix:///s",
      hasPrivateRedis: true, enginePid: 5, startedAt: 6)
    description.nameEngine()
    try description.write(in: here)
    try Files.copyTree(first, to: copy)
    let there = RunDirectory(besides: copy, run: "\(run)")
    #expect(!here.isCopy)
    #expect(there.isCopy)
    #expect(RunDescription.original(of: there) == "\(first)/workflow.json")
    #expect(RunDescription.read(in: here)?.livingEngine == Environment.processID)
    #expect(RunDescription.read(in: there)?.livingEngine == nil)
    // Without the original, the copy is the run.
    Files.removeTree(first)
    #expect(!there.isCopy)
    #expect(RunDescription.read(in: there)?.livingEngine == Environment.processID)
  }

  @Test(.enabled(if: geteuid() == 0, "links of others are made by root"))
  func `another user's link is neither entered nor listed`() throws {
    try Files.makeDirectory(Files.join(place, "outside"))
    let outside = try RunDirectory.create(for: run, workflowDirectory: "\(place)/outside")
    let workflow = Files.join(place, "workflow")
    try Files.makeDirectory(workflow)
    let link = Files.join(workflow, ".hflow")
    #expect(symlink("../outside/.hflow", link) == 0)
    #expect(
      RunDirectory.all(workflowDirectory: workflow, stateHome: "/nowhere").count == 1,
      "one's own is followed")
    #expect(lchown(link, 65534, 65534) == 0)
    #expect(RunDirectory.all(workflowDirectory: workflow, stateHome: "/nowhere").isEmpty)
    let error = #expect(throws: RunnerError.self) {
      try RunDirectory.create(
        for: RedisServer.newRun(), workflowDirectory: workflow, stateHome: "\(self.place)/state")
    }
    #expect(error?.description.contains("\(link): it is a symbolic link") == true)
    #expect(Files.list(Files.parent(of: outside.path)) == ["\(run)"])
  }

  @Test(.enabled(if: geteuid() == 0, "directories of others are made by root"))
  func `no run is created in another user's directory`() throws {
    try Files.makeDirectory(Files.join(place, ".hflow/runs"))
    #expect(chown(Files.join(place, ".hflow"), 65534, 65534) == 0)
    let directory = try RunDirectory.create(
      for: run, workflowDirectory: place, stateHome: "\(place)/state")
    #expect(directory.path.hasPrefix("\(place)/state/"))
    #expect(directory.refusedPlace?.path == "\(place)/.hflow")
    #expect(directory.refusedPlace?.reason == "it belongs to another user (uid 65534)")
  }

  @Test func `without any possible directory the error says what to set`() throws {
    let error = #expect(throws: RunnerError.self) {
      try RunDirectory.create(
        for: self.run, workflowDirectory: "/proc", stateHome: "/proc/state")
    }
    #expect(error?.code == .infrastructure)
    #expect(error?.messages.count == 1)
    #expect(error?.description.contains("XDG_STATE_HOME") == true)
  }

  @Test func `the state home comes from the environment`() {
    #expect(RunDirectory.stateHome(given: "/given", home: "/home/me") == "/given")
    #expect(RunDirectory.stateHome(given: nil, home: "/home/me") == "/home/me/.local/state")
    #expect(RunDirectory.stateHome(given: "relative", home: "/home/me") == "/home/me/.local/state")
    #expect(RunDirectory.stateHome(given: "", home: nil) == "/tmp/.local/state")
  }

  @Test func `runs of both directories are listed`() throws {
    let first = try RunDirectory.create(for: run, workflowDirectory: place)
    let second = RunDirectory(path: "\(place)/state/hflow-tui/runs/other")
    try Files.makeDirectory(second.path)
    let all = RunDirectory.all(
      workflowDirectory: place, stateHome: "\(place)/state"
    ).map(\.path)
    #expect(Set(all) == [first.path, second.path])
  }

  @Test func `a run's description can be read back, by its owner only`() throws {
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    #expect(RunDescription.read(in: directory) == nil)
    let description = RunDescription(
      run: "\(run)", name: "a \"name\"", workflowPath: "/w/workflow.json", redis: "unix:///s",
      hasPrivateRedis: true, enginePid: 5, startedAt: 6)
    try description.write(in: directory)
    #expect(RunDescription.read(in: directory) == description)
    var info = stat()
    #expect(stat(directory.description, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o600)
  }

  @Test func `an incomplete description is nil`() throws {
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    try Files.write(Array(#"{"run": "a", "#.utf8), to: directory.description)
    #expect(RunDescription.read(in: directory) == nil)
  }

  @Test func `a socket's directory is private and its path short`() throws {
    let path = try RunDirectory.makeSocketDirectory()
    defer { Files.removeTree(path) }
    #expect("\(path)/redis.sock".utf8.count <= 107)
    var info = stat()
    #expect(stat(path, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
  }

  @Test func `a socket's directory is announced before it is created`() throws {
    var announced: [String] = []
    let path = try RunDirectory.makeSocketDirectory(runtime: nil, temporary: place) {
      path throws(RunnerError) in
      #expect(!Files.exists(path))
      announced.append(path)
    }
    #expect(announced == [path])
    #expect(Files.isDirectory(path))
  }

  @Test func `sockets are preferably where only this user can create directories`()
    throws
  {
    try Files.makeDirectory("\(place)/own", mode: 0o700)
    try Files.makeDirectory("\(place)/open", mode: 0o777)
    chmod("\(place)/open", 0o777)
    try Files.makeDirectory("\(place)/tmp")
    for (runtime, parent) in [("own", "own"), ("open", "tmp"), ("missing", "tmp")] {
      let made = try RunDirectory.makeSocketDirectory(
        runtime: "\(place)/\(runtime)", temporary: "\(place)/tmp")
      #expect(Files.parent(of: made) == "\(place)/\(parent)")
    }
    let relative = try RunDirectory.makeSocketDirectory(runtime: "own", temporary: "\(place)/tmp")
    #expect(Files.parent(of: relative) == "\(place)/tmp")
  }

  @Test func `the engine of a run is known from its files`() throws {
    var description = RunDescription(
      run: "\(run)", name: "n", workflowPath: "/w", redis: "unix:///s", hasPrivateRedis: true,
      enginePid: 1, startedAt: 6)
    #expect(description.livingEngine == nil)
    description.nameEngine()
    #expect(RunDescription(description.json)?.livingEngine == Int(getpid()))
    description.engine?.startTicks += 1
    #expect(RunDescription(description.json)?.livingEngine == nil, "a later process")
    description.nameEngine()
    description.host = "elsewhere"
    #expect(description.livingEngine == nil)
    description.nameEngine()
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    try description.write(in: directory)
    RunDescription.engineHasLeft(directory)
    #expect(RunDescription.read(in: directory)?.livingEngine == nil)
  }
}
