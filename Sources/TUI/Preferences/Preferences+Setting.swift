internal import Workflow

extension Preferences {
  private static let sections = ["keys", "panes", "columns"]
  private static let plainSettings = [
    "theme", "glyphs", "mouse", "plain", "bell", "notify", "on-finish",
  ]
  private static let places = ["left", "upper", "lower", "focus"]
  private static var tables: [Pane] {
    Pane.built.filter { !($0.content?.columns ?? []).isEmpty }
  }

  /// Applies one setting. Call ``check()`` after the last.
  public mutating func set(
    _ path: [String], to value: PreferenceValue
  ) throws(PreferenceError) {
    let setting = Setting(path: path, value: value)
    switch (path.first, path.count) {
    case ("keys", 2): keys[path[1]] = try setting.keys()
    case ("panes", 2): try setPane(path[1], setting)
    case ("columns", 2): try setColumns(path[1], setting)
    case (_, 1): try set(setting, path[0])
    default: throw setting.unknown(among: Self.plainSettings + Self.sections)
    }
  }

  /// Checks that need all settings.
  public func check() throws(PreferenceError) {
    do throws(KeyChoiceError) {
      _ = try KeyTable.standard.rebinding(keys)
    } catch {
      throw PreferenceError(setting: "keys.\(error.action)", text: error.text)
    }
    guard Set(slots.all).count == slots.all.count else {
      throw PreferenceError(setting: "panes", text: "a pane can have only one place")
    }
    guard slots.all.contains(focus) else {
      throw PreferenceError(
        setting: "panes.focus", text: "\(focus) is not left, upper or lower")
    }
  }

  private mutating func set(_ setting: Setting, _ name: String) throws(PreferenceError) {
    switch name {
    case "theme": theme = try setting.choice()
    case "glyphs": glyphs = try setting.choice()
    case "mouse": mouse = try setting.flag()
    case "plain": plain = try setting.flag()
    case "bell": bell = try setting.flag()
    case "notify": notify = try setting.flag()
    case "on-finish": onFinish = try setting.text()
    default:
      if Self.sections.contains(name), setting.value == .nothing { return }
      if Self.sections.contains(name) { throw setting.typeError("a table, as in [\(name)]") }
      if let section = Self.section(of: name) {
        throw setting.error("must be below a line [\(section)]; remove the # from that line too")
      }
      throw setting.unknown(among: Self.plainSettings + Self.sections)
    }
  }

  /// The section of a setting that is above all sections.
  private static func section(of name: String) -> String? {
    if places.contains(name) { return "panes" }
    if tables.contains(where: { "\($0)" == name }) { return "columns" }
    let table = KeyTable.standard
    let bindings = table.global + table.local.values.joined()
    return bindings.contains { $0.action.name == name } ? "keys" : nil
  }

  private mutating func setPane(
    _ place: String, _ setting: Setting
  ) throws(PreferenceError) {
    switch place {
    case "left": slots.left = try setting.pane()
    case "upper": slots.upper = try setting.pane()
    case "lower": slots.lower = try setting.pane()
    case "focus": focus = try setting.pane()
    default: throw setting.unknown(among: Self.places)
    }
  }

  private mutating func setColumns(
    _ name: String, _ setting: Setting
  ) throws(PreferenceError) {
    guard let pane = Self.tables.first(where: { "\($0)" == name }) else {
      throw setting.unknown(among: Self.tables.map { "\($0)" })
    }
    let known = pane.content?.columns ?? []
    let wanted = try setting.list()
    for column in wanted where !known.contains(column) {
      throw setting.unknownName("column", column, among: known)
    }
    guard !wanted.isEmpty else { throw setting.typeError("at least one column") }
    columns[pane] = wanted
  }
}

/// A setting while it is being applied.
private struct Setting {
  let path: [String]
  let value: PreferenceValue

  private var name: String { path.joined(separator: ".") }

  func error(_ text: String) -> PreferenceError { PreferenceError(setting: name, text: text) }

  func typeError(_ expected: String) -> PreferenceError {
    let found =
      switch value {
      case .text(let text): "\"\(text.displayName)\""
      case .flag(let on): "\(on)"
      case .list: "a list"
      case .nothing: "a table"
      case .other(let kind): kind
      }
    return error("needs \(expected), found \(found)")
  }

  func unknown(among names: [String]) -> PreferenceError {
    let last = path.last ?? ""
    let nearest = EditDistance.closest(to: last, among: names)
    let advice =
      nearest.map { "did you mean \($0)?" }
      ?? (names.isEmpty ? "there are none here" : "settings: \(names.joined(separator: ", "))")
    return error("unknown setting; \(advice)")
  }

  func unknownName(_ kind: String, _ word: String, among words: [String]) -> PreferenceError {
    let nearest = EditDistance.closest(to: word, among: words)
    let advice =
      nearest.map { "did you mean \($0)?" } ?? "choose from \(words.joined(separator: ", "))"
    return error("unknown \(kind) \(word.displayName); \(advice)")
  }

  // MARK: Types of values

  func flag() throws(PreferenceError) -> Bool {
    guard case .flag(let on) = value else { throw typeError("true or false") }
    return on
  }

  func text() throws(PreferenceError) -> String {
    guard case .text(let text) = value else { throw typeError("a text in quotes") }
    return text
  }

  /// A list of texts; a single text is a list of one.
  func list() throws(PreferenceError) -> [String] {
    switch value {
    case .text(let text): return [text]
    case .list(let texts): return texts
    case .flag, .nothing, .other: throw typeError("a text or a list of texts")
    }
  }

  func choice<Choice: RawRepresentable & CaseIterable>() throws(PreferenceError) -> Choice
  where Choice.RawValue == String {
    let words = Choice.allCases.map(\.rawValue)
    guard case .text(let word) = value else {
      throw typeError("one of \(words.joined(separator: ", "))")
    }
    guard let choice = Choice(rawValue: word) else {
      throw unknownName(path.last ?? "", word, among: words)
    }
    return choice
  }

  func pane() throws(PreferenceError) -> Pane {
    let panes = Pane.built
    let word = try text()
    guard let pane = panes.first(where: { "\($0)" == word }) else {
      throw unknownName("pane", word, among: panes.map { "\($0)" })
    }
    return pane
  }

  func keys() throws(PreferenceError) -> [Key] {
    var keys: [Key] = []
    for name in try list() {
      guard let key = Key(name: name) else {
        throw error(
          "unknown key \(name.displayName); keys are r, R, Ctrl-r, F5, PgUp, Enter, Space, …")
      }
      keys.append(key)
    }
    return keys
  }
}
