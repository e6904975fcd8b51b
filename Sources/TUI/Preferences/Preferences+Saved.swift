internal import Workflow

/// Settings that are changed on the screen (`:set`). They are saved in a file of their own, because
/// the configuration file is the user's.
extension Preferences {
  /// The settings that can be changed on the screen.
  static let settings =
    ["theme", "mouse", "bell", "notify"]
    + Pane.built.filter { !($0.content?.columns ?? []).isEmpty }.map { "columns.\($0)" }

  /// The values of a setting, for completion.
  static func values(of setting: String) -> [String] {
    switch setting {
    case "theme": return ThemeName.allCases.map(\.rawValue)
    case "mouse", "bell", "notify": return ["true", "false"]
    default:
      return Pane.built.first { "columns.\($0)" == setting }?.content?.columns ?? []
    }
  }

  /// Changes a setting and remembers that it was changed on the screen.
  mutating func save(_ setting: String, _ words: [String]) throws(PreferenceError) {
    guard Self.settings.contains(setting) else {
      let nearest = EditDistance.closest(to: setting, among: Self.settings)
      let advice =
        nearest.map { "did you mean \($0)?" }
        ?? "choose from \(Self.settings.joined(separator: ", "))"
      throw PreferenceError(
        setting: setting.displayName, text: "cannot be set on the screen; \(advice)")
    }
    let value: PreferenceValue =
      switch (setting.hasPrefix("columns."), words) {
      case (true, _): .list(words)
      case (_, ["true"]), (_, ["on"]): .flag(true)
      case (_, ["false"]), (_, ["off"]): .flag(false)
      default: .text(words.joined(separator: " "))
      }
    try set(setting.split(separator: ".").map(String.init), to: value)
    saved[setting] = value
  }

  /// Applies a setting of the file with saved settings; ignores settings that no longer exist.
  public mutating func restore(_ path: [String], _ value: PreferenceValue) {
    let setting = path.joined(separator: ".")
    guard Self.settings.contains(setting) else { return }
    var next = self
    do throws(PreferenceError) {
      try next.set(path, to: value)
    } catch {
      return
    }
    next.saved[setting] = value
    self = next
  }

  /// The lines of the file with saved settings.
  var savedLines: [String] {
    saved.sorted { $0.key < $1.key }.map { setting, value in
      switch value {
      case .flag(let on): "\(setting) = \(on)"
      case .list(let words): "\(setting) = [\(words.map(Self.quoted).joined(separator: ", "))]"
      case .text(let text): "\(setting) = \(Self.quoted(text))"
      case .nothing, .other: "# \(setting)"
      }
    }
  }

  /// Values are names of themes and columns.
  private static func quoted(_ word: String) -> String { "\"\(word)\"" }
}

extension Model {
  /// Applies a setting to what is shown.
  mutating func apply(_ preferences: Preferences, setting: String) {
    switch setting {
    case "theme": choose(theme: preferences.theme)
    case "mouse": mouseIsOn = preferences.mouse
    default: break
    }
    replace(preferences)
  }
}
