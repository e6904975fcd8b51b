extension Line {
  /// Splits the line into pieces of at most `columns`, at least one; characters are not
  /// split.
  func wrapped(to columns: Int) -> [Line] {
    guard columns > 0, width > columns else { return [self] }
    var pieces = [Line()]
    for run in runs {
      var text = String.UnicodeScalarView()
      var available = columns - pieces[pieces.count - 1].width
      for scalar in run.text.unicodeScalars {
        let taken = DisplayWidth.of(DisplayWidth.printable(scalar))
        if taken > available {
          pieces[pieces.count - 1].append(String(text), run.style)
          pieces.append(Line())
          text = String.UnicodeScalarView()
          available = columns
        }
        text.append(scalar)
        available -= taken
      }
      pieces[pieces.count - 1].append(String(text), run.style)
    }
    return pieces
  }

  /// Splits the line at words; later pieces begin with a margin.
  func wrapped(to columns: Int, margin: Int) -> [Line] {
    guard width > columns, columns > margin else { return [self] }
    let start = Line(String(repeating: " ", count: margin))
    var pieces: [Line] = []
    var piece = Line()
    var blanks = Line()
    for run in runs {
      for word in run.text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
        if word.offset > 0 { blanks.append(" ", run.style) }
        guard !word.element.isEmpty else { continue }
        let text = Line(String(word.element), run.style)
        if piece.width + blanks.width + text.width > columns, piece.width > margin {
          pieces.append(piece)
          piece = start
        } else {
          piece.append(blanks)
        }
        blanks = Line()
        let parts = text.wrapped(to: max(1, columns - max(piece.width, margin)))
        for part in parts.dropLast() {
          piece.append(part)
          pieces.append(piece)
          piece = start
        }
        piece.append(parts[parts.count - 1])
      }
    }
    return pieces + [piece]
  }

  /// The line without its first columns; half of a wide character becomes a space.
  func dropping(columns: Int) -> Line {
    guard columns > 0 else { return self }
    var rest = Line()
    var left = columns
    for run in runs {
      var text = String.UnicodeScalarView()
      for scalar in run.text.unicodeScalars {
        let width = DisplayWidth.of(DisplayWidth.printable(scalar))
        if left > 0 {
          left -= width
          if left < 0 { text.append(" ") }
        } else if width > 0 || !text.isEmpty || !rest.runs.isEmpty {
          text.append(scalar)
        }
      }
      rest.append(String(text), run.style)
    }
    return rest
  }

  /// Changes the styles in ascending, disjoint ranges of its UTF-8.
  func restyled(_ ranges: [Range<Int>], _ change: (inout Style) -> Void) -> Line {
    guard !ranges.isEmpty else { return self }
    var result = Line()
    var offset = 0
    for run in runs {
      let bytes = Array(run.text.utf8)
      var place = 0
      while place < bytes.count {
        let here = offset + place
        let range = ranges.first { $0.upperBound > here }
        let isInside = range?.contains(here) ?? false
        let stop = (isInside ? range?.upperBound : range?.lowerBound) ?? Int.max
        let end = min(bytes.count, stop - offset)
        var style = run.style
        if isInside { change(&style) }
        result.append(String(decoding: bytes[place..<end], as: UTF8.self), style)
        place = end
      }
      offset += bytes.count
    }
    return result
  }
}
