/// A key as the hand knows it.
package enum Key: Hashable, Sendable {
  case character(Character)
  case control(Character)
  case alt(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, tab, backTab, backspace, delete
  case function(Int)
}

/// What a person does to the terminal.
package enum Input: Hashable, Sendable {
  case key(Key)
  case click(Point)
  /// The pointer moved with its button down.
  case drag(Point)
  case release(Point)
  /// Text from elsewhere, without line breaks and control characters. It never acts.
  case paste(String)
  /// Rows, negative upwards.
  case wheel(Point, rows: Int)
}
