extension Rails {
  /// The lanes beside a row as characters: one before the first lane, then two for each lane
  /// except the last. `glyph` is the node's.
  static func text(
    _ cells: [Cell], bundle: Int?, glyph: String, ascii: Bool,
    stroke: (Int32) -> Stroke = { _ in .light }
  ) -> String {
    var text = lead(cells, before: 0, ascii)
    for (lane, cell) in cells.enumerated() {
      text +=
        cell.isNode
        ? glyph : String(symbol(cell, isBundle: lane == bundle, stroke(cell.net), ascii))
      if lane + 1 < cells.count { text += lead(cells, before: lane + 1, ascii) }
    }
    return text
  }

  /// The character of a lane in a row without its node.
  static func symbol(_ cell: Cell, isBundle: Bool, _ stroke: Stroke, _ ascii: Bool)
    -> Unicode.Scalar
  {
    if isBundle, cell.joint == .vertical { return ascii ? "\"" : "┋" }
    return LineCell(cell.isCrossed ? .vertical : cell.joint, stroke).glyph(ascii: ascii)
  }

  /// The character between a lane and the previous one.
  static func lead(_ cells: [Cell], before lane: Int, _ ascii: Bool) -> String {
    if lane > 0 {
      let before = cells[lane - 1]
      if before.hasArrow { return ascii ? "<" : "◂" }
      if before.isCrossed || before.joint.contains(.right) { return ascii ? "-" : "─" }
    }
    return cells.indices.contains(lane) && cells[lane].isApart ? (ascii ? "-" : "╶") : " "
  }
}
