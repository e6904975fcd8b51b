internal import Workflow

/// The user's preferences for the screen, from the configuration file.
public struct Preferences: Sendable, Equatable {
  /// Characters beyond ASCII.
  public enum Glyphs: String, Sendable, CaseIterable {
    /// From the locale and the terminal.
    case auto
    case unicode, ascii

    /// Whether to use ASCII only. The fonts of the Linux console lack most glyphs.
    func areASCII(isUTF8: Bool, terminal: String?) -> Bool {
      switch self {
      case .ascii: true
      case .unicode: false
      case .auto: !isUTF8 || terminal == "linux"
      }
    }
  }

  public var theme = ThemeName.standard
  public var glyphs = Glyphs.auto
  public var mouse = true
  /// Print lines instead of a screen.
  public var plain = false
  /// Notifications when a run ends.
  public var bell = true
  public var notify = true
  /// A shell command for the end of a run.
  public var onFinish: String?
  var keys: [String: [Key]] = [:]
  var slots = Arrangement.Slots()
  var focus = Pane.tasks
  /// The columns of a pane's table, by column name.
  var columns: [Pane: [String]] = [:]
  /// Settings changed on the screen, by name.
  var saved: [String: PreferenceValue] = [:]

  public init() {}
}

/// A value of the configuration file.
public enum PreferenceValue: Sendable, Equatable {
  case text(String)
  case flag(Bool)
  case list([String])
  /// An empty table.
  case nothing
  /// Another type, for example `a number`.
  case other(String)
}

/// An error in a setting: which, and what to do.
public struct PreferenceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// As in the file: `keys.retry`.
  public let setting: String
  public let text: String

  public var description: String { "\(setting): \(text)" }
}
