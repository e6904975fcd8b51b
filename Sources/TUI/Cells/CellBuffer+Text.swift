extension CellBuffer {
  /// The rows as text without trailing spaces, for tests.
  package var lines: [String] {
    (0..<size.rows).map { row in
      var line = ""
      for column in 0..<size.columns { line += self[column, row].text }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  package var text: String { lines.joined(separator: "\n") }

  /// One row as runs of equal style, for tests of colours and for pictures.
  package func runs(ofRow row: Int) -> [Run] {
    var runs: [Run] = []
    for column in 0..<size.columns {
      let cell = self[column, row]
      if let last = runs.last, last.style == cell.style {
        runs[runs.count - 1].text += cell.text
      } else {
        runs.append(Run(cell.text, cell.style))
      }
    }
    return runs
  }
}
