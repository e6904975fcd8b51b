internal import Posix

/// Runs a person's pager or editor on a text, in the terminal that the screen has given away.
public enum PersonalProgram {
  public struct Failure: Error {
    /// One line.
    public let reason: String
  }

  /// Whether the person has named an editor of theirs.
  public static var hasEditor: Bool { first(editors) != nil }

  /// Opens the editor on a text; returns what the person made of it.
  public static func edit(_ text: String, named name: String) throws(Failure) -> String {
    switch run(LentText(program: .editor, name: name, text: text)) {
    case .ended(let text): return text
    case .failed(let reason): throw Failure(reason: reason)
    }
  }

  static func run(_ lent: LentText) -> LentOutcome {
    do throws(PosixError) {
      let folder = try Files.makeTemporaryDirectory(prefix: "hflow-tui-")
      defer { Files.removeTree(folder) }
      let file = Files.join(folder, fileName(lent.name))
      try Files.write(Array(lent.text.utf8), to: file, mode: 0o600)
      let command = command(for: lent.program)
      // As a shell reads it, for people put options into these variables.
      var request = SpawnRequest("/bin/sh", ["-c", "\(command) \"$1\"", "sh", file])
      request.group = .inherited
      request.standardInput = .inherited
      let ending = try Child.spawn(request).wait()
      guard case .exited(0)? = ending?.status else {
        return .failed("\(command) did not end well: the text is as it was")
      }
      return .ended(String(decoding: try Files.read(file), as: UTF8.self))
    } catch {
      return .failed("\(error)")
    }
  }

  private static func command(for program: LentText.Program) -> String {
    switch program {
    case .pager: first(["PAGER"]) ?? "less -R"
    case .editor: first(editors) ?? "vi"
    }
  }

  private static let editors = ["VISUAL", "EDITOR"]

  private static func first(_ names: [String]) -> String? {
    names.lazy.compactMap { Environment[$0] }.first { !$0.isEmpty }
  }

  /// Nothing that leads out of the folder, or that a program takes for an option.
  private static func fileName(_ name: String) -> String {
    let safe = name.map {
      $0.isASCII && ($0.isLetter || $0.isNumber || "._".contains($0)) ? $0 : "_"
    }
    return safe.first == "." || safe.isEmpty ? "text" : String(safe.suffix(100))
  }
}
