import ArgumentParser
import Glibc
import TUI

/// How the screen looks, for every command that shows it.
struct DisplayOptions: ParsableArguments {
  @Flag(help: "ASCII characters only, whatever the locale says.")
  var ascii = false

  @Flag(help: "No colours; as NO_COLOR does.")
  var noColor = false

  var screen: TUIOptions {
    TUIOptions(ascii: ascii, noColor: noColor, timeZoneOffset: Self.timeZoneOffset)
  }

  /// Seconds east of UTC, here and now.
  static var timeZoneOffset: Int {
    var now = time(nil)
    var local = tm()
    localtime_r(&now, &local)
    return local.tm_gmtoff
  }
}
