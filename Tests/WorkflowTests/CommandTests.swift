import JSONValue
import Testing
import Workflow

@Suite struct CommandTests {
  private func command(_ executor: String) throws -> Workflow.CommandLine {
    let read = try workflow(process(#""config":{"executor":\#(executor)}"#))
    return try #require(read.processes[0].command)
  }

  @Test func `the whole command is read and its object kept`() throws {
    let text = #"""
      {"image":"x","executable":"ls","args":["-l","a b"],"stdout":"o","stderr":"e",\#
      "stdoutAppend":"oa","stderrAppend":"ea","cpuRequest":0.5}
      """#
    let command = try command(text)
    #expect(command.executable == "ls")
    #expect(command.arguments == ["-l", "a b"])
    #expect(!command.shell)
    #expect(command.stdout == "o" && command.stderr == "e")
    #expect(command.stdoutAppend == "oa" && command.stderrAppend == "ea")
    #expect(JSON.object(command.all).text == text)
  }

  @Test func `numbers in args become text as in JavaScript`() throws {
    let command = try command(#"{"executable":"x","args":[1,2.50,3.0E-4,1e21,true,-7]}"#)
    #expect(command.arguments == ["1", "2.5", "0.0003", "1e+21", "true", "-7"])
  }

  @Test func `missing args are an empty list`() throws {
    #expect(try command(#"{"executable":"x"}"#).arguments == [])
    #expect(try command(#"{"executable":"x","args":""}"#).arguments == [])
  }

  @Test(arguments: [
    ("a b", ["a", "b"]), ("  a\t b \n", ["a", "b"]), ("'a b' c", ["a b", "c"]),
    (#""a 'b' \" \\ \x""#, [#"a 'b' " \ \x"#]), (#"a\ b"#, ["a b"]), ("''", [""]),
    ("a''b\"c\"", ["abc"]), ("$X *.fits | b", ["$X", "*.fits", "|", "b"]), ("é 'ü'", ["é", "ü"]),
  ])
  func `args in one string are split as a shell splits words`(
    line: String, words: [String]
  ) throws {
    #expect(
      try command(#"{"executable":"x","args":\#(JSON.string(line).text)}"#).arguments == words)
  }

  @Test func `with shell, a string of args stays one line`() throws {
    let command = try command(#"{"executable":"echo","args":"it's | cat","shell":true}"#)
    #expect(command.arguments == ["it's | cat"])
    #expect(command.shell)
  }

  @Test func `an executable with spaces is run by a shell`() throws {
    #expect(try command(#"{"executable":"echo -n","args":["x"]}"#).shell)
  }

  @Test func `a summary is one line as a user would type it`() throws {
    func summary(_ keys: String) throws -> String {
      try workflow(process(keys)).processes[0].summary
    }
    #expect(try summary("") == "f")
    #expect(
      try summary(#""config":{"executor":{"executable":"ls","args":["-l","a b","","x'y"]}}"#)
        == #"ls -l 'a b' '' 'x'\''y'"#)
    #expect(
      try summary(#""config":{"executor":{"executable":"ls","args":["-l","|","wc"],"shell":true}}"#)
        == "ls -l | wc")
    #expect(
      try summary(#""config":{"executor":{"executable":"x","args":["a\u001b[1m\nb"]}}"#)
        == #"x 'a\u{1B}[1m\nb'"#)
    #expect(try summary(#""config":{"executor":{"executable":"","args":[]}}"#) == "f")
  }
}
