import JSONValue
import Testing
import Workflow

@Suite struct LabelTests {
  private func workflow(named names: [String]) throws -> Workflow {
    let processes = names.map {
      #"{"name":\#(JSON.string($0).text),"function":"f","ins":[],"outs":[]}"#
    }
    return try WorkflowTests.workflow(file(processes.joined(separator: ",")))
  }

  @Test func `a unique name is followed by the firing, a shared one by its ordinal`() throws {
    let read = try workflow(named: ["p", "q", "p"])
    #expect(read.label(process: ProcessID(number: 2), firing: 1) == "q:1")
    #expect(read.label(process: ProcessID(number: 2), firing: 12) == "q:12")
    #expect(read.label(process: ProcessID(number: 1), firing: 1) == "p:1")
    #expect(read.label(process: ProcessID(number: 3), firing: 1) == "p:2")
    #expect(read.label(process: ProcessID(number: 3), firing: 2) == "p:2.2")
  }

  @Test func `labels are unique and can be parsed, whatever the names are`() throws {
    let names = [
      "p", "p:1", "p", "p:1", "p:2", "", "", ":", "a\u{1B}[2J\n", "é", "e\u{301}", "1.2",
    ]
    let read = try workflow(named: names)
    var seen: Set<ExactText> = []
    for process in read.processes {
      for firing in 1...12 {
        let label = read.label(process: process.id, firing: firing)
        #expect(seen.insert(ExactText(label)).inserted, "\(label)")
        let parsed = read.parse(label: label)
        #expect(parsed?.0 == process.id && parsed?.1 == firing, "\(label)")
      }
    }
  }

  @Test(arguments: [
    "", "p", "q", "q:", "q:0", "q:-1", "q:+1", "q:01", "q:1.2", "p:3", "p:0", "p:1.1", "p:1.0",
    "p:1.2.3", "p:", "x:1", "p:1.", "q:99999999999999999999", "q: 1",
  ])
  func `invalid labels are refused`(label: String) throws {
    #expect(try workflow(named: ["p", "q", "p"]).parse(label: label) == nil)
  }

  @Test func `display names cannot control a terminal`() {
    #expect("plain name".displayName == "plain name")
    #expect("é 日本 😀".displayName == "é 日本 😀")
    #expect("a\u{1B}[31m\r\n\t\u{7F}\u{9B}b".displayName == #"a\u{1B}[31m\r\n\t\u{7F}\u{009B}b"#)
    #expect("a\u{202E}b\u{2028}c\u{200B}".displayName == #"a\u{202E}b\u{2028}c\u{200B}"#)
  }
}
