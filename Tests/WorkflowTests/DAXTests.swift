import JSONValue
import Testing
import Workflow

/// Workflows of Pegasus before its version 5, in XML.
struct DAXTests {
  /// sky.fits → project → p.fits → add → mosaic.fits, and a report after both.
  private static let mosaic = """
    <?xml version="1.0" encoding="UTF-8"?>
    <!-- generated: 2014-05-06 -->
    <adag xmlns="http://pegasus.isi.edu/schema/DAX" version="3.6" name="mosaic">
      <file name="sky.fits"><pfn url="file:///data/sky.fits" site="local"/></file>
      <executable namespace="astro" name="project" version="4.0" installed="true">
        <profile namespace="env" key="MODE">fast</profile>
        <pfn url="file:///opt/astro/project" site="local"/>
      </executable>
      <job id="ID1" namespace="astro" name="project" version="4.0">
        <argument>-X -o<file name="p.fits"/> <filename file="sky.fits"/> 'two words'
        </argument>
        <profile namespace="pegasus" key="cores">4</profile>
        <profile namespace="pegasus" key="memory">256</profile>
        <profile namespace="pegasus" key="runtime">12.5</profile>
        <uses name="sky.fits" link="input" size="2e6"/>
        <uses name="p.fits" link="output" transfer="false"/>
        <uses name="project" link="input" executable="true"/>
      </job>
      <job id="ID2" name="add">
        <argument><file name="p.fits"/></argument>
        <stdin name="p.fits" link="input"/>
        <stdout name="mosaic.fits" link="output"/>
      </job>
      <job id="ID3" name="project" runtime="3"><uses file="none" link="none"/></job>
      <child ref="ID3"><parent ref="ID1"/><parent ref="ID2"/></child>
    </adag>
    """

  private func reading(
    _ text: String, needsCommands: Bool = true
  ) throws -> WfInstance.Reading {
    try #require(PegasusDecoder.readDAX(Array(text.utf8), needsCommands: needsCommands))
  }

  private func converted(
    _ text: String, _ simulation: WfInstance.Simulation? = nil
  ) throws -> Workflow {
    let reading = try reading(text)
    let instance = try #require(reading.instance, "\(reading.findings)")
    return try workflow(
      String(decoding: instance.workflow(simulation: simulation), as: UTF8.self))
  }

  @Test func `jobs are processes with their commands`() throws {
    let workflow = try converted(Self.mosaic)
    #expect(workflow.name == "mosaic")
    #expect(workflow.processes.map(\.name) == ["project", "add", "project"])
    let commands = workflow.processes.compactMap(\.command)
    #expect(commands[0].executable == "/opt/astro/project")
    #expect(commands[0].arguments == ["-X", "-op.fits", "sky.fits", "two words"])
    #expect(commands[0].all["cpus"] == 4 && commands[0].all["memory"] == 268_435_456)
    #expect(commands[0].all["env"] == ["MODE": "fast"])
    #expect(commands[1].arguments.suffix(3) == ["p.fits", "add", "p.fits"])
    #expect(commands[1].stdout == "mosaic.fits")
    // The only program of that name, although the job has neither namespace nor version.
    #expect(commands[2].executable == "/opt/astro/project")
  }

  @Test func `files and children order the jobs`() throws {
    let workflow = try converted(Self.mosaic)
    func names(_ signals: [SignalID]) -> [String] { signals.map { workflow[$0].name } }
    #expect(
      workflow.processes.map { names($0.inputs.map(\.signal)) }
        == [["sky.fits"], ["p.fits"], ["ID1", "ID2"]])
    #expect(names(workflow.ins) == ["sky.fits"])
    #expect(
      workflow.signals.first { $0.name == "sky.fits" }?.attributes["sizeInBytes"] == 2_000_000)
  }

  @Test func `simulated jobs take the runtime of their profile or attribute`() throws {
    let workflow = try converted(Self.mosaic, WfInstance.Simulation(speed: 10))
    let times = workflow.processes.compactMap { $0.command?.arguments[3] }
    #expect(times == ["1.250", "0", "0.300"])
  }

  @Test func `what is elsewhere is named`() throws {
    #expect(
      try reading(Self.mosaic).findings.map(\.description) == [
        #"adag.job[1].name: adag.executable has no "add", so it is looked up in PATH"#,
        #"adag.file[0].pfn: "sky.fits" is at "file:///data/sky.fits", and is looked for in the "#
          + "workflow's directory: link or copy it there",
      ])
  }

  @Test(arguments: [
    (#"<job id="ID2" name="add">"#, #"<job name="add">"#, "adag.job[1].id: missing"),
    (#"<job id="ID2""#, #"<job id="ID1""#, #"adag.job[1].id: "ID1" is the id of another job, too"#),
    (#"<parent ref="ID2"/>"#, #"<parent ref="ID9"/>"#, "adag.child[0].parent[1]: expected the id"),
    (#"<child ref="ID3">"#, #"<child ref="ID9">"#, "adag.child[0].ref: expected the id of a job"),
    (#"link="output" t"#, #"link="out" t"#, "adag.job[0].uses[1]: expected the link input, output"),
    (#"<uses name="p.fits""#, "<uses", "adag.job[0].uses[1]: no name of a file"),
    ("'two words'", "'two words", "adag.job[0].argument: a quote in "),
    (
      #"<child ref="ID3">"#, #"<dax id="D" file="inner.dax"/><child ref="ID3">"#,
      #"adag.job[3]: "dax" is a workflow in another file, "inner.dax"; run that one by itself"#
    ),
    (
      "file:///opt/astro", "gsiftp://h/astro", #"adag.job[0].name: the program of "project" is at "#
    ),
    ("</adag>", "", "line 26: no element found"),
    ("<adag", "<!DOCTYPE adag>\n<adag", "line 3: a DTD (<!DOCTYPE) is not read; remove it"),
  ])
  func `mistakes are findings at their place`(old: String, new: String, finding: String) throws {
    let reading = try reading(Self.mosaic.replacing(old, with: new))
    #expect(reading.instance == nil)
    let errors = reading.findings.filter { $0.severity == .error }
    #expect(errors.first?.description.hasPrefix(finding) == true, "\(errors)")
  }

  @Test func `a DAX without jobs is an error`() throws {
    let reading = try reading("<adag name='empty'/>")
    #expect(reading.findings.map(\.description) == ["adag.job: expected at least one job"])
  }

  @Test(arguments: ["", "{}", "<a/>", "<html>adag</html>", "pegasus: '5.0'", "<a><adag/></a>"])
  func `another text is none`(text: String) {
    #expect(PegasusDecoder.readDAX(Array(text.utf8)) == nil)
  }
}
