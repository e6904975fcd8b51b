import Testing
import Workflow

@Suite struct TemplateTests {
  private func named(_ name: String, parlevel: String = "1") -> String {
    file(
      #"{"name":"\#(name)","function":"f","parlevel":\#(parlevel),"ins":["a"],"outs":[]}"#)
  }

  @Test(arguments: ["{{x}}", "{{ x }}", "{{{x}}}", "{{& x}}", "{{{ x }}}"])
  func `a value is not escaped for HTML`(tag: String) throws {
    let value = #"/a b/"c"\d&<é>"# + "\n\u{1B}"
    let read = try workflow(named("<\(tag)>"), variables: ["x": value])
    #expect(read.processes[0].name == "<\(value)>")
  }

  @Test func `a value outside of a string is inserted unchanged`() throws {
    let read = try workflow(named("p", parlevel: "{{n}}"), variables: ["n": "4"])
    #expect(read.processes[0].parlevel == 4)
  }

  @Test func `a value is not a template`() throws {
    let read = try workflow(named("{{x}}"), variables: ["x": "{{y}}"])
    #expect(read.processes[0].name == "{{y}}")
  }

  @Test func `a missing variable is reported once, with how to give it`() {
    #expect(
      lines("\n" + named("{{who}} {{who}}") + "\n")
        == [
          "error: line 2: the variable {{who}} has no value: give it with --var who=VALUE or"
            + " HF_VAR_who"
        ]
    )
    #expect(
      lines(named("{{function}}")) == [
        "error: line 1: the variable {{function}} has no value: give it with --function NAME,"
          + " --var function=NAME or HF_VAR_function"
      ])
  }

  @Test func `a missing variable hides no other error`() {
    #expect(
      lines(process(#""type":"{{kind}}","parlevel":-1"#)) == [
        "error: line 1: the variable {{kind}} has no value: give it with --var kind=VALUE or"
          + " HF_VAR_kind",
        #"warning: processes[0].type: unknown type "{{kind}}", treated as "dataflow""#,
        "error: processes[0].parlevel: expected a whole number, 0 or more, found -1",
      ])
  }

  @Test func `a missing variable outside of a string is the only error`() {
    #expect(
      lines(named("p", parlevel: "{{n}}")) == [
        "error: line 1: the variable {{n}} has no value: give it with --var n=VALUE or HF_VAR_n"
      ])
  }

  @Test(arguments: ["{{.Name}}", "{{ .A.B }}", "{{1}}", "{{}}", "{{a b}}"])
  func `a tag that is not a variable stays, with a warning`(tag: String) throws {
    let text = named(tag)
    #expect(lines(text) == ["warning: line 1: \"\(tag)\" names no variable and stays as it is"])
    #expect(try workflow(text).processes[0].name == tag)
  }

  @Test(arguments: ["{{#each}}", "{{/each}}", "{{^x}}", "{{!note}}", "{{> part}}"])
  func `other tags of Mustache are errors`(tag: String) {
    #expect(
      lines(named(tag)) == ["error: line 1: \"\(tag)\": only variables are supported, as {{name}}"])
  }

  @Test func `a tag of Mustache hides no other error`() {
    #expect(lines(process(##""x":"{{#each}}","parlevel":-1"##)).count == 2)
    #expect(lines(named("p", parlevel: "{{#each}}")).count == 1)
  }

  @Test(arguments: ["{{", "{{x", "{{x}", "a}}", "{{x{{", "\\\"{{"])
  func `braces that are not a tag are text`(text: String) throws {
    let read = try workflow(named(text), variables: ["y": "1"])
    #expect(read.processes[0].name == text.replacing("\\\"", with: "\""))
  }

  @Test func `a variable with a value may have any name`() throws {
    let read = try workflow(named("{{a b}}{{.c}}"), variables: ["a b": "1", ".c": "2"])
    #expect(read.processes[0].name == "12")
  }

  @Test func `a brace before a tag is text`() throws {
    let read = try workflow(named("{{{x}}"), variables: ["x": "1"])
    #expect(read.processes[0].name == "{1")
  }

  @Test func `line numbers count through the whole file`() {
    let text = "{\n\"name\":\n\"{{late}}\""
    #expect(lines(text).first?.hasPrefix("error: line 3: the variable {{late}}") == true)
  }
}
