import Glibc
import JSONValue
import JobProtocol
import Posix
import TestSupport
import Testing

@testable import Runs

/// The runs of a user in all directories.
@Suite final class RunIndexTests {
  private let place: String
  private let index: RunIndex
  private var folder: String { "\(place)/state/hflow-tui/index" }

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-index-test-")
    index = RunIndex(stateHome: "\(place)/state")
  }

  deinit { Files.removeTree(place) }

  @discardableResult
  private func run(
    in name: String, at time: Int = 1000
  ) throws -> (directory: RunDirectory, run: RunID) {
    try Self.run(in: name, at: time, place, index)
  }

  @discardableResult
  private static func run(
    in name: String, at time: Int, _ place: String, _ index: RunIndex
  ) throws -> (directory: RunDirectory, run: RunID) {
    let workflow = Files.join(place, name)
    try Files.makeDirectory(workflow)
    let run = RedisServer.newRun()
    let directory = try RunDirectory.create(for: run, workflowDirectory: workflow)
    index.enter(
      RunDescription(
        run: run.text, name: name, workflowPath: "\(workflow)/workflow.json", redis: "unix:/none",
        hasPrivateRedis: true, enginePid: 1, startedAt: time), directory)
    return (directory, run)
  }

  private func write(_ text: String, for run: RunID) throws {
    try Files.write(Array(text.utf8), to: "\(folder)/\(run).json")
  }

  @Test func `runs of several directories are listed, the newest first`() throws {
    let one = try run(in: "one", at: 1000)
    let two = try run(in: "two", at: 2000)
    let content = index.content()
    #expect(content.here.map(\.path) == [two.directory.path, one.directory.path])
    #expect(content.elsewhere.isEmpty)
    var info = stat()
    #expect(stat(folder, &info) == 0 && info.st_mode & 0o777 == 0o700)
  }

  @Test func `a run that was removed leaves the index, and so does nothing else`() throws {
    let one = try run(in: "one")
    let two = try run(in: "two")
    Files.removeTree(one.directory.path)
    #expect(index.content().here.map(\.path) == [two.directory.path])
    #expect(Files.list(folder) == ["\(two.run).json"])
  }

  @Test func `a directory that is missing as a whole may come back for thirty days`() throws {
    let one = try run(in: "one", at: 1000)
    Files.removeTree("\(place)/one")
    #expect(index.content(now: 2000).here.isEmpty)
    #expect(Files.list(folder) == ["\(one.run).json"])
    _ = index.content(now: 1000 + 31 * 86_400_000)
    #expect(Files.list(folder).isEmpty)
  }

  @Test func `a run on another host is listed, and stays`() throws {
    let one = try run(in: "one")
    Files.removeTree("\(place)/one")
    let content = index.content(host: "another-host")
    #expect(content.here.isEmpty)
    #expect(content.elsewhere.map(\.run) == [one.run])
    #expect(content.elsewhere.first?.host == Environment.hostName)
  }

  @Test func `what others have put there is passed over`() throws {
    let one = try run(in: "one")
    let other = RedisServer.newRun()
    for text in [
      "", "{", "[]", #"{"directory": 1}"#, #"{"directory": "relative/\#(other)"}"#,
      // The directory of another run.
      #"{"directory": "\#(one.directory.path)"}"#,
      #"{"directory": "/proc/\#(other)/../.."}"#, String(repeating: " ", count: 100_000),
    ] {
      try write(text, for: other)
      #expect(index.content().here.map(\.path) == [one.directory.path], "\(text.prefix(80))")
    }
    try Files.write([1], to: "\(folder)/no run.json")
    #expect(symlink("/etc/passwd", "\(folder)/\(RedisServer.newRun()).json") == 0)
    #expect(index.content().here.count == 1)
  }

  @Test(.enabled(if: geteuid() == 0, "only root gives directories away"))
  func `another user's directory is not looked at`() throws {
    let one = try run(in: "one")
    #expect(chown(one.directory.path, 12345, 12345) == 0)
    #expect(index.content().here.isEmpty)
    #expect(Files.list(folder).count == 1)
  }

  @Test func `engines that start at the same time do not disturb each other`() async throws {
    let (place, index) = (place, index)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask { _ = try? Self.run(in: "many\(number % 5)", at: number, place, index) }
      }
    }
    #expect(index.content().here.count == 40)
    #expect(Files.list(folder).allSatisfy { $0.hasSuffix(".json") })
  }

  @Test func `a state directory that cannot be made stops no run`() throws {
    let one = try run(in: "one")
    let index = RunIndex(stateHome: "/proc/none")
    index.enter(
      try #require(
        RunDescription([
          "run": .string(one.run.text), "redis": "unix:/none",
        ])), one.directory)
    #expect(index.content().here.isEmpty)
  }
}
