import ArgumentParser
import Foundation
import ShellText
import Testing

@testable import CLI

/// The commands in the documents are commands of the program.
@Suite struct DocumentTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].sorted() + pages

  private static var pages: [String] {
    let folder = root.appending(path: "docs").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }

  private static func text(_ document: String) throws -> String {
    try String(contentsOf: root.appending(path: document), encoding: .utf8)
  }

  /// The `hflow-tui` commands of a document's code: indented blocks, fences and `code` in text.
  private static func commands(in text: String) -> [String] {
    var commands: [String] = []
    for code in code(in: text) {
      // Shell syntax separates commands.
      for part in code.split(whereSeparator: { "|&;()<>".contains($0) }) {
        let words = part.components(separatedBy: "hflow-tui ")
        guard words.count > 1, words[0].allSatisfy({ $0.isWhitespace || $0 == "$" }),
          words[1].first?.isLetter == true
        else { continue }
        commands.append(words[1...].joined(separator: "hflow-tui "))
      }
    }
    return commands
  }

  private static func code(in text: String) -> [String] {
    var segments: [String] = []
    var isFenced = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") { isFenced.toggle() }
      if isFenced || line.hasPrefix("    ") {
        segments.append(line)
      } else {
        let parts = line.components(separatedBy: "`")
        segments += stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
      }
    }
    return segments
  }

  @Test(arguments: documents)
  func `every command in the documents can be parsed`(document: String) throws {
    for command in Self.commands(in: try Self.text(document)) {
      if let problem = Self.problem(with: command) {
        Issue.record("\(document): hflow-tui \(command): \(problem)")
      }
    }
  }

  /// Why the program would not accept a command; `nil` if it would.
  private static func problem(with command: String) -> String? {
    let line = command.prefix { $0 != "#" && $0 != "…" }
    guard let words = ShellWords.split(String(line)), let name = words.first else {
      return "not a command line"
    }
    // A command that is only named needs no arguments.
    if words.count == 1 { return names.contains(name) ? nil : "unknown command" }
    do {
      _ = try Root.parseAsRoot(examples(words))
      return nil
    } catch {
      return Root.message(for: error)
    }
  }

  private static var names: [String] {
    // A key path through these metatypes crashes the compiler.
    Root.configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  /// Words with values in the place of names such as `N`, and without `[` and `]`.
  private static func examples(_ words: [String]) -> [String] {
    var result: [String] = []
    for word in words {
      let bare = word.filter { !"[],".contains($0) }
      if !bare.isEmpty { result.append(bare == "N" ? "1" : bare) }
    }
    return result
  }

  @Test func `the reference names every command and every option`() throws {
    let reference = try Self.text("docs/commands.md")
    for command in Root.configuration.groupedSubcommands.flatMap({ $0.subcommands }) {
      let name = command.configuration.commandName ?? "?"
      #expect(reference.contains("hflow-tui \(name)"), "\(name)")
      for option in Root.helpMessage(for: command).matches(of: /\s(--[a-z-]+)/).map(\.output.1)
      where option != "--version" && option != "--help" {
        #expect(reference.contains(option), "\(name) \(option)")
      }
    }
  }

  @Test(arguments: documents)
  func `links between documents lead somewhere`(document: String) throws {
    let text = try Self.text(document)
    let folder = Self.root.appending(path: document).deletingLastPathComponent()
    for link in text.matches(of: /\]\(([^)#\s]*)(#[^)]*)?\)/) {
      let path = String(link.output.1)
      guard !path.hasPrefix("http") else { continue }
      let target = path.isEmpty ? Self.root.appending(path: document) : folder.appending(path: path)
      #expect(FileManager.default.fileExists(atPath: target.path), "\(document): \(path)")
      guard let anchor = link.output.2?.dropFirst(), target.pathExtension == "md" else { continue }
      let headings = try String(contentsOf: target, encoding: .utf8).split(separator: "\n")
        .filter { $0.hasPrefix("#") }.map(Self.anchor)
      #expect(headings.contains(String(anchor)), "\(document): \(path)#\(anchor)")
    }
  }

  /// The anchor that GitHub gives a heading.
  private static func anchor(_ heading: Substring) -> String {
    heading.drop { $0 == "#" || $0 == " " }.lowercased()
      .filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
      .replacing(" ", with: "-")
  }
}
