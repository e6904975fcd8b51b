/// Text on the screen that leads to a file, in terminals that know links (OSC 8).
package struct CellLink: Hashable, Sendable {
  package let at: Point
  /// The text of its cells, for which it stands.
  package let text: String
  package let columns: Int
  package let uri: String
}

extension CellBuffer {
  /// Makes words of an area links. A word is what stands between spaces; `uri` says where it
  /// leads. A word that is cut by the edge of the area is not known, so it becomes no link.
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

  /// The links whose text nothing has been drawn over.
  package var shownLinks: [CellLink] {
    links.filter { link in
      (link.at.column..<link.at.column + link.columns).reduce(into: "") {
        $0 += self[$1, link.at.row].text
      } == link.text
    }
  }
}
