internal import Glibc
internal import HumanText
internal import Posix

/// Runs the user's pager or editor on a text, in the terminal that the screen has released.
public enum UserProgram {
  public struct Failure: Error {
    /// One line.
    public let reason: String
  }

  /// Whether the user has chosen an editor.
  public static var hasEditor: Bool { first(editors) != nil }

  /// Opens the editor on a text and returns the edited text.
  public static func edit(_ text: String, named name: String) throws(Failure) -> String {
    let signals = try? TerminalSignals()
    switch run(ProgramText(program: .editor, name: name, text: text), signals) {
    case .ended(let text): return text
    case .failed(let reason): throw Failure(reason: reason)
    case .left: throw Failure(reason: "a signal ended the editor: nothing changed")
    }
  }

  /// - Parameter signals: SIGTERM and SIGHUP also end the program; `nil` to ignore them.
  static func run(_ input: ProgramText, _ signals: TerminalSignals?) -> ProgramOutcome {
    do throws(PosixError) {
      let folder = try Files.makeTemporaryDirectory(prefix: "hflow-tui-")
      var mustStay = false
      defer { if !mustStay { Files.removeTree(folder) } }
      let file = Files.join(folder, fileName(input.name))
      try Files.write(Array(input.text.utf8), to: file, mode: 0o600)
      let command = command(for: input.program)
      // Run by a shell, because these variables may contain options.
      var request = SpawnRequest("/bin/sh", ["-c", "\(command) \"$1\"", "sh", file])
      request.group = .inherited
      request.standardInput = .inherited
      let child = try Child.spawn(request)
      ScreenGuardian.terminalReleased(to: child)
      defer { ScreenGuardian.release() }
      let (status, reason) = wait(for: child, signals)
      if let reason {
        mustStay = input.program == .editor && hasUnsavedWork(folder, file, input.text)
        if mustStay { printMessage("hflow-tui: the editor's files are in \(folder)\n") }
        return .left(reason)
      }
      guard case .exited(0)? = status else {
        return .failed("\(command) failed: the text is unchanged")
      }
      return .ended(String(decoding: try Files.read(file), as: UTF8.self))
    } catch {
      return .failed("\(error)")
    }
  }

  // MARK: Signals

  /// How long a program may take to save its text after a signal.
  private static let graceMilliseconds = 2000

  /// Waits for the program to end. A signal that ends the screen first ends the program; its reason
  /// is returned.
  private static func wait(
    for child: Child, _ signals: TerminalSignals?
  ) -> (status: ExitStatus?, reason: LeaveReason?) {
    guard let signals, let end = try? child.endDescriptor() else {
      return (child.wait()?.status, nil)
    }
    var reason: LeaveReason?
    var deadline: Int?
    while true {
      if let ended = child.wait(block: false) { return (ended.status, reason) }
      var entries = [end.number, signals.descriptor].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      let left = deadline.map { max(0, $0 - Clock.monotonicMilliseconds) } ?? -1
      if Poll.wait(&entries, milliseconds: left) == 0 {
        child.sendToTree(SIGKILL)
        return (child.wait()?.status, reason)
      }
      for signal in signals.drain() where reason == nil {
        switch signal {
        case .terminate: reason = .terminated
        case .hangUp: reason = .hangUp
        // These signals are for the program.
        case .interrupt, .resized, .continued: continue
        }
        child.sendToTree(signal == .hangUp ? SIGHUP : SIGTERM)
        child.sendToTree(SIGCONT)
        deadline = Clock.monotonicMilliseconds + graceMilliseconds
      }
    }
  }

  /// Whether a terminated editor has left unsaved work: a changed text, or a file of its own.
  private static func hasUnsavedWork(_ folder: String, _ file: String, _ text: String) -> Bool {
    let bytes = try? Files.read(file)
    return bytes != Array(text.utf8) || Files.list(folder).count > 1
  }

  private static func printMessage(_ text: String) {
    let lines = LineText.safeLines(text).joined(separator: "\n")
    try? DescriptorIO.write(lines, to: STDERR_FILENO)
  }

  private static func command(for program: ProgramText.Program) -> String {
    switch program {
    case .pager: first(["PAGER"]) ?? "less -R"
    case .editor: first(editors) ?? "vi"
    }
  }

  private static let editors = ["VISUAL", "EDITOR"]

  private static func first(_ names: [String]) -> String? {
    names.lazy.compactMap { Environment[$0] }.first { !$0.isEmpty }
  }

  /// A safe file name: no path, and not an option.
  private static func fileName(_ name: String) -> String {
    let safe = name.map {
      $0.isASCII && ($0.isLetter || $0.isNumber || "._".contains($0)) ? $0 : "_"
    }
    return safe.first == "." || safe.isEmpty ? "text" : String(safe.suffix(100))
  }
}
