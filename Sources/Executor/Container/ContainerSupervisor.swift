import Glibc
import Posix

/// A process between an executor and a container tool.
///
/// The supervisor pulls the image first, one pull at a time on a host. For docker and podman, whose
/// containers outlive the program that starts them, it then runs that program. It removes the
/// container when its command has ended, or when the executor has closed its end of the socket or
/// has died.
///
/// TERM goes to the whole process group; docker and podman pass it on into the container.
struct ContainerSupervisor: ~Copyable {
  static let option = "--run-container"
  /// The descriptor of the socket.
  static let socket: Int32 = 3
  private static let helperMilliseconds = 10_000
  private static let memoryChecks = 4

  private let order: ContainerOrder
  private let signals: UnixSignals
  private let environment: [String: String]
  private var isStopped = false
  /// Whether the executor has closed the socket, or has died.
  private var isAbandoned = false

  /// Returns the exit code of the command, or of the tool.
  static func run(_ text: String) -> Int32 {
    guard let order = ContainerOrder(parsing: text) else {
      Console.printError("\(option) is for executors only")
      return 2
    }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    do throws(PosixError) {
      var supervisor = try ContainerSupervisor(order)
      return supervisor.run()
    } catch {
      Console.printError("\(error)")
      return 125
    }
  }

  private init(_ order: ContainerOrder) throws(PosixError) {
    self.order = order
    signals = try UnixSignals([SIGTERM, SIGINT, SIGHUP])
    var variables = Environment.all
    if let prefix = order.prefix {
      let own = variables.filter { $0.key.hasPrefix(prefix) }
      environment = Dictionary(
        uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
      for name in own.keys { variables[name] = nil }
    } else {
      environment = variables
    }
  }

  private mutating func run() -> Int32 {
    if let label = order.strayLabel { removeStrays(label) }
    if let image = order.image, let code = pullIfMissing(image) { return code }
    send(.running)
    guard let name = order.name else { return become() }
    var request = SpawnRequest(order.program, order.arguments)
    request.environment = environment
    request.group = .inherited
    do throws(PosixError) {
      let child = try Child.spawn(request)
      let status = wait(for: child, until: nil)
      let code = Self.code(of: status)
      report(code, name)
      // A container that was just being started may run after its removal.
      if isAbandoned { kill(container: name) } else { _ = runTool(["rm", "--force", name]) }
      return code
    } catch {
      send(.ended(hasStarted: false, isOutOfMemory: false, error: "\(error)"))
      return 125
    }
  }

  /// Continues as the tool, which runs the command as itself or as its child.
  private func become() -> Int32 {
    UnixSignals.unblock([SIGTERM, SIGINT, SIGHUP])
    let words = ([order.program] + order.arguments).map { strdup($0) }
    let variables = environment.map { strdup("\($0.key)=\($0.value)") }
    execve(order.program, words + [nil], variables + [nil])
    Console.printError("cannot run \(order.program): \(String(cString: strerror(errno)))")
    return 125
  }

  private static func code(of status: ExitStatus) -> Int32 {
    switch status {
    case .exited(let code): Int32(code)
    case .signalled(let number): 128 + Int32(number)
    case .unknown: 125
    }
  }

  private func send(_ news: ContainerNews) {
    // Errors are ignored: without a reader, the news is not needed.
    _ = Array(news.line.utf8).withUnsafeBytes {
      Glibc.send(Self.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// Reports how the container ended; call it before the container is removed. docker may record an
  /// out-of-memory kill only after the exit.
  private func report(_ code: Int32, _ name: String) {
    guard code != 0 else {
      return send(.ended(hasStarted: true, isOutOfMemory: false, error: ""))
    }
    let format = "{{.State.StartedAt}}|{{.State.OOMKilled}}|{{.State.Error}}"
    let mayBeMemory = code == 128 + SIGKILL && order.arguments.contains("--memory")
    var checksLeft = mayBeMemory ? Self.memoryChecks : 1
    while true {
      let answer = runTool(["inspect", "--type", "container", "--format", format, name])
      let parts = answer.output.split(
        separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
      guard answer.isSuccess, parts.count == 3 else {
        return send(.ended(hasStarted: false, isOutOfMemory: false, error: ""))
      }
      checksLeft -= 1
      guard parts[1] == "true" || checksLeft == 0 else {
        _ = Poll.wait(for: -1, 0, milliseconds: 100)
        continue
      }
      return send(
        .ended(
          hasStarted: !parts[0].hasPrefix("0001-"), isOutOfMemory: parts[1] == "true",
          error: String(parts[2])))
    }
  }

  /// Removes containers on this host whose executor has died without a supervisor.
  private func removeStrays(_ label: String) {
    let found = runTool(["ps", "--all", "--quiet", "--no-trunc", "--filter", "label=\(label)"])
    let ids = found.output.split(whereSeparator: \.isNewline).map(String.init)
    guard found.isSuccess, !ids.isEmpty else { return }
    let format = "{{.Id}}|{{index .Config.Labels \"\(ContainerStart.ownerLabel)\"}}"
    let answer = runTool(["inspect", "--type", "container", "--format", format] + ids)
    for line in answer.output.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "|", maxSplits: 1)
      guard parts.count == 2, let owner = ProcessIdentity(parsing: parts[1]), !owner.isAlive
      else { continue }
      kill(container: String(parts[0]))
    }
  }

  /// Ends a container. The `rm` of podman alone would send TERM and wait for longer than a helper
  /// may take.
  private func kill(container name: String) {
    _ = runTool(["kill", "--signal", "KILL", name])
    _ = runTool(["rm", "--force", name])
  }
}

extension ContainerSupervisor {
  /// Pulls the image unless the host has it. Returns an exit code if that failed.
  private mutating func pullIfMissing(_ image: ContainerOrder.Image) -> Int32? {
    do throws(PosixError) {
      let lock = try FileLock(image.lock)
      while !lock.tryLock() {
        if isAsked(milliseconds: 100) { return 128 + SIGTERM }
      }
      if isPresent(image) { return nil }
      send(.pulling)
      Console.printError("pulling \(image.pull.last ?? "the image")")
      var request = SpawnRequest(image.pull[0], Array(image.pull.dropFirst()))
      if let prefix = order.prefix {
        request.environment = Environment.all.filter { !$0.key.hasPrefix(prefix) }
      }
      request.group = .inherited
      request.standardOutput = .null
      let deadline = Clock.monotonicMilliseconds + image.limit * 1000
      let status = wait(for: try Child.spawn(request), until: deadline)
      if isStopped { return 128 + SIGTERM }
      if status == .exited(0) {
        if let path = image.path, let pulled = image.pulled { rename(pulled, path) }
        if isPresent(image) { return nil }
      }
      send(.notPulled(isLate: Clock.monotonicMilliseconds >= deadline))
    } catch {
      Console.printError("\(error)")
      send(.notPulled(isLate: false))
    }
    return 125
  }

  private func isPresent(_ image: ContainerOrder.Image) -> Bool {
    if let path = image.path { return Files.exists(path) }
    return runTool(image.check).isSuccess
  }

  /// Whether the executor or a signal has requested the end.
  private mutating func isAsked(milliseconds: Int) -> Bool {
    var entries = [signals.descriptor, Self.socket].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    _ = Poll.wait(&entries, milliseconds: milliseconds)
    while signals.next() != nil { isStopped = true }
    return isStopped || entries[1].revents != 0
  }

  /// Waits for a program; ends it when the executor requests the end, or at the deadline.
  private mutating func wait(for child: Child, until deadline: Int?) -> ExitStatus {
    let end = (try? child.endDescriptor())?.release() ?? -1
    defer { if end >= 0 { close(end) } }
    while true {
      if let result = child.wait(block: false) { return result.status }
      var entries = [signals.descriptor, isAbandoned ? -1 : Self.socket, end].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      let left = isAbandoned ? nil : deadline.map { max(0, $0 - Clock.monotonicMilliseconds) }
      _ = Poll.wait(&entries, milliseconds: end < 0 ? 20 : left ?? -1)
      while signals.next() != nil { isStopped = true }
      let isLate = deadline.map { Clock.monotonicMilliseconds >= $0 } ?? false
      guard !isAbandoned, isLate || entries[1].revents != 0 else { continue }
      isAbandoned = true
      if let name = order.name, deadline == nil { kill(container: name) }
      // The program of a removed container ends by itself, unless its daemon hangs.
      if deadline != nil || !Self.ends(child) { child.send(SIGKILL) }
    }
  }

  private static func ends(_ child: Child) -> Bool {
    let deadline = Clock.monotonicMilliseconds + 1000
    while Clock.monotonicMilliseconds < deadline {
      if child.peek() != nil { return true }
      _ = Poll.wait(for: -1, 0, milliseconds: 10)
    }
    return false
  }

  private struct Answer {
    var isSuccess = false
    var output = ""
  }

  /// Runs a short command of the tool, in a process group that signals for the job do not reach.
  private func runTool(_ arguments: [String]) -> Answer {
    guard let pipe = try? Pipe(nonblocking: true) else { return Answer() }
    var request = SpawnRequest(order.program, arguments)
    request.standardOutput = .descriptor(pipe.writeEnd.number)
    request.standardError = .null
    guard let child = try? Child.spawn(request) else { return Answer() }
    let reader = pipe.keepingReadEnd()
    let deadline = Clock.monotonicMilliseconds + Self.helperMilliseconds
    var output: [UInt8] = []
    while Clock.monotonicMilliseconds < deadline {
      let isReadable = Poll.wait(for: reader.number, POLLIN, milliseconds: 100)
      if isReadable, let part = try? DescriptorIO.read(reader.number) {
        output += part
        if part.isEmpty { break }
      }
    }
    if Clock.monotonicMilliseconds >= deadline { child.sendToGroup(SIGKILL) }
    while output.last.map({ $0 <= 0x20 }) == true { output.removeLast() }
    let status = child.wait()?.status
    return Answer(
      isSuccess: status == .exited(0), output: String(decoding: output, as: UTF8.self))
  }
}
