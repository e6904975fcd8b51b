import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// What docs/security.md says about whole runs.
@Suite(.timeLimit(.minutes(5))) struct SecurityTests {
  private static let secret = "a secret of twenty bytes"
  private let waiting = "touch started; while ! test -e go; do sleep 0.05; done"

  /// Every file below a directory that holds a text.
  private func files(below path: String, holding text: String) -> [String] {
    let needle = Array(text.utf8)
    return Files.list(path).flatMap { name -> [String] in
      let entry = Files.join(path, name)
      if Files.isDirectory(entry) { return files(below: entry, holding: text) }
      guard (Files.size(entry) ?? 0) > 0, name != "gate", let bytes = try? Files.read(entry),
        bytes.firstRange(of: needle) != nil
      else { return [] }
      return [entry]
    }
  }

  /// Command lines of any process that hold a text.
  private static func commandLines(holding text: String) -> [String] {
    Files.list("/proc").compactMap { Int32($0) }.compactMap { pid in
      let bytes = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
      let line = String(decoding: bytes, as: UTF8.self)
      return line.contains(text) ? line : nil
    }
  }

  /// A Redis with a password on 127.0.0.1, given by the user.
  private func givenServer(_ place: Workspace) throws -> PrivateRedis {
    try PrivateRedis.start(
      options: .init(
        dataDirectory: Files.join(place.path, "data"), socketDirectory: place.path,
        logFile: Files.join(place.path, "log"), loopback: true))
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a given Redis with a password is used and the password never shown`(
    invoker: String
  ) async throws {
    let place = try Workspace(Samples.chain("touch started; env; sleep 0.3", "true", "true"))
    let server = try givenServer(place)
    defer { server.stop() }
    let url = try #require(server.loopbackURL)
    let password = try #require(url.password)
    let result = try await Program.run(
      ["run", place.path, "--json", "--invoker", invoker],
      environment: ["REDIS_URL": url.text]
    ) { _ in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      #expect(Self.commandLines(holding: password).isEmpty)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(!result.output.contains(password))
    #expect(!result.errors.contains(password))
    // The search includes the server's data: no program of ours writes the secret into Redis.
    #expect(files(below: place.path, holding: password).isEmpty)
    #expect(!files(below: place.path, holding: "HFLOW_JOB_ID").isEmpty, "the search finds things")
    let connection = try RedisConnection(server.url)
    #expect(try connection.call(RedisCommand("HLEN", "hf:runs")).integer == 1)
  }

  @Test func `the password of a given Redis does not reach the command line of a foreign executor`()
    async throws
  {
    let place = try Workspace(Samples.chain("touch started; sleep 0.3", "true", "true"))
    let server = try givenServer(place)
    defer { server.stop() }
    let url = try #require(server.loopbackURL)
    let password = try #require(url.password)
    let result = try await Program.run(
      ["run", place.path, "--headless", "--executor-command", Program.executor],
      environment: ["REDIS_URL": url.text]
    ) { _ in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      #expect(!Self.commandLines(holding: "hflow-job-execute").isEmpty, "the search finds things")
      #expect(Self.commandLines(holding: password).isEmpty)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    let users = try RedisConnection(server.url).call(RedisCommand("ACL", "USERS"))
    #expect(users.array?.compactMap(\.string) == ["default"], "its user is gone with the run")
  }

  @Test func `foreign executors get their user back when a given Redis has lost it`() async throws {
    let place = try Workspace(Samples.chain(waiting, "true", "true"))
    let server = try givenServer(place)
    defer { server.stop() }
    let url = try #require(server.loopbackURL)
    let result = try await Program.run(
      ["run", place.path, "--headless", "--executor-command", Program.executor],
      environment: ["REDIS_URL": url.text]
    ) { _ in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      guard let administrator = try? RedisConnection(server.url) else { return }
      func user() -> String? {
        let users = try? administrator.call(RedisCommand("ACL", "USERS")).array
        return users?.compactMap(\.string).first { $0.hasPrefix("hflow-") }
      }
      // This is what a restart of the server does.
      for words in [["ACL", "DELUSER", user() ?? ""], ["CLIENT", "KILL", "TYPE", "normal"]] {
        _ = try? administrator.call(RedisCommand(words))
      }
      _ = eventually("the user is there again") { user() != nil }
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
  }

  /// What a JavaScript function reports about its Redis URL, on a server with a password.
  private func functionWords(
    login: (RedisURL, RedisConnection) throws -> RedisURL = { url, _ in url }
  ) async throws -> (seen: JSON, given: RedisURL, result: Program.Result) {
    let place = try Workspace(
      Samples.workflow(
        [
          #"{"name": "f", "function": "f", "ins": ["s"], "outs": ["x"]}"#,
          Samples.job("after", "true", ins: #""x""#, outs: ""),
        ], signals: #"{"name": "s", "data": [{}]}, {"name": "x"}"#))
    try place.write(
      """
      exports.f = (ins, outs, context, cb) => {
        require('fs').writeFileSync('seen.json', JSON.stringify({
          context: context.redis_url, variable: process.env.REDIS_URL,
          all: Object.values(process.env).join(' '), run: context.hfId, task: context.taskId }));
        while (!require('fs').existsSync('go'))
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        cb(null, outs);
      };
      """, to: "functions.js")
    let server = try givenServer(place)
    defer { server.stop() }
    let administrator = try RedisConnection(server.url)
    let url = try login(try #require(server.loopbackURL), administrator)
    let result = try await Program.run(
      ["run", place.path, "--json"],
      environment: ["REDIS_URL": url.text, "SOMETHING_ELSE": url.text]
    ) { _ in
      _ = eventually("the function runs") {
        (try? JSON(parsing: Files.read("\(place.path)/seen.json"))) != nil
      }
      if let seen = try? JSON(parsing: Files.read("\(place.path)/seen.json")) {
        checkReach(of: seen)
      }
      try? place.write("", to: "go")
    }
    let users = try administrator.call(RedisCommand("ACL", "USERS")).array?.compactMap(\.string)
    #expect(users?.contains { $0.hasPrefix("hflow-") } == false, "its user is gone with the run")
    return (try JSON(parsing: Files.read("\(place.path)/seen.json")), url, result)
  }

  /// If the function may log in, it reaches its own jobs and nothing else.
  private func checkReach(of seen: JSON) {
    guard let url = seen["context"]?.string.flatMap({ try? RedisURL(parsing: $0) }),
      let run = seen["run"]?.string.flatMap(RunID.init), url.password != nil
    else { return }
    do {
      let connection = try RedisConnection(url)
      let task = seen["task"]?.string ?? ""
      let allowed = [
        RedisCommand("LPUSH", OriginalKeys.message(task: task), "{}"),
        RedisCommand("DEL", OriginalKeys.message(task: task)),
        RedisCommand("SADD", OriginalKeys.completedTasks(workflow: "1"), "x"),
        RedisCommand("SREM", OriginalKeys.completedTasks(workflow: "1"), "x"),
      ]
      let refused = [
        RedisCommand("XRANGE", RunKeys(run).events, "-", "+"),
        RedisCommand("XADD", RunKeys(run).control, "*", "c", "{}"),
        RedisCommand("GET", RunKeys(run).lease), RedisCommand("HGETALL", RunKeys(run).info),
        RedisCommand("LPUSH", PoolKeys(run.text).queue, "{}"), RedisCommand("KEYS", "*"),
        RedisCommand("CONFIG", "GET", "*"), RedisCommand("ACL", "LIST"),
        RedisCommand("EVAL", "return 1", 0),
      ]
      for reply in try connection.run(allowed) { #expect(reply.errorText == nil) }
      for reply in try connection.run(refused) {
        #expect(reply.errorText?.hasPrefix("NOPERM") == true)
      }
    } catch {
      Issue.record(error)
    }
  }

  private static let hasNode = Files.findExecutable("node") ?? Files.findExecutable("nodejs") != nil

  @Test(.enabled(if: hasNode, "Node.js is missing: install nodejs"))
  func `functions in JavaScript see a user of their own, not the password`() async throws {
    let (seen, url, result) = try await functionWords()
    #expect(result.exitCode == 0, "\(result.errors)")
    let own = try RedisURL(parsing: try #require(seen["context"]?.string))
    #expect(own.user?.hasPrefix("hflow-") == true)
    #expect(seen["variable"] == seen["context"])
    #expect(seen["all"]?.string?.contains(try #require(url.password)) == false)
  }

  @Test(.enabled(if: hasNode, "Node.js is missing: install nodejs"))
  func `functions get no login where no user can be made for them`() async throws {
    let (seen, url, result) = try await functionWords { url, administrator in
      _ = try administrator.call(
        RedisCommand(
          "ACL", "SETUSER", "plain", "on", ">a-plain-password", "~*", "&*", "+@all", "-acl"))
      var url = url
      url.user = "plain"
      url.password = "a-plain-password"
      return url
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    let own = try RedisURL(parsing: try #require(seen["context"]?.string))
    #expect(own.user == nil && own.password == nil && own.endpoint == url.endpoint)
    #expect(seen["variable"] == seen["context"])
    #expect(seen["all"]?.string?.contains("a-plain-password") == false)
    #expect(result.events.contains { $0["text"]?.string?.contains("allow ACL SETUSER") == true })
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a signed run succeeds, and its key is nowhere`(invoker: String) async throws {
    let place = try Workspace(Samples.chain("touch started; env; sleep 0.3", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--json", "--invoker", invoker],
      environment: ["HFLOW_SIGNING_KEY": Self.secret]
    ) { _ in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      #expect(Self.commandLines(holding: Self.secret).isEmpty)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(!(result.output + result.errors).contains(Self.secret))
    #expect(files(below: place.path, holding: Self.secret).isEmpty)
    #expect(!files(below: place.path, holding: "signature").isEmpty, "the messages are signed")
  }

  @Test func `unsigned requests and jobs have no effect in a signed run`() async throws {
    let place = try Workspace(Samples.chain(waiting, "true", "true"))
    try Files.write(Array(Self.secret.utf8), to: "\(place.path)/key", mode: 0o600)
    let result = try await Program.run(
      ["run", place.path, "--json", "--signing-key-file", "\(place.path)/key"]
    ) { _ in
      do {
        _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
        let (run, url) = try place.privateRedis()
        let connection = try RedisConnection(url)
        let cancel = ControlRequest.cancel([TaskReference(process: 1, firing: 1)])
        _ = try connection.call(
          RedisCommand("XADD", RunKeys(run).control, "*", "c", cancel.json.bytes))
        let forged = """
          {"executable":"touch","args":["\(place.path)/forged"],"inputs":[],"outputs":[],\
          "taskId":"\(run):1:9:9","name":"x","hflow":{"directory":"\(place.path)"}}
          """
        _ = try connection.call(
          RedisCommand("LPUSH", PoolKeys(run.text).queue, forged))
        _ = eventually("both are refused") {
          let log = Files.join(place.path, ".hflow/runs/\(run)")
          return place.text(".hflow/runs/\(run)/worker.log").contains("refused \(run):1:9:9")
            && !files(below: log, holding: "refused a request (cancel)").isEmpty
        }
      } catch {
        Issue.record(error)
      }
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(!Files.exists("\(place.path)/forged"))
    #expect(!result.events.contains { $0["event"] == "cancelRequested" })
  }

  @Test func `a foreign executor does not get the key`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try place.write("#!/bin/sh\nenv > \(place.path)/seen\nexit 1\n", to: "x", isExecutable: true)
    _ = try await Program.run(
      ["run", place.path, "--json", "--executor-command", "./x", "--retries", "0"],
      environment: ["HFLOW_SIGNING_KEY": Self.secret])
    #expect(place.text("seen").contains("PATH="))
    #expect(!place.text("seen").contains("HFLOW_SIGNING_KEY"))
  }

  @Test func `a key that others can read starts nothing`() async throws {
    let place = try Workspace(Samples.chain("touch made", "true", "true"))
    try place.write(Self.secret, to: "key")
    let result = try await Program.run(
      ["run", place.path, "--json", "--signing-key-file", "\(place.path)/key"])
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("chmod 600"))
    #expect(!Files.exists("\(place.path)/made"))
  }
}
