extension Theme {
  /// Matches of a search.
  func markFound(_ style: inout Style, isCurrent: Bool, isSearch: Bool) {
    if !isSearch {
      style.attributes.insert(.underline)
    } else if colors == .none {
      style.attributes.formUnion(isCurrent ? [.reverse, .bold] : .reverse)
    } else {
      style = Style(foreground: .palette(0), background: isCurrent ? accentColor : .palette(3))
    }
  }

  /// The name of a task in a merged log: neighbours differ, and none looks like a state.
  func source(_ number: Int) -> Style {
    guard colors == .many else { return number % 2 == 0 ? dim : .plain }
    let tints: [UInt8] = [110, 146, 139, 109, 180, 103]
    return Style(foreground: .palette(tints[number % tints.count]))
  }
}
