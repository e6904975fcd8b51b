import Glibc
import Posix
import Synchronization

/// The connection to a host that all sessions and the socket of Redis share.
///
/// `ssh` runs as a process of its own session and outlives the engine, like the run's Redis. So the
/// workers stay connected, and the next engine finds the connection at its control socket.
final class SSHConnection: Sendable {
  let host: String
  /// The path of the control socket.
  let control: String
  /// The file for the connection's own messages.
  let log: String
  /// The process, if this engine has started it.
  private let process = Mutex<Child?>(nil)

  /// How long a connection may take, in milliseconds.
  static let timeoutMilliseconds = 30_000
  /// How long one session may take.
  static let sessionMilliseconds = 60_000

  init(host: String, control: String, log: String) {
    self.host = host
    self.control = control
    self.log = log
  }

  /// Whether this engine has started the connection.
  var isStartedHere: Bool { process.withLock { $0 != nil } }

  /// The options of the connection besides those of the user's own configuration. They limit how
  /// long the server may be silent, unless the user has set a limit: otherwise a lost network would
  /// never be noticed.
  static func options(control: String, configured: String) -> [String] {
    var command = [
      "-o", "BatchMode=yes", "-o", "ControlMaster=yes", "-o", "ControlPath=\(control)", "-o",
      "ControlPersist=no", "-o", "ClearAllForwardings=yes", "-o", "ExitOnForwardFailure=yes",
    ]
    let lines = configured.split(whereSeparator: \.isNewline).map { $0.lowercased() }
    if !lines.contains(where: { $0.hasPrefix("serveraliveinterval ") && !$0.hasSuffix(" 0") }) {
      command += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
    }
    if !lines.contains(where: { $0.hasPrefix("connecttimeout ") && !$0.hasSuffix(" none") }) {
      command += ["-o", "ConnectTimeout=10"]
    }
    return command
  }

  /// Connects. Throws one line about the host.
  func open() async throws(SiteError) {
    unlink(control)
    let configured = await Tool.run(["ssh", "-G", "--", host], milliseconds: 10_000).output
    var request = SpawnRequest(
      "ssh", Self.options(control: control, configured: configured) + ["-N", "-T", "--", host])
    request.group = .session
    let child: Child
    do throws(PosixError) {
      let output = Descriptor(owning: try Files.openForAppending(log, mode: 0o600))
      ftruncate(output.number, 0)
      request.standardOutput = .descriptor(output.number)
      request.standardError = .descriptor(output.number)
      child = try Child.spawn(request)
    } catch {
      throw SiteError("\(host): cannot start ssh (\(error)); install openssh-client")
    }
    process.withLock { $0 = child }
    let deadline = Clock.monotonicMilliseconds + Self.timeoutMilliseconds
    while true {
      if child.wait(block: false) != nil {
        process.withLock { $0 = nil }
        throw SiteError(SSHErrorText.text(logText, host: host))
      }
      if Files.exists(control), await isOpen() { return }
      guard Clock.monotonicMilliseconds < deadline else {
        drop()
        throw SiteError(SSHErrorText.text(logText, host: host, late: true))
      }
      await Ticker.pause(milliseconds: 30)
    }
  }

  /// The end of the connection's log, usually the reason why it ended.
  var logText: String {
    String(decoding: ((try? Files.read(log)) ?? []).suffix(4096), as: UTF8.self)
  }

  /// An `ssh` command that uses the open connection. If there is none, the command fails at once
  /// and never connects by itself.
  func command(_ arguments: [String]) -> [String] {
    ["ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "ProxyCommand=false", "-S", control]
      + arguments
  }

  /// The last line that the connection has printed, in parentheses; empty if there is none.
  var lastMessage: String {
    let lines = logText.split(whereSeparator: \.isNewline)
    return lines.last { $0.contains(where: \.isLetter) }.map { " (\($0))" } ?? ""
  }

  /// Whether the connection lives.
  func isOpen() async -> Bool {
    if hasEnded { return false }
    return await Tool.run(command(["-O", "check", "--", host]), milliseconds: 5000).isSuccess
  }

  /// Whether the connection of this engine has ended. Cheaper than `isOpen`, but false for a
  /// connection of a former engine.
  var hasEnded: Bool { process.withLock { $0?.peek() != nil } }

  /// Runs a script on the host; returns its marked lines.
  func runScript(
    _ script: String, milliseconds: Int = sessionMilliseconds
  ) async throws(SiteError) -> [String: String] {
    let result = await Tool.run(
      command(["-T", "--", host, SSHScripts.shell]), input: script,
      milliseconds: milliseconds)
    let answers = SSHScripts.answers(in: result.output)
    guard answers.isEmpty else { return answers }
    let reason = result.isLate ? "no answer within \(milliseconds / 1000) s" : result.errorText
    throw SiteError("\(host): \(reason); try: ssh \(host) true")
  }

  /// Inspects the host. Returns what the host reports about itself, and what would prevent workers
  /// from running there.
  ///
  /// - Parameter former: the private directory of a former worker, used again if it is still there.
  func inspect(
    _ site: SiteSettings, _ access: WorkerAccess, reusing former: String? = nil
  ) async throws(SiteError) -> (probe: HostProbe, mistakes: [String]) {
    let mark = SharedDirectoryMark(access)
    defer { mark.remove() }
    let candidates =
      site.executor.map { [$0] } ?? [SSHInstall.path, access.executor].compactMap(\.self)
    let asked = Clock.wallMilliseconds
    let answers = try await runScript(
      SSHScripts.probe(
        directory: access.directory, probe: mark.path, candidates: candidates,
        isGiven: site.executor != nil, reusing: former, work: site.work(access)))
    guard let probe = HostProbe(answers, asked: asked, answered: Clock.wallMilliseconds) else {
      throw SiteError("\(host): its shell ended too early; try: ssh \(host) /bin/sh -c true")
    }
    let mistakes = probe.mistakes(
      named: host, directory: access.directory, probe: mark.text, wanted: site.executor,
      isStaged: site.isStaged)
    return (probe, mistakes)
  }

  /// Runs a script in the background; its output goes to a file.
  func start(_ script: String, output path: String) throws(PosixError) -> Child {
    let input = try Pipe()
    var request = SpawnRequest(
      "ssh", Array(command(["-T", "--", host, SSHScripts.shell]).dropFirst()))
    request.group = .session
    request.standardInput = .descriptor(input.readEnd.number)
    unlink(path)
    let output = Descriptor(owning: try Files.openForAppending(path, mode: 0o600))
    request.standardOutput = .descriptor(output.number)
    request.standardError = .null
    try DescriptorIO.write(script, to: input.writeEnd.number)
    return try Child.spawn(request)
  }

  /// Forwards a socket of the other host to an address of this host.
  func forward(_ place: String, to socket: String) async throws(SiteError) {
    let result = await Tool.run(
      command(["-O", "forward", "-R", "\(socket):\(place)", "--", host]), milliseconds: 15_000)
    guard !result.isSuccess else { return }
    throw SiteError(
      "\(host): the socket of Redis cannot be forwarded (\(result.errorText)); its sshd must allow "
        + "it: AllowStreamLocalForwarding yes")
  }

  /// Ends the connection.
  func close() async {
    _ = await Tool.run(command(["-O", "exit", "--", host]), milliseconds: 1000)
    drop()
    rmdir(Files.parent(of: control))
  }

  /// Kills the process of a connection that has ended or hangs.
  func drop() {
    process.withLock { child in
      if let child, child.wait(block: false) == nil {
        child.send(SIGKILL)
        _ = child.wait()
      }
      child = nil
    }
    unlink(control)
  }
}
