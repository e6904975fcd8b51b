import Glibc
import Posix
import Runs
import TOMLKit
import TUI
import Workflow

/// The configuration file of the screen.
struct ConfigurationFile {
  let path: String

  /// Errors in the file, one line each.
  struct Mistakes: Error {
    let lines: [String]
  }

  /// `$XDG_CONFIG_HOME/hflow-tui/config.toml`, else `~/.config/…`; `nil` without a home
  /// directory.
  static var standardPath: String? {
    let name = "hflow-tui/config.toml"
    if let folder = Environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
      return Files.join(folder, name)
    }
    guard let home = Environment["HOME"], !home.isEmpty else { return nil }
    return Files.join(home, ".config/\(name)")
  }

  /// The preferences of the standard file, or the defaults if there is none.
  static func preferences() throws(Mistakes) -> Preferences {
    var preferences = Preferences()
    if let path = standardPath, Files.exists(path) {
      preferences = try ConfigurationFile(path: path).read()
    }
    ConfigurationFile(path: keptPath).restore(&preferences)
    return preferences
  }

  /// The path of the file with the settings that were changed on the screen.
  static var keptPath: String {
    Files.join(RunDirectory.stateHome(), "hflow-tui/screen.toml")
  }

  /// Applies the saved settings. A damaged file is ignored, because this program wrote it.
  private func restore(_ preferences: inout Preferences) {
    guard let bytes = try? Files.readRegular(path),
      let table = try? TOMLTable(string: String(decoding: bytes, as: UTF8.self))
    else { return }
    for (setting, value) in Self.settings(in: table, below: []) {
      preferences.restore(setting, value)
    }
  }

  /// Replaces the file with settings of the screen.
  static func save(_ lines: [String]) throws(PosixError) {
    let text = ["# Set on the screen with :set. config.toml has your own settings."] + lines
    try Files.makeDirectory(Files.parent(of: keptPath), mode: 0o700)
    try Files.write(
      Array((text.joined(separator: "\n") + "\n").utf8), to: keptPath, mode: 0o600)
  }

  /// Writes the example to the file. Creates missing directories; never overwrites a file.
  func make() throws(Failure) {
    let text = Preferences.example.joined(separator: "\n") + "\n"
    do throws(PosixError) {
      try Files.makeDirectory(Files.parent(of: path))
      try Files.create(path, with: Array(text.utf8))
    } catch  where error.code == EEXIST {
      throw Failure(
        .usage, "\(path) already exists; print a new one with --example")
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }

  func read() throws(Mistakes) -> Preferences {
    let bytes: [UInt8]
    do throws(PosixError) {
      bytes = try Files.read(path)
    } catch {
      throw Mistakes(lines: ["\(error)"])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Mistakes(lines: ["\(path): not UTF-8 text"])
    }
    return try preferences(from: text)
  }

  func preferences(from text: String) throws(Mistakes) -> Preferences {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw Mistakes(
        lines: ["\(path):\(place.line):\(place.column): \(error.description.displayName)"])
    } catch {
      throw Mistakes(lines: ["\(path): \(error)"])
    }
    var preferences = Preferences()
    var lines: [String] = []
    for (setting, value) in Self.settings(in: table, below: []) {
      do throws(PreferenceError) {
        try preferences.set(setting, to: value)
      } catch {
        lines.append("\(path): \(error)")
      }
    }
    do throws(PreferenceError) {
      try preferences.check()
    } catch {
      lines.append("\(path): \(error)")
    }
    guard lines.isEmpty else { throw Mistakes(lines: lines) }
    return preferences
  }

  // MARK: From TOML

  private static func settings(
    in table: TOMLTable, below path: [String]
  ) -> [([String], PreferenceValue)] {
    table.keys.sorted().flatMap { key -> [([String], PreferenceValue)] in
      guard let value = table[key] else { return [] }
      // Settings are at most two levels deep; report a deeper path as it is.
      if let inner = value.table, path.count < 2, !inner.isEmpty {
        return settings(in: inner, below: path + [key])
      }
      return [(path + [key], self.value(value))]
    }
  }

  private static func value(_ value: any TOMLValueConvertible) -> PreferenceValue {
    if let text = value.string { return .text(text) }
    if let flag = value.bool { return .flag(flag) }
    if let array = value.array {
      let texts = array.compactMap(\.string)
      return texts.count == array.count ? .list(texts) : .other("a list with other items")
    }
    return value.table.map { $0.isEmpty ? .nothing : .other("a table") }
      ?? .other("a number or a date")
  }
}
