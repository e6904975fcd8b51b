public import ArgumentParser
import Glibc
public import TUI

/// Options about the screen, for every command that shows it. They override the configuration file.
struct DisplayOptions: ParsableArguments {
  @Flag(help: "Use ASCII characters only")
  var ascii = false

  @Flag(help: "Use no colours (like NO_COLOR)")
  var noColor = false

  @Option(
    help: ArgumentHelp("Colour theme", valueName: "name"))
  var theme: ThemeName?

  @Flag(help: "Print lines for a screen reader instead of a screen")
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
