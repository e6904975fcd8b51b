import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// Requests in quick succession, and requests for many tasks at once.
@Suite(.timeLimit(.minutes(5))) struct OrderTests {
  /// `first` runs until the file `go` is there; meanwhile `count` others wait for the only slot.
  private func workflow(others count: Int) -> String {
    Samples.workflow(
      [
        Samples.job(
          "first", "touch started; until [ -e go ]; do sleep 0.05; done", ins: #""s""#, outs: ""),
        """
        {"name": "other", "function": "command", "ins": ["n"], "outs": [], "parlevel": 0, \
        "config": {"executor": {"executable": "touch", "args": ["ran"]}}}
        """,
      ],
      signals: """
        {"name": "s", "data": [{}]}, \
        {"name": "n", "data": [\((1...count).map(String.init).joined(separator: ","))]}
        """)
  }

  /// Runs the workflow and sends requests while `first` runs.
  private func run(
    others count: Int, _ arguments: [String] = [], asking requests: [ControlRequest],
    together: Bool = true, goesOn: Bool = true,
    until isDone: @escaping @Sendable (RunID, RedisConnection) throws -> Bool = { _, _ in true }
  ) async throws -> (result: Program.Result, place: Workspace) {
    let place = try Workspace(workflow(others: count))
    let result = try await Program.run(
      ["run", place.path, "--json", "--slots", "1"] + arguments
    ) { _ in
      do {
        _ = eventually("first runs") { Files.exists(Files.join(place.path, "started")) }
        let (run, url) = try place.privateRedis()
        let connection = try RedisConnection(url)
        let commands = requests.map {
          RedisCommand("XADD", RunKeys(run).control, "*", "c", $0.json.bytes)
        }
        if !goesOn {
          for command in commands { _ = try connection.call(command) }
          return
        }
        if together {
          _ = try connection.transaction(commands)
        } else {
          for command in commands { _ = try connection.call(command) }
        }
        _ = try eventually("the engine has done what was asked") { try isDone(run, connection) }
      } catch {
        Issue.record(error)
      }
      if goesOn { try? place.write("", to: "go") }
    }
    return (result, place)
  }

  @Test(arguments: ["pool", "oneshot"], [true, false])
  func `a task that is held and cancelled at once is cancelled`(
    invoker: String, together: Bool
  ) async throws {
    let other = TaskReference(process: 2, firing: 1)
    let (result, place) = try await run(
      others: 1, ["--invoker", invoker], asking: [.hold([other]), .cancel([other])],
      together: together
    ) { run, connection in
      // Before the only slot is free.
      let lists = [PoolKeys(run.text).queue, PoolKeys(run.text).paused, "\(run):1:2:1_msg"]
      return try connection.call(RedisCommand(["EXISTS"] + lists)).integer == 0
    }
    #expect(result.exitCode == 1, "\(result.errors)")
    #expect(result.events.last?["tasks"]?["cancelled"] == 1)
    #expect(!Files.exists("\(place.path)/ran"))
  }

  @Test(arguments: ["pool", "oneshot"])
  func `tasks that are held and released at once run`(invoker: String) async throws {
    let others = (1...40).map { TaskReference(process: 2, firing: $0) }
    let (result, _) = try await run(
      others: 40, ["--invoker", invoker], asking: [.hold(others), .release(others)])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.events.last?["tasks"]?["succeeded"] == 41)
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a run with many waiting tasks stops, and none of them runs`(
    invoker: String
  ) async throws {
    let (result, place) = try await run(
      others: 3000, ["--invoker", invoker], asking: [.stop], goesOn: false)
    #expect(result.exitCode == 130, "\(result.errors)")
    // Tasks that had not fired need not be cancelled.
    let tasks = try #require(result.events.last?["tasks"]?.object)
    let fired = tasks.members.filter { $0.0 != "waiting" }.compactMap(\.1.int).reduce(0, +)
    #expect(fired > 100 && tasks["cancelled"]?.int == fired, "\(tasks)")
    #expect(!Files.exists("\(place.path)/ran"))
  }

  @Test func `many tasks are held while the run is paused, and run later`() async throws {
    let others = (1...400).map { TaskReference(process: 2, firing: $0) }
    let (result, _) = try await run(
      others: 400,
      asking: [.pause, .hold(Array(others.prefix(300))), .continue, .release(others)],
      together: false)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.events.last?["tasks"]?["succeeded"] == 401)
  }
}
