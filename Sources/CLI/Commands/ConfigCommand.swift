import ArgumentParser
import TUI

/// `hflow-tui config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check the configuration file of the screen, or print an example.",
    discussion: """
      The file is $XDG_CONFIG_HOME/hflow-tui/config.toml, or ~/.config/hflow-tui/config.toml. Make \
      one with: hflow-tui config --example > ~/.config/hflow-tui/config.toml
      """)

  @Flag(help: "Print a file with every setting, each explained.")
  var example = false

  @Flag(help: "Check the file; says nothing else when it is right.")
  var check = false

  @Argument(help: ArgumentHelp("Another file to check.", valueName: "file"))
  var file: String?

  func run() throws {
    if example { return Terminal.say(Preferences.example.joined(separator: "\n")) }
    guard let path = file ?? ConfigurationFile.standardPath else {
      throw Failure(.usage, "neither XDG_CONFIG_HOME nor HOME is set: there is no configuration")
    }
    do throws(ConfigurationFile.Mistakes) {
      _ = try ConfigurationFile(path: path).read()
    } catch {
      throw Failure(.usage, error.lines)
    }
    if !check { Terminal.say("\(path) is right") }
  }
}
