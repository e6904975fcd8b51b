import Dispatch
import Glibc
import Posix
import Testing

/// Untrusted text never controls the terminal of users who read our messages: not in arguments,
/// paths, the environment, workflow files, replies of Redis, or logs.
@Suite(.timeLimit(.minutes(5))) struct TerminalSafetyTests {
  /// Sets the clipboard or a title (in eight bits), changes the direction of writing, starts a new
  /// line, hides text. Also used as a file name.
  static let hostile =
    "x\u{1B}]52;c;Zm9v\u{7}\u{9D}0;t\u{9C}\u{202E}\u{2066}\u{61C}\u{200B}\u{7F}\nforged: line"

  /// The parts of a text that would control a terminal.
  private func wrong(in text: String) -> [String] {
    text.unicodeScalars.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar != "\n"
      case .format, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }.map { $0.escaped(asASCII: true) }
  }

  private func check(
    _ result: Program.Result, _ what: [String], at location: SourceLocation = #_sourceLocation
  ) {
    for text in [result.output, result.errors] {
      #expect(wrong(in: text) == [], "\(what): \(text)", sourceLocation: location)
      let forged = text.split(separator: "\n").filter { $0.hasPrefix("forged") }
      #expect(forged == [], "\(what): \(text)", sourceLocation: location)
    }
  }

  static let commands: [[String]] = [
    [hostile], ["run", hostile], ["run", ".", "--slots", hostile], ["run", ".", "--\(hostile)"],
    ["run", ".", "--slots=\(hostile)"], ["run", ".", "--var", hostile],
    ["run", ".", "--redis", hostile], ["run", ".", "--redis", "redis://\(hostile)"],
    ["run", ".", "--executor-command", "'\(hostile)"], ["run", ".", "--signing-key-file", hostile],
    ["run", ".", "--theme", hostile], ["run", ".", hostile], ["run", ".", "--invoker", hostile],
    ["validate", hostile], ["graph", hostile], ["recover", hostile], ["resume", hostile],
    ["resume", "-C", hostile], ["watch", hostile], ["watch", "-C", hostile],
    ["list", "-C", hostile],
    ["list", "--redis", hostile], ["logs", hostile, "x"], ["logs", "last", hostile],
    ["retry", hostile, "x"], ["retry", "last", hostile], ["cancel", "last", hostile],
    ["hold", "last", "--process", hostile], ["drain", "last", hostile], ["remove", hostile],
    ["fail-fast", "last", hostile], ["slots", "last", hostile], ["replay", hostile],
    ["report", hostile], ["report", "last", "-o", "/dev/null/\(hostile)"], ["config", hostile],
    ["config", "--write", "/proc/\(hostile)"], ["worker", "--redis", hostile],
    ["worker", "--redis", "redis://127.0.0.1:1", "--name", hostile], ["prune", "--keep", hostile],
    ["help", hostile], ["--\(hostile)"],
  ]

  @Test func `arguments of every command are quoted harmlessly`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let environment = ["XDG_STATE_HOME": "\(place.path)/state"]
    let run = try await Program.run(
      ["run", ".", "--headless"], environment: environment, directory: place.path)
    #expect(run.exitCode == 0)
    for command in Self.commands {
      let result = try await Program.run(
        command, environment: environment, directory: place.path)
      // `help` explains the whole program then.
      #expect((result.exitCode == 0) == (command[0] == "help"), "\(command)")
      check(result, command)
    }
  }

  @Test(arguments: [
    [hostile], [hostile, "redis://\(hostile)"], ["--worker", "--\(hostile)"],
    ["--worker", "--slots", hostile], ["--worker", "--redis", hostile],
    ["--worker", "--name", hostile], ["--worker", "--signing-key-file", hostile],
    ["redis://127.0.0.1:1", "-a", "-\(hostile)"],
  ])
  func `arguments of the executor are quoted harmlessly`(arguments: [String]) async throws {
    let result = try await Program.run(
      arguments, of: Program.executor, environment: ["HFLOW_GIVE_UP_AFTER": "0"])
    #expect(result.exitCode != 0)
    check(result, arguments)
  }

  @Test(arguments: [
    "REDIS_URL", "HFLOW_REDIS_URL", "XDG_CONFIG_HOME", "TERM", "HFLOW_REDIS_SERVER",
  ])
  func `environment variables are quoted harmlessly`(variable: String) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let value = variable == "XDG_CONFIG_HOME" ? "/dev/null/\(Self.hostile)" : Self.hostile
    for command in [["run", "."], ["config", "--write"], ["worker"], ["list"]] {
      check(
        try await Program.run(
          command,
          environment: [variable: value, "XDG_STATE_HOME": "\(place.path)/state"],
          directory: place.path), command)
    }
  }

  @Test func `names in a workflow and paths are shown harmlessly everywhere`()
    async throws
  {
    let outer = try Workspace()
    let directory = "\(outer.path)/\(Self.hostile)"
    try Files.makeDirectory(directory)
    let name = "n\\u001b]52;c;Zm9v\\u0007\\u009b2J\\u202e\\nforged: line"
    let workflow = Samples.workflow(
      [
        Samples.job(name, "echo out; exit 3", ins: "\"\(name)\"", outs: #""x""#),
        Samples.job("b", "true", ins: #""x""#, outs: ""),
      ], signals: "{\"name\": \"\(name)\", \"data\": [{}]}, {\"name\": \"x\"}", name: name)
    try Files.write(Array(workflow.utf8), to: "\(directory)/workflow.json")
    let environment = ["XDG_STATE_HOME": "\(directory)/state"]
    let commands = [
      ["validate", "."], ["validate", directory], ["run", ".", "--dry-run"],
      ["run", ".", "--headless"],
      ["list"], ["list", "-C", directory], ["logs", "last", "1:1"], ["logs", "last", "b:1"],
      ["retry", "last", "--failed"], ["report", "last"], ["report", "last", "--csv"],
      ["report", "last", "--json"], ["list", "--json"], ["run", ".", "--json", "--new"],
      ["graph", "."], ["graph", ".", "--format", "layers"], ["graph", ".", "--format", "dot"],
      ["graph", ".", "--format", "mermaid"], ["graph", ".", "--format", "json"],
      ["validate", "--json", directory], ["run", ".", "--detach"], ["stop", "last"],
      ["prune", "--keep", "0", "--dry-run"], ["watch", "last"],
    ]
    for command in commands {
      check(
        try await Program.run(command, environment: environment, directory: directory)
          .withoutCarriageReturns, command)
    }
    killAll(in: directory)
  }

  /// The test's own directory has an ordinary name; processes in this one are ended with it.
  private func killAll(in directory: String) {
    _ = eventually("nothing runs there") {
      let left = Files.list("/proc").compactMap { Int32($0) }.filter {
        Files.realPath("/proc/\($0)/cwd")?.hasPrefix(directory) ?? false
      }
      for pid in left { kill(pid, SIGKILL) }
      return left.isEmpty
    }
  }

  @Test func `replies of a server are quoted harmlessly`() async throws {
    let server = try FakeServer(
      answer: "-ERR \(Self.hostile.replacing("\n", with: " "))\r\n")
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let url = "redis://127.0.0.1:\(server.port)"
    for command in [["list", "--redis", url], ["run", ".", "--redis", url, "--headless"]] {
      let result = try await Program.run(
        command, environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path)
      #expect(result.exitCode == 3, "\(result.errors)")
      check(result, command)
    }
  }

  @Test func `the logs of engine and worker are harmless to read`() async throws {
    let place = try Workspace(
      Samples.chain("until [ -e go ]; do sleep 0.05; done", "true", "true"))
    let directory = "\(place.path)/\(Self.hostile.replacing("\n", with: " "))"
    try Files.makeDirectory(directory)
    try Files.write(Files.read("\(place.path)/workflow.json"), to: "\(directory)/workflow.json")
    _ = try await Program.run(
      ["run", ".", "--detach", "--persist"],
      environment: ["XDG_STATE_HOME": "\(directory)/state"], directory: directory)
    defer { killAll(in: directory) }
    let runs = "\(directory)/.hflow/runs"
    let run = try #require(Files.list(runs).first)
    // The worker names its Redis, and the engine that it has ended.
    let servers = Files.list("/proc").compactMap { Int32($0) }.filter {
      Files.realPath("/proc/\($0)/cwd")?.hasPrefix(directory) ?? false
        && String(decoding: (try? Files.read("/proc/\($0)/comm")) ?? [], as: UTF8.self)
          == "redis-server\n"
    }
    for server in servers { kill(server, SIGKILL) }
    _ = eventually("the engine tells of it") {
      Files.size("\(runs)/\(run)/engine.log") ?? 0 > 0
    }
    try Files.write([], to: "\(directory)/go")
    for log in ["engine.log", "worker.log"] {
      let text = String(decoding: (try? Files.read("\(runs)/\(run)/\(log)")) ?? [], as: UTF8.self)
      #expect(wrong(in: text) == [], "\(log): \(text)")
    }
  }
}

extension Program.Result {
  /// RFC 4180 ends the lines of CSV with both.
  fileprivate var withoutCarriageReturns: Program.Result {
    Program.Result(
      status: status, output: output.replacing("\r\n", with: "\n"), errors: errors)
  }
}

/// A server in the place of a Redis that gives the same answer to every command.
private final class FakeServer: Sendable {
  let port: Int
  private let listener: Int32

  init(answer: String) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isThere = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isThere else { throw PosixError("listen") }
    port = Int(UInt16(bigEndian: address.sin_port))
    DispatchQueue(label: "test.server").async {
      while case let client = accept(descriptor, nil, nil), client >= 0 {
        DispatchQueue(label: "test.client").async {
          let connection = Descriptor(owning: client)
          while let question = try? DescriptorIO.read(connection.number), !question.isEmpty {
            try? DescriptorIO.write(answer, to: connection.number)
          }
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
