import Foundation
import Testing

@testable import TUI

/// Screens as text files in `Tests/TUITests/Screens`.
///
/// When one changes on purpose, run the tests with `UPDATE_SCREENS=1`, and look at what
/// `git diff` shows before you commit it.
enum ExpectedScreen {
  /// Compares a screen with the file `name`.txt. With `styles`, also compares colours and
  /// attributes: below the text is a letter for each cell, and a legend of the letters.
  static func expect(
    _ screen: CellBuffer, _ name: String, styles: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let shown = screen.text + "\n" + (styles ? styleMap(screen) : "")
    let file = folder.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_SCREENS"] == "1" {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return try Data(shown.utf8).write(to: file)
    }
    let expected = try? String(contentsOf: file, encoding: .utf8)
    guard expected != shown else { return }
    let differences = difference(expected ?? "", shown)
    Issue.record(
      "Screens/\(name).txt differs:\n\(differences)", sourceLocation: sourceLocation)
  }

  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Screens")
  }

  private static func difference(_ expected: String, _ shown: String) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = shown.split(separator: "\n", omittingEmptySubsequences: false)
    return (0..<max(old.count, new.count)).flatMap { row -> [String] in
      let before = row < old.count ? String(old[row]) : nil
      let after = row < new.count ? String(new[row]) : nil
      if before == after { return [] }
      return [before.map { "- " + $0 }, after.map { "+ " + $0 }].compactMap { $0 }
    }.joined(separator: "\n")
  }

  // MARK: Styles

  private static func styleMap(_ screen: CellBuffer) -> String {
    var letters: [Style: Character] = [.plain: " "]
    var legend = ""
    var rows = ""
    for row in 0..<screen.size.rows {
      var text = ""
      for column in 0..<screen.size.columns {
        let style = screen[column, row].style
        if letters[style] == nil {
          let scalar = Unicode.Scalar(UInt8(ascii: "a") + UInt8(letters.count - 1) % 58)
          letters[style] = Character(scalar)
          legend += "\(Character(scalar)) = \(description(style))\n"
        }
        text.append(letters[style] ?? " ")
      }
      rows += text.trimmedEnd + "\n"
    }
    return "\n" + rows + legend
  }

  private static func description(_ style: Style) -> String {
    var words: [String] = []
    switch style.foreground {
    case .standard: break
    case .palette(let index): words.append("colour \(index)")
    case .rgb(let red, let green, let blue): words.append("rgb \(red) \(green) \(blue)")
    }
    switch style.background {
    case .standard: break
    case .palette(let index): words.append("on \(index)")
    case .rgb(let red, let green, let blue): words.append("on rgb \(red) \(green) \(blue)")
    }
    let names: [(Style.Attributes, String)] = [
      (.bold, "bold"), (.dim, "dim"), (.underline, "underline"), (.reverse, "reverse"),
      (.italic, "italic"),
    ]
    words += names.filter { style.attributes.contains($0.0) }.map(\.1)
    return words.joined(separator: ", ")
  }
}
