internal import HumanText

extension StringProtocol {
  /// The text, safe for one line of a terminal or a log; see `LineText.safe`.
  public var displayName: String { LineText.safe(self) }
}
