/// Text on the screen that is a link to a file, in terminals that support links (OSC 8).
package struct CellLink: Hashable, Sendable {
  package let at: Point
  /// The text of the linked cells.
  package let text: String
  package let columns: Int
  package let uri: String
}

extension CellBuffer {
  /// Turns the words of an area into links. Words are separated by spaces; `uri` returns the target
  /// of a word. A word that the edge of the area cuts becomes no link.
  package mutating func link(in area: Rectangle, _ uri: (String) -> String?) {
    guard area.columns > 0 else { return }
    for row in max(0, area.row)..<max(0, min(area.endRow, size.rows), area.row) {
      var start = area.column
      var word = ""
      for column in area.column...area.endColumn {
        let cell = column < area.endColumn ? self[column, row] : .blank
        if cell.isContinuation { continue }
        if cell.base != " " {
          if word.isEmpty { start = column }
          word += cell.text
          continue
        }
        if !word.isEmpty, let uri = uri(word) {
          add(
            CellLink(
              at: Point(column: start, row: row), text: word, columns: column - start, uri: uri))
        }
        word = ""
      }
    }
  }

  /// The links that no later text covers.
  package var shownLinks: [CellLink] {
    links.filter { link in
      (link.at.column..<link.at.column + link.columns).reduce(into: "") {
        $0 += self[$1, link.at.row].text
      } == link.text
    }
  }
}
