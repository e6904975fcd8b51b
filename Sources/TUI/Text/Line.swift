/// Text of one style.
package struct Run: Hashable, Sendable {
  package var text: String
  package var style: Style

  package init(_ text: String, _ style: Style = .plain) {
    self.text = text
    self.style = style
  }
}

/// A line of text in several styles.
package struct Line: Hashable, Sendable {
  package private(set) var runs: [Run]
  /// Its width in columns.
  package private(set) var width: Int

  package init(_ runs: [Run] = []) {
    self.runs = runs
    width = runs.reduce(0) { $0 + DisplayWidth.of($1.text) }
  }

  package init(_ text: String, _ style: Style = .plain) {
    self.init([Run(text, style)])
  }

  package var text: String { runs.reduce(into: "") { $0 += $1.text } }

  package mutating func append(_ text: String, _ style: Style = .plain) {
    guard !text.isEmpty else { return }
    width += DisplayWidth.of(text)
    if let last = runs.indices.last, runs[last].style == style {
      runs[last].text += text
    } else {
      runs.append(Run(text, style))
    }
  }

  package mutating func append(_ line: Line) {
    for run in line.runs { append(run.text, run.style) }
  }

  /// Appends spaces up to a column.
  package mutating func pad(to column: Int) {
    if column > width { append(String(repeating: " ", count: column - width)) }
  }

  /// Appends a text column, cut or padded on its right.
  package mutating func column(
    _ text: String, _ columns: Int, _ style: Style = .plain, ellipsis: String
  ) {
    let end = width + columns
    append(Truncation.end(text, columns, ellipsis: ellipsis), style)
    pad(to: end)
  }

  /// Appends a number column, padded on its left.
  package mutating func rightColumn(
    _ text: String, _ columns: Int, _ style: Style = .plain, ellipsis: String
  ) {
    let shown = Truncation.end(text, columns, ellipsis: ellipsis)
    pad(to: width + columns - DisplayWidth.of(shown))
    append(shown, style)
  }
}

extension CellBuffer {
  /// Writes a line at a point, at most `width` columns, and returns the columns written.
  @discardableResult
  package mutating func write(_ line: Line, at point: Point, width: Int = .max) -> Int {
    var taken = 0
    for run in line.runs {
      guard taken < width else { break }
      let place = Point(column: point.column + taken, row: point.row)
      let rest = width == .max ? .max : width - taken
      let wrote = write(run.text, at: place, style: run.style, width: rest)
      taken += wrote
      if wrote < DisplayWidth.of(run.text) { break }
    }
    return taken
  }
}
