import Glibc
import Posix
import Synchronization
import Testing

/// A real terminal of a fixed size: a tmux server of its own with a shell in it.
final class TerminalSession: Sendable {
  private let name: String
  /// A wait has failed, so nothing that follows will appear either.
  private let hasFailed = Atomic(false)

  /// The shell's prompt is `$ `; the program is `hflow-tui` in its `PATH`.
  init(columns: Int = 120, rows: Int = 32, directory: String) throws {
    name = "hflow-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
    var environment = Program.cleanEnvironment()
    environment["PATH"] = "\(Files.parent(of: Program.hflow)):\(environment["PATH"] ?? "")"
    environment["PS1"] = "$ "
    environment["TERM"] = "xterm-256color"
    environment["TMUX"] = nil
    try tmux(
      [
        "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "-c",
        directory,
      ]
        + ["env", "PS1=$ ", "bash", "--norc", "--noprofile"], environment: environment)
    _ = waitFor("$")
  }

  deinit { _ = try? tmux(["kill-server"]) }

  /// Opens a terminal in a directory with the workflow. The jobs end when the file `go` exists,
  /// which is written at the end. Runs on a thread of its own, because a session waits for facts.
  static func run(
    _ workflow: String, columns: Int = 120, rows: Int = 32,
    _ body: @escaping @Sendable (TerminalSession, Workspace) throws -> Void
  ) async throws {
    let place = try Workspace(workflow)
    try await onThread {
      let terminal = try TerminalSession(columns: columns, rows: rows, directory: place.path)
      try body(terminal, place)
      // No process may keep working in a directory that is about to be deleted.
      try place.write("", to: "go")
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  /// Types text and presses Enter.
  func type(_ text: String) throws {
    try tmux(["send-keys", "-l", text])
    try tmux(["send-keys", "Enter"])
  }

  /// Presses keys by their tmux names, one after the other.
  func press(_ keys: String...) throws {
    for key in keys { try tmux(["send-keys", key]) }
  }

  /// Presses the keys in one piece, as fast as the program reads them.
  func pressAtOnce(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

  /// Pastes text as a terminal does: with the marks of a paste if the program wants them.
  func paste(_ text: String) throws {
    try tmux(["set-buffer", text])
    try tmux(["paste-buffer", "-p"])
  }

  func resize(columns: Int, rows: Int) throws {
    try tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
  }

  /// What the terminal shows now, with its scrollback if asked for.
  func screen(withHistory: Bool = false, escapes: Bool = false) -> String {
    var arguments = ["capture-pane", "-p"]
    if withHistory { arguments += ["-S", "-"] }
    if escapes { arguments.append("-e") }
    return (try? tmux(arguments)) ?? ""
  }

  /// Waits until the screen shows a text; the screen is in the failure.
  @discardableResult
  func waitFor(
    _ text: String, withHistory: Bool = false, milliseconds: Int = Program.waitMilliseconds,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> Bool {
    wait(milliseconds) { self.screen(withHistory: withHistory).contains(text) }
      ? true : fail("never shown: \(text)", sourceLocation)
  }

  @discardableResult
  func waitUntilGone(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Bool {
    wait(Program.waitMilliseconds) { !self.screen().contains(text) }
      ? true : fail("never went away: \(text)", sourceLocation)
  }

  private func wait(_ milliseconds: Int, _ isTrue: () -> Bool) -> Bool {
    if hasFailed.load(ordering: .relaxed) { return isTrue() }
    let deadline = Clock.monotonicMilliseconds + milliseconds
    while !isTrue() {
      if Clock.monotonicMilliseconds > deadline { return false }
      var nothing: [pollfd] = []
      _ = Poll.wait(&nothing, milliseconds: 20)
    }
    return true
  }

  private func fail(_ what: String, _ sourceLocation: SourceLocation) -> Bool {
    if hasFailed.exchange(true, ordering: .relaxed) { return false }
    Issue.record("\(what)\n\(screen())", sourceLocation: sourceLocation)
    return false
  }

  @discardableResult
  private func tmux(
    _ arguments: [String], environment: [String: String]? = nil
  ) throws -> String {
    let output = try Pipe()
    var request = SpawnRequest("tmux", ["-L", name, "-u"] + arguments)
    request.environment = environment ?? Program.cleanEnvironment()
    request.standardOutput = .descriptor(output.writeEnd.number)
    request.standardError = .null
    let child = try Child.spawn(request)
    let reader = output.keepingReadEnd()
    let bytes = try DescriptorIO.readToEnd(reader.number)
    _ = child.wait()
    return String(decoding: bytes, as: UTF8.self)
  }
}
