import Dispatch
import Engine
import Glibc
import JSONValue
import JobProtocol
import Logging
import Posix
import Redis
import Runs

/// A Node.js process that runs the JavaScript functions of a workflow.
///
/// The process is started by the first call, so workflows without JavaScript need no Node.js. If it
/// ends, its calls fail, and the next call starts another process.
actor JavaScriptHost {
  /// Where Node.js runs, its script, and the log for what it writes outside of any function.
  struct Paths: Sendable {
    let directory: String
    let scriptPath: String
    let logPath: String
  }

  private let paths: Paths
  private let environment: [String: String]
  private let inbox: Inbox<EngineMessage>
  let limiter = PrintLimiter()
  private let log: Logger
  private var node: Node?
  /// Kills Node.js if this process is killed; a function that never returns would continue.
  private var guardian: Guardian?
  /// Whether a call was dropped: then processes that its function started must end with Node.js.
  private var hasDropped = false
  private var running: [String: Running] = [:]
  /// Whether a `ping` is not answered yet.
  private(set) var awaitsPong = false

  private struct Running {
    let attempt: AttemptID
    var log: FunctionLog
  }

  private struct Node {
    let child: Child
    let input: LineWriter
  }

  /// - Parameter environment: The environment of Node.js.
  init(
    paths: Paths, environment: [String: String], inbox: Inbox<EngineMessage>, log: Logger
  ) {
    self.paths = paths
    self.environment = environment
    self.inbox = inbox
    self.log = log
  }

  static let program: String? = Files.findExecutable("node") ?? Files.findExecutable("nodejs")

  /// Calls a function. Returns the identity of the Node.js process.
  func call(_ attempt: AttemptID, _ request: JavaScriptCall) throws -> ExecutorIdentity {
    let node = try start()
    running[request.job] = Running(
      attempt: attempt, log: FunctionLog(job: request.job))
    node.input.write(request.json)
    let host = Environment.hostName
    return ExecutorIdentity(
      name: "\(host)-node-\(node.child.pid)", host: host, pid: Int(node.child.pid))
  }

  /// Removes a call; returns `nil` if it has ended or was dropped.
  func end(_ job: String) -> AttemptID? { running.removeValue(forKey: job)?.attempt }

  /// The log commands for what a call has printed; `nil` for a dropped call.
  func print(
    _ text: String, from stream: LogChunk.Stream, leftOut: Int, by job: String
  ) -> (attempt: AttemptID, log: [RedisCommand])? {
    guard let attempt = running[job]?.attempt else { return nil }
    return (attempt, running[job]?.log.add(text, from: stream, leftOut: leftOut) ?? [])
  }

  /// The commands that end a call's log.
  func endLog(of job: String) -> [RedisCommand]? {
    running[job]?.log.end(leftOut: limiter.end(job))
  }

  /// Drops a call: what the function still does is ignored. JavaScript cannot be interrupted from
  /// outside, so Node.js is sent a ping to find out whether it is blocked.
  func abandon(_ job: String) -> AttemptID? {
    guard let call = running.removeValue(forKey: job) else { return nil }
    send(["op": "drop", "call": .string(job)])
    send(["op": "ping"])
    awaitsPong = true
    hasDropped = true
    return call.attempt
  }

  func pongReceived() { awaitsPong = false }

  /// Kills a Node.js that has not answered: a function that never returns blocks all others.
  func killIfUnresponsive() {
    guard awaitsPong, let node else { return }
    log.error("Node.js does not answer: a function does not return; stopping it")
    node.child.sendToGroup(SIGKILL)
  }

  func completed(task: String, code: String?) {
    send(["op": "completed", "task": .string(task), "code": code.map(JSON.string) ?? .null])
  }

  func reply(to id: Int, _ value: JSON) {
    send(["op": "reply", "id": .int(id), "value": value])
  }

  func reply(to id: Int, error: String) {
    send(["op": "reply", "id": .int(id), "error": .string(error)])
  }

  /// The calls that were running in the ended process.
  func ended(_ child: Child) -> [(job: String, attempt: AttemptID)] {
    guard node?.child == child else { return [] }
    guardian?.remove(child)
    node = nil
    awaitsPong = false
    defer { running = [:] }
    return running.map { ($0.key, $0.value.attempt) }.sorted { $0.0 < $1.0 }
  }

  func stop() {
    guard let node else { return }
    if hasDropped {
      node.child.sendToGroup(SIGTERM)
    } else {
      node.child.send(SIGTERM)
      guardian?.remove(node.child)
    }
    node.input.close()
    self.node = nil
  }

  private func send(_ message: KeyValuePairs<String, JSON>) {
    node?.input.write(.object(message))
  }

  private func start() throws -> Node {
    guardian?.replace()
    if let node { return node }
    guard let program = Self.program else {
      throw RunnerError(.infrastructure, "Node.js is missing: install it (Debian: nodejs)")
    }
    try Files.write(Array(HostScript.text.utf8), to: paths.scriptPath, mode: 0o600)
    if guardian == nil { guardian = try Guardian(count: 1) }
    let input = try Pipe()
    let output = try Pipe()
    let outputLog = Descriptor(owning: try Files.openForAppending(paths.logPath, mode: 0o600))
    var request = SpawnRequest(program, [paths.scriptPath])
    request.directory = paths.directory
    request.environment = environment
    request.standardInput = .descriptor(input.readEnd.number)
    request.standardOutput = .descriptor(outputLog.number)
    request.standardError = .descriptor(outputLog.number)
    request.inheritedDescriptors = [output.writeEnd.number: 3]
    let child = try Child.spawn(request)
    guardian?.add(child)
    let writer = LineWriter(Self.keepWriteEnd(input))
    let started = Node(child: child, input: writer)
    node = started
    listen(output.keepingReadEnd().release(), to: child)
    return started
  }

  private static func keepWriteEnd(_ pipe: consuming Pipe) -> Int32 { pipe.writeEnd.release() }

  /// Reads answers on a thread of its own until the process has ended.
  private nonisolated func listen(_ descriptor: Int32, to child: Child) {
    let (inbox, limiter) = (inbox, limiter)
    DispatchQueue(label: "node").async {
      var rest: [UInt8] = []
      while let part = try? DescriptorIO.read(descriptor), !part.isEmpty {
        rest += part
        while let end = rest.firstIndex(of: 0x0A) {
          if let json = try? JSON(parsing: Array(rest[..<end])),
            let event = JavaScriptEvent(json)?.limited(by: limiter)
          {
            inbox.send(.javaScript(event))
          }
          rest.removeSubrange(...end)
        }
      }
      close(descriptor)
      // The process may only have closed its end of the pipe.
      child.send(SIGKILL)
      inbox.send(.javaScript(.ended(child, child.wait()?.status)))
    }
  }
}

/// Writes lines to a pipe whose reader may be slow, without blocking the caller.
private final class LineWriter: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "node-input")

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func write(_ json: JSON) {
    let (text, descriptor) = (json.text + "\n", descriptor)
    queue.async { try? DescriptorIO.write(text, to: descriptor) }
  }

  func close() {
    let descriptor = descriptor
    queue.async { _ = Glibc.close(descriptor) }
  }
}

extension RunDirectory {
  func javaScript(runningIn directory: String) -> JavaScriptHost.Paths {
    JavaScriptHost.Paths(
      directory: directory, scriptPath: Files.join(path, "node-host.js"),
      logPath: Files.join(path, "node.log"))
  }
}
