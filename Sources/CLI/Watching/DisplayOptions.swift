public import ArgumentParser
import Glibc
public import TUI

/// How the screen looks, for every command that shows it. What is given here wins over the
/// configuration file.
struct DisplayOptions: ParsableArguments {
  @Flag(help: "ASCII characters only, whatever the locale says.")
  var ascii = false

  @Flag(help: "No colours; as NO_COLOR does.")
  var noColor = false

  @Option(
    help: ArgumentHelp(
      "Colours: \(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var theme: ThemeName?

  @Flag(help: "Lines for a screen reader instead of a screen; P goes back and forth.")
  var plain = false

  func screen() throws(Failure) -> TUIOptions {
    var preferences: Preferences
    do throws(ConfigurationFile.Mistakes) {
      preferences = try ConfigurationFile.preferences()
    } catch {
      throw Failure(.usage, error.lines)
    }
    if ascii { preferences.glyphs = .ascii }
    if let theme { preferences.theme = theme }
    if plain { preferences.plain = true }
    return TUIOptions(
      preferences: preferences, noColor: noColor, timeZoneOffset: Self.timeZoneOffset)
  }

  /// Seconds east of UTC, here and now.
  static var timeZoneOffset: Int {
    var now = time(nil)
    var local = tm()
    localtime_r(&now, &local)
    return local.tm_gmtoff
  }
}

extension ThemeName: ExpressibleByArgument {}
