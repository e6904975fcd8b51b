internal import Workflow

/// What a person likes the screen to be, as the configuration file says.
public struct Preferences: Sendable, Equatable {
  /// Signs beyond ASCII.
  public enum Glyphs: String, Sendable, CaseIterable {
    /// As the locale and the terminal say.
    case auto
    case unicode, ascii

    /// Whether only ASCII is to be shown. The fonts of the Linux console lack most of the signs.
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
  /// Lines for a screen reader instead of a screen.
  public var plain = false
  /// When a run ends.
  public var bell = true
  public var notify = true
  /// A shell command for when a run ends.
  public var onFinish: String?
  var keys: [String: [Key]] = [:]
  var slots = Arrangement.Slots()
  var focus = Pane.tasks
  /// The columns of a pane's table, by its name.
  var columns: [Pane: [String]] = [:]

  public init() {}
}

/// A value of the configuration file.
public enum PreferenceValue: Sendable, Equatable {
  case text(String)
  case flag(Bool)
  case list([String])
  /// A table with nothing in it.
  case nothing
  /// Something that no setting takes, e.g. `a number`.
  case other(String)
}

/// What is wrong with one setting: which, and what to do.
public struct PreferenceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// As in the file: `keys.retry`.
  public let setting: String
  public let text: String

  public var description: String { "\(setting): \(text)" }
}
