import Engine
import JobProtocol
import Posix
import Redis
import TestSupport
import Testing

@testable import Runs

/// Viewing runs whose engine and Redis have ended.
@Suite(.timeLimit(.minutes(2))) final class ViewerServerTests {
  private let place: String
  private let run = RedisServer.newRun()
  private let directory: RunDirectory

  /// A run that was closed normally: `answer` is 42.
  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
    directory = try RunDirectory.create(for: run, workflowDirectory: place)
    let sockets = try RunDirectory.makeSocketDirectory()
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: directory.redisData, socketDirectory: sockets,
        logFile: directory.redisLog))
    _ = try RedisConnection(server.url).call(RedisCommand("SET", "answer", 42))
    server.stop()
    Files.removeTree(sockets)
    try describe(server.url)
    var state = RunState(
      workflow: try .sample(#"{"name": "a", "function": "noop", "ins": [], "outs": []}"#))
    state.apply(RunEvent(time: 1, .runFinished(.succeeded)))
    try RunStatusFile.write(state, in: directory)
  }

  deinit { Files.removeTree(place) }

  private func describe(_ url: RedisURL) throws {
    try RunDescription(
      run: "\(run)", name: "n", workflowPath: "\(place)/workflow.json", redis: url.text,
      hasPrivateRedis: true, enginePid: 1, startedAt: 1
    ).write(in: directory)
  }

  private func answer(at url: RedisURL) throws -> Int? {
    try RedisConnection(url).call(RedisCommand("GET", "answer")).integer
  }

  @Test func `a closed run's data are available while somebody views it`() throws {
    let viewerServer = try ViewerServer.open(directory)
    #expect(try answer(at: viewerServer.url) == 42)
    let description = try #require(RunDescription.read(in: directory))
    #expect(description.isOwnedByViewers)
    #expect(try description.server(in: directory) == viewerServer.url)
    #expect(viewerServer.url.identity?.token != nil)
    viewerServer.close()
    #expect(throws: RedisError.self) { try self.answer(at: viewerServer.url) }
    #expect(!Files.exists(socketDirectory(of: viewerServer.url)))
  }

  /// An engine may adopt the server as soon as it answers, and then describes it itself.
  @Test func `a server at its former address is not described again after its start`() throws {
    try ViewerServer.open(directory).close()
    let file = directory.description
    var description = try #require(RunDescription.read(in: directory))
    description.isOwnedByViewers = true
    try description.write(in: directory)
    let former = Files.identity(file)
    let viewerServer = try ViewerServer.open(directory)
    defer { viewerServer.close() }
    #expect(try description.server(in: directory).endpoint == viewerServer.url.endpoint)
    #expect(Files.identity(file) == former)
  }

  @Test func `the last viewer stops the server`() throws {
    let first = try ViewerServer.open(directory)
    let second = try ViewerServer.open(directory)
    #expect(first.url == second.url)
    first.close()
    #expect(try answer(at: second.url) == 42)
    second.close()
    #expect(throws: RedisError.self) { try self.answer(at: second.url) }
  }

  private func takeLease(at url: RedisURL) throws {
    _ = try RedisConnection(url).call(RedisCommand("SET", RunKeys(run).lease, "token"))
  }

  /// The server of an engine.
  private func engineServer() throws -> PrivateRedis {
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: directory.redisData, socketDirectory: try RunDirectory.makeSocketDirectory(),
        logFile: directory.redisLog))
    try describe(server.url)
    return server
  }

  @Test func `a viewer that comes while the engine closes the run gets its Redis`() throws {
    let server = try engineServer()
    let first = try ViewerServer.open(directory)
    let second = try ViewerServer.open(directory)
    ViewerServer.stopUnlessViewed(directory, server.url, engine: 1) { server.stop() }
    first.close()
    #expect(try answer(at: second.url) == 42)
    second.close()
    #expect(throws: RedisError.self) { try self.answer(at: second.url) }
    #expect(!Files.exists(socketDirectory(of: second.url)))
  }

  @Test func `an engine stops the Redis of a run without viewers`() throws {
    let server = try engineServer()
    try takeLease(at: server.url)
    try ViewerServer.open(directory).close()
    #expect(try answer(at: server.url) == 42)
    ViewerServer.stopUnlessViewed(directory, server.url, engine: 1) { server.stop() }
    #expect(throws: RedisError.self) { try self.answer(at: server.url) }
    Files.removeTree(socketDirectory(of: server.url))
  }

  @Test func `the last viewer stops the Redis of an engine killed after the end`()
    throws
  {
    let server = try engineServer()
    let viewerServer = try ViewerServer.open(directory)
    #expect(viewerServer.url.endpoint == server.url.endpoint)
    #expect(try answer(at: server.url) == 42)
    viewerServer.close()
    #expect(throws: RedisError.self) { try self.answer(at: server.url) }
    #expect(!Files.exists(socketDirectory(of: server.url)))
  }

  @Test func `the Redis of a run that another engine took over is not stopped`() throws {
    let server = try engineServer()
    ViewerServer.stopUnlessViewed(directory, server.url, engine: 2) {
      Issue.record("it was ended")
    }
    #expect(RunDescription.read(in: directory)?.isOwnedByViewers == false)
    server.stop()
    Files.removeTree(socketDirectory(of: server.url))
  }

  @Test func `a viewer stops the present server, not the one it started`() throws {
    let looker = try ViewerServer.open(directory)
    try PrivateRedis.shutDown(looker.url)
    let second = try engineServer()
    ViewerServer.stopUnlessViewed(directory, second.url, engine: 1) {
      Issue.record("somebody looks")
    }
    looker.close()
    #expect(throws: RedisError.self) { try self.answer(at: second.url) }
    #expect(!Files.exists(socketDirectory(of: second.url)))
    Files.removeTree(socketDirectory(of: looker.url))
  }

  @Test func `a Redis that is not a run's own is never stopped`() throws {
    let elsewhere = try Files.makeTemporaryDirectory(prefix: "other-")
    defer { Files.removeTree(elsewhere) }
    let stranger = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(elsewhere)/data", socketDirectory: elsewhere,
        logFile: "\(elsewhere)/log"))
    defer { stranger.stop() }
    var description = try #require(RunDescription.read(in: directory))
    description.redis = stranger.url.text
    description.isOwnedByViewers = true
    try description.write(in: directory)
    try ViewerServer.open(directory).close()
    RunDeletion.remove(directory)
    #expect(try RedisConnection(stranger.url).call(RedisCommand("PING")).string == "PONG")
  }

  /// However the two come together, one of them stops it, and only one.
  @Test func `a closing engine and a leaving viewer do not both leave the server`()
    async throws
  {
    for _ in 0..<30 {
      let server = try engineServer()
      let looker = try ViewerServer.open(directory)
      let directory = directory
      async let left: Void = Task.detached { looker.close() }.value
      ViewerServer.stopUnlessViewed(directory, server.url, engine: 1) { server.stop() }
      await left
      #expect(throws: RedisError.self) { try self.answer(at: server.url) }
      Files.removeTree(socketDirectory(of: server.url))
    }
  }

  @Test func `a run can be viewed repeatedly`() throws {
    for _ in 0..<3 {
      let viewerServer = try ViewerServer.open(directory)
      #expect(try answer(at: viewerServer.url) == 42)
      viewerServer.close()
    }
  }

  @Test func `a server that an engine left after the end is stopped`() throws {
    Files.remove("\(directory.path)/status.json")
    let server = try engineServer()
    defer { server.stop() }
    // Not the server of a running run.
    try ViewerServer.open(directory).close()
    #expect(try answer(at: server.url) == 42)
    let ended = #"{"status": "succeeded", "finished": true}"#
    _ = try RedisConnection(server.url).call(
      RedisCommand("HSET", RunKeys(run).info, "status", ended))
    try ViewerServer.open(directory).close()
    #expect(server.hasEnded)
    #expect(!Files.exists(socketDirectory(of: server.url)))
    #expect(RunStatusFile.read(in: directory)?.isFinished == true)
  }

  @Test func `a read-only run is viewed as a copy`() throws {
    // Not even root can create a file there.
    try Files.makeDirectory("\(directory.path)/viewers.lock")
    let before = try Files.read(directory.description)
    let viewerServer = try ViewerServer.open(directory)
    #expect(try answer(at: viewerServer.url) == 42)
    #expect(try Files.read(directory.description) == before)
    let place = socketDirectory(of: viewerServer.url)
    #expect(Files.isDirectory("\(place)/redis"))
    viewerServer.close()
    #expect(!Files.exists(place))
    #expect(throws: RedisError.self) { try self.answer(at: viewerServer.url) }
  }

  @Test func `a server that an engine has taken over belongs to the engine`() throws {
    let viewerServer = try ViewerServer.open(directory)
    try describe(viewerServer.url)
    try takeLease(at: viewerServer.url)
    viewerServer.close()
    #expect(try answer(at: viewerServer.url) == 42)
    try PrivateRedis.shutDown(viewerServer.url)
    Files.removeTree(socketDirectory(of: viewerServer.url))
  }

  @Test func `a server is not stopped while an engine has the lease`() throws {
    let viewerServer = try ViewerServer.open(directory)
    try takeLease(at: viewerServer.url)
    viewerServer.close()
    #expect(try answer(at: viewerServer.url) == 42)
    try PrivateRedis.shutDown(viewerServer.url)
    Files.removeTree(socketDirectory(of: viewerServer.url))
  }

  @Test func `the server of a run that is not over is used unchanged`() throws {
    Files.remove("\(directory.path)/status.json")
    // The server of the test has data of its own; without the lock of these they are not compared.
    Files.remove("\(directory.redisData)/redis.lock")
    let server = try RedisServer()
    try describe(server.url)
    let viewerServer = try ViewerServer.open(directory)
    #expect(viewerServer.url.endpoint == server.url.endpoint)
    viewerServer.close()
    #expect(try RedisConnection(server.url).call(RedisCommand("PING")).string == "PONG")
  }

  @Test func `the server of an interrupted run returns where its workers look`() throws {
    Files.remove("\(directory.path)/status.json")
    let sockets = try RunDirectory.makeSocketDirectory()
    defer { Files.removeTree(sockets) }
    let url = RedisURL(.unix(path: "\(sockets)/redis.sock"))
    try describe(url)
    let viewerServer = try ViewerServer.open(directory)
    #expect(viewerServer.url.endpoint == url.endpoint)
    viewerServer.close()
    #expect(Files.isDirectory(sockets))
  }

  @Test func `a missing socket directory is restored or replaced`() throws {
    let sockets = try RunDirectory.makeSocketDirectory()
    Files.removeTree(sockets)
    let url = RedisURL(.unix(path: "\(sockets)/redis.sock"))
    try describe(url)
    let first = try ViewerServer.open(directory)
    #expect(first.url.endpoint == url.endpoint)
    first.close()
    // Another user has the name now.
    try Files.makeDirectory(sockets, mode: 0o755)
    defer { Files.removeTree(sockets) }
    try describe(url)
    let second = try ViewerServer.open(directory)
    #expect(second.url.endpoint != url.endpoint)
    #expect(try answer(at: second.url) == 42)
    second.close()
    #expect(Files.list(sockets).isEmpty)
  }

  @Test func `a foreign server in the former place is not trusted`() throws {
    let viewerServer = try ViewerServer.open(directory)
    viewerServer.close()
    let description = try #require(RunDescription.read(in: directory))
    let sockets = socketDirectory(of: viewerServer.url)
    try Files.makeDirectory(sockets, mode: 0o700)
    defer { Files.removeTree(sockets) }
    let stranger = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place)/other", socketDirectory: sockets, logFile: "\(place)/log"))
    defer { stranger.stop() }
    _ = try RedisConnection(stranger.url).call(RedisCommand("SET", "answer", 1))
    let again = try ViewerServer.open(directory)
    #expect(try answer(at: again.url) == 42)
    again.close()
    #expect(RunDescription.read(in: directory)?.token == description.token)
  }

  @Test func `a viewer waits for a server that its living engine restarts`() async throws {
    let sockets = try RunDirectory.makeSocketDirectory()
    var description = try #require(RunDescription.read(in: directory))
    description.setServer(RedisURL(.unix(path: "\(sockets)/redis.sock")))
    description.nameEngine()
    try description.write(in: directory)
    let directory = directory
    async let opened = Task.detached { try ViewerServer.open(directory) }.value
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: directory.redisData, socketDirectory: sockets, logFile: directory.redisLog))
    let viewerServer = try await opened
    #expect(try answer(at: viewerServer.url) == 42)
    #expect(RunDescription.read(in: directory)?.isOwnedByViewers == false)
    _ = try RedisConnection(server.url).call(
      RedisCommand("SET", RunKeys(run).lease, LeaseToken().text))
    viewerServer.close()
    #expect(try answer(at: server.url) == 42)
    server.stop()
    Files.removeTree(sockets)
  }

  @Test func `a run without its data is unchanged, and the viewer gets an error`() throws {
    Files.removeTree(directory.redisData)
    let error = #expect(throws: RunnerError.self) { try ViewerServer.open(self.directory) }
    #expect(error?.description.contains("redis is gone") == true)
    #expect(RunDescription.read(in: directory)?.isOwnedByViewers == false)
  }

  private func socketDirectory(of url: RedisURL) -> String {
    if case .unix(let path) = url.endpoint { Files.parent(of: path) } else { "" }
  }
}
