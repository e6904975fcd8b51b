import Foundation

/// The project's own sources, as text.
struct Repository {
  struct Source {
    /// Relative to the project: `Sources/Engine/…`.
    let path: String
    let lines: [String]
    /// Lines with comments and the insides of strings taken out, for looking for code.
    let code: [String]
    /// The comments of each line, without code in backticks.
    let comments: [String]
    /// The insides of the strings of each line.
    let strings: [String]

    init(path: String, lines: [String]) {
      self.path = path
      self.lines = lines
      let parts = SourceText.parts(lines)
      code = parts.map(\.code)
      comments = parts.map { SourceText.withoutBackticks($0.comment) }
      strings = parts.map(\.strings)
    }

    /// `Engine` of `Sources/Engine/…`.
    var target: String { String(path.split(separator: "/")[1]) }
    var file: String { String(path.split(separator: "/").last ?? "") }
    /// Comments and strings, line by line.
    var prose: String {
      zip(comments, strings).map { "\($0) \($1)" }.joined(separator: "\n")
    }
    /// Comments and the names of tests, line by line.
    var testProse: String {
      zip(comments, lines).map { comment, line in
        let parts = line.components(separatedBy: "func `")
        return "\(comment) \(parts.count > 1 ? parts[1].prefix { $0 != "`" } : "")"
      }.joined(separator: "\n")
    }
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let sources = swiftFiles(in: "Sources")
  static let tests = swiftFiles(in: "Tests")

  /// The pages for users and contributors.
  static let documents =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    + names(in: "docs").filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }

  /// A page without code: blocks, indented lines, and words in backticks.
  static func prose(of path: String) -> String {
    var isInBlock = false
    let lines = (text(path) ?? "").components(separatedBy: "\n").map { line -> String in
      if line.hasPrefix("```") { isInBlock.toggle() }
      return isInBlock || line.hasPrefix("    ") ? "" : SourceText.withoutBackticks(line)
    }
    return lines.joined(separator: "\n")
  }

  static func text(_ path: String) -> String? {
    try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  static func names(in folder: String) -> [String] {
    let path = root.appendingPathComponent(folder).path
    return (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? []
  }

  private static func swiftFiles(in folder: String) -> [Source] {
    let base = root.appendingPathComponent(folder)
    let paths =
      FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
      let text = (try? String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)) ?? ""
      return Source(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n"))
    }
  }
}

/// Just enough reading of Swift to tell code from comments and strings.
enum SourceText {
  typealias Parts = (code: String, strings: String, comment: String)

  static func parts(_ lines: [String]) -> [Parts] {
    var isInLongString = false
    return lines.map { line in
      let quotes = line.components(separatedBy: "\"\"\"").count - 1
      defer { if quotes % 2 == 1 { isInLongString.toggle() } }
      if isInLongString || quotes > 0 { return ("", line, "") }
      return split(line)
    }
  }

  static func withoutBackticks(_ text: String) -> String {
    text.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 0 }
      .map(\.element).joined(separator: "``")
  }

  private static func split(_ line: String) -> Parts {
    if line.utf8.allSatisfy({ $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "/") }) {
      return (line, "", "")
    }
    var code = ""
    var strings = ""
    var isInString = false
    var previous: Character = " "
    for (index, character) in zip(line.indices, line) {
      if character == "\"", previous != "\\" {
        isInString.toggle()
        strings.append(" ")
      }
      if !isInString, character == "/", previous == "/" {
        code.removeLast()
        return (code, strings, String(line[index...].dropFirst()))
      }
      if isInString { strings.append(character) } else { code.append(character) }
      previous = previous == "\\" && character == "\\" ? " " : character
    }
    return (code, strings, "")
  }
}
