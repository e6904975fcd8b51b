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
    var now = time(nil)
    var local = tm()
    localtime_r(&now, &local)
    return TUIOptions(ascii: ascii, noColor: noColor, timeZoneOffset: local.tm_gmtoff)
  }
}
