import ArgumentParser
import Posix
import TUI

/// `hflow-tui config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check or create the screen's configuration file",
    discussion: """
      The file is $XDG_CONFIG_HOME/hflow-tui/config.toml, or ~/.config/hflow-tui/config.toml.

      Example: hflow-tui config --write
      """)

  @Flag(help: "Create the file with the default settings; never overwrite one")
  var write = false

  @Flag(help: "Print the file that --write creates")
  var example = false

  @Flag(help: "Check the file; print only errors")
  var check = false

  @Argument(help: ArgumentHelp("Another file to check or create", valueName: "file"))
  var file: String?

  func validate() throws {
    if [write, example, check].count(where: { $0 }) > 1 {
      throw ValidationError("--write, --example and --check exclude each other")
    }
  }

  func run() throws {
    if example { return Console.print(Preferences.example) }
    guard let path = file ?? ConfigurationFile.standardPath else {
      throw Failure(.usage, "HOME and XDG_CONFIG_HOME are not set; name a configuration file")
    }
    let configuration = ConfigurationFile(path: path)
    if write {
      try configuration.make()
      return Console.print("created \(path): remove the # in front of each setting that you change")
    }
    if file == nil, !Files.exists(path) {
      let advice = "to create one: hflow-tui config --write"
      return check
        ? () : Console.print("no configuration file \(path): the defaults apply; \(advice)")
    }
    do throws(ConfigurationFile.Mistakes) {
      _ = try configuration.read()
    } catch {
      throw Failure(.usage, error.lines)
    }
    if !check { Console.print("\(path): ok") }
  }
}
