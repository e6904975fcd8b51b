import Posix
import TUI
import Testing

@testable import CLI

struct ConfigurationFileTests {
  private func read(_ text: String) throws -> Preferences {
    try ConfigurationFile(path: "config.toml").preferences(from: text)
  }

  private func mistakes(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch let error as ConfigurationFile.Mistakes {
      return error.lines
    } catch {
      return ["\(error)"]
    }
  }

  @Test func `the example changes no setting, with or without its comment signs`() throws {
    let example = Preferences.example
    #expect(try read(example.joined(separator: "\n")) == Preferences())
    let settings = example.map { line in
      let isSetting = line.hasPrefix("#") && line.dropFirst().first.map { $0 != " " } == true
      return isSetting ? String(line.dropFirst()) : line
    }
    var expected = Preferences()
    expected.onFinish = ""
    let read = try read(settings.joined(separator: "\n"))
    #expect(read.theme == expected.theme && read.bell && read.mouse && !read.plain)
  }

  @Test func `each line of the example is accepted without its comment sign`() throws {
    var table = ""
    for line in Preferences.example where line.hasPrefix("#") && !line.hasPrefix("# ") {
      let setting = String(line.dropFirst())
      if setting.hasPrefix("[") {
        table = setting
        #expect(mistakes(setting) == [], "\(setting)")
      } else {
        #expect(mistakes("\(table)\n\(setting)\n") == [], "\(setting)")
      }
    }
    #expect(table == "[keys]")
  }

  @Test func `writing the example creates the directory and overwrites nothing`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-config-test-")
    defer { Files.removeTree(place) }
    let file = ConfigurationFile(path: "\(place)/not/yet/config.toml")
    try file.make()
    #expect(try file.read() == Preferences())
    try Files.write(Array("bell = false\n".utf8), to: file.path)
    #expect(throws: Failure.self) { try file.make() }
    #expect(try file.read().bell == false)
  }

  @Test func `texts, flags, lists and tables are read`() throws {
    let read = try read(
      """
      theme = "mono"
      bell = false
      [keys]
      retry = ["t", "F5"]
      "log.follow" = "f"
      """)
    #expect(read.theme == .mono && !read.bell)
  }

  @Test(arguments: [
    (#"retry = "t""#, "[keys]"), (#"left = "log""#, "[panes]"),
    (#"tasks = ["state"]"#, "[columns]"),
  ])
  func `a setting above its section is an error that names the section`(
    line: String, section: String
  ) {
    #expect(mistakes(line).count == 1)
    #expect(mistakes(line).first?.contains("must be below a line \(section)") == true)
  }

  @Test func `a TOML syntax error has its line and column`() throws {
    let lines = mistakes("theme = \"light\"\nbell = maybe\n")
    #expect(lines.count == 1)
    #expect(lines[0].hasPrefix("config.toml:2:"))
  }

  @Test func `all errors are reported at once`() {
    let lines = mistakes("theme = 3\nbel = true\n[keys]\nretry = 1979-05-27\nskip = [1, 2]\n")
    #expect(
      lines == [
        "config.toml: bel: unknown setting; did you mean bell?",
        "config.toml: keys.retry: needs a text or a list of texts, found a number or a date",
        "config.toml: keys.skip: needs a text or a list of texts, found a list with other items",
        "config.toml: theme: needs one of default, light, high-contrast, colour-blind-safe, mono, "
          + "found a number or a date",
      ])
  }

  @Test(arguments: ["[keys]", "[panes]\n[columns]", "", "# nothing"])
  func `empty tables are not errors`(text: String) {
    #expect(mistakes(text).isEmpty)
  }

  @Test func `a setting that is nested too deep is an error`() {
    #expect(
      mistakes("[a.b.c]\nd = 1\n").first?.hasPrefix("config.toml: a.b.c: unknown setting") == true)
  }
}
