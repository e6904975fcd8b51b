import ArgumentParser
import Testing

@testable import CLI

/// `--help`: short lines, an example for each command, one page for all of them.
@Suite struct HelpTests {
  private static let commands = Root.configuration.groupedSubcommands.flatMap(\.subcommands)

  @Test func `the overview fits on a page`() {
    let lines = Root.overview.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 40)
    for line in lines where line.count > 90 { Issue.record("too long: \(line)") }
    #expect(Root.overview.contains("hflow-tui retry last --failed"))
  }

  @Test func `every command is in the overview`() {
    #expect(Self.commands.count > 20)
    for command in Self.commands {
      let name = command.configuration.commandName ?? "?"
      #expect(Root.overview.contains("\n  \(name) "), "\(name)")
    }
  }

  @Test func `every command has an example`() {
    for command in Self.commands {
      let name = command.configuration.commandName ?? "?"
      let discussion = command.configuration.discussion
      #expect(discussion.contains("Example: hflow-tui \(name)"), "\(name)")
    }
  }

  /// Clauses, not sentences: the parser writes each beside its option.
  @Test func `descriptions are one line of at most 72 characters`() {
    for command in Self.commands {
      let name = command.configuration.commandName ?? "?"
      let abstract = command.configuration.abstract
      #expect(abstract.count <= 72 && !abstract.hasSuffix("."), "\(name): \(abstract)")
      let help = Root.helpMessage(for: command, columns: 1000)
      for line in help.split(separator: "\n") where line.hasPrefix("  ") {
        guard let gap = line.dropFirst(2).firstRange(of: "  ") else { continue }
        let text = line[gap.upperBound...].drop { $0 == " " }
        let own = text.prefix { $0 != "(" }
        #expect(own.count <= 72, "\(name): \(text)")
      }
    }
  }
}
