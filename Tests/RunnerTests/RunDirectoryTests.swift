import Glibc
import JobProtocol
import Posix
import Testing

@testable import Runner

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

  @Test func `it lies beside the workflow and is private`() throws {
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    #expect(directory.path == "\(place)/.hflow/runs/\(run)")
    var info = stat()
    #expect(stat(directory.path, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
  }

  /// Nobody, not even root, makes directories in /proc.
  @Test func `where the workflow's directory cannot be written it lies in the user's state`() throws
  {
    let directory = try RunDirectory.create(
      for: run, workflowDirectory: "/proc", stateHome: "\(place)/state")
    #expect(directory.path == "\(place)/state/hflow-tui/runs/\(run)")
    #expect(Files.isDirectory(directory.path))
  }

  @Test func `without any place it says what to set`() throws {
    let error = #expect(throws: RunnerError.self) {
      try RunDirectory.create(
        for: self.run, workflowDirectory: "/proc", stateHome: "/proc/state")
    }
    #expect(error?.code == .infrastructure)
    #expect(error?.messages.count == 1)
    #expect(error?.description.contains("XDG_STATE_HOME") == true)
  }

  @Test func `the user's state is where the environment says`() {
    #expect(RunDirectory.stateHome(given: "/given", home: "/home/me") == "/given")
    #expect(RunDirectory.stateHome(given: nil, home: "/home/me") == "/home/me/.local/state")
    #expect(RunDirectory.stateHome(given: "relative", home: "/home/me") == "/home/me/.local/state")
    #expect(RunDirectory.stateHome(given: "", home: nil) == "/tmp/.local/state")
  }

  @Test func `both places are listed`() throws {
    let first = try RunDirectory.create(for: run, workflowDirectory: place)
    let second = RunDirectory(path: "\(place)/state/hflow-tui/runs/other")
    try Files.makeDirectory(second.path)
    let all = RunDirectory.all(
      workflowDirectory: place, stateHome: "\(place)/state"
    ).map(\.path)
    #expect(Set(all) == [first.path, second.path])
  }

  @Test func `a run's description is read as it was written, for its owner alone`() throws {
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    #expect(RunDescription.read(in: directory) == nil)
    let description = RunDescription(
      run: "\(run)", name: "a \"name\"", workflowPath: "/w/workflow.json", redis: "unix:///s",
      isEmbedded: true, enginePid: 5, startedAt: 6)
    try description.write(in: directory)
    #expect(RunDescription.read(in: directory) == description)
    var info = stat()
    #expect(stat(directory.description, &info) == 0)
    #expect(info.st_mode & 0o777 == 0o600)
  }

  @Test func `a torn description is none`() throws {
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
}
