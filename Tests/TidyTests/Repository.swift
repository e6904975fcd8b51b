import Foundation

/// The project's own sources, as text.
struct Repository {
  struct Source {
    /// Relative to the project: `Sources/Engine/…`.
    let path: String
    let lines: [String]

    /// `Engine` of `Sources/Engine/…`.
    var target: String { String(path.split(separator: "/")[1]) }
    /// Lines with comments and the insides of strings taken out, for looking for code.
    var code: [String] { SourceText.withoutCommentsAndStrings(lines) }
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let sources = swiftFiles(in: "Sources")
  static let tests = swiftFiles(in: "Tests")

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
  static func withoutCommentsAndStrings(_ lines: [String]) -> [String] {
    var isInLongString = false
    return lines.map { line in
      let quotes = line.components(separatedBy: "\"\"\"").count - 1
      defer { if quotes % 2 == 1 { isInLongString.toggle() } }
      if isInLongString || quotes > 0 { return "" }
      return strip(line)
    }
  }

  private static func strip(_ line: String) -> String {
    var result = ""
    var isInString = false
    var previous: Character = " "
    for character in line {
      if character == "\"", previous != "\\" { isInString.toggle() }
      if !isInString, character == "/", previous == "/" {
        result.removeLast()
        return result
      }
      if !isInString { result.append(character) }
      previous = previous == "\\" && character == "\\" ? " " : character
    }
    return result
  }
}
