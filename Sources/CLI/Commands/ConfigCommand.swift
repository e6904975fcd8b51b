import ArgumentParser
import Posix
import TUI

/// `hflow-tui config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check the configuration file of the screen, or make one.",
    discussion: """
      The file is $XDG_CONFIG_HOME/hflow-tui/config.toml, or ~/.config/hflow-tui/config.toml. \
      `hflow-tui config --write` makes it, with every setting as it is without one.
      """)

  @Flag(help: "Make the file, and its directory; one that is there is left alone.")
  var write = false

  @Flag(help: "Print what --write writes: every setting, each explained.")
  var example = false

  @Flag(help: "Check the file; says nothing else when it is right.")
  var check = false

  @Argument(help: ArgumentHelp("Another file to check or to make.", valueName: "file"))
  var file: String?

  func validate() throws {
    if [write, example, check].count(where: { $0 }) > 1 {
      throw ValidationError("--write, --example and --check are three things to do: give one")
    }
  }

  func run() throws {
    if example { return Terminal.say(Preferences.example) }
    guard let path = file ?? ConfigurationFile.standardPath else {
      throw Failure(.usage, "neither XDG_CONFIG_HOME nor HOME is set: there is no configuration")
    }
    let configuration = ConfigurationFile(path: path)
    if write {
      try configuration.make()
      return Terminal.say("made \(path): open it in an editor and take # away from what you change")
    }
    if file == nil, !Files.exists(path) {
      let how = "hflow-tui config --write makes it"
      return check ? () : Terminal.say("there is no \(path), and none is needed; \(how)")
    }
    do throws(ConfigurationFile.Mistakes) {
      _ = try configuration.read()
    } catch {
      throw Failure(.usage, error.lines)
    }
    if !check { Terminal.say("\(path) is right") }
  }
}
