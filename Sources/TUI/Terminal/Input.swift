/// A key of the keyboard.
package enum Key: Hashable, Sendable {
  case character(Character)
  case control(Character)
  case alt(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, tab, backTab, backspace, delete
  case function(Int)
}

/// Input from the terminal.
package enum Input: Hashable, Sendable {
  case key(Key)
  case click(Point)
  /// The pointer moved with its button pressed.
  case drag(Point)
  case release(Point)
  /// Pasted text, without line breaks and control characters. It never acts.
  case paste(String)
  /// Rows; negative means up.
  case wheel(Point, rows: Int)
}
