import Glibc
import JSONValue
import Posix
import Testing

/// Runs in the formats of other programs, and workflows from such formats.
@Suite struct FormatTests {
  private static let instance = #"""
    {"name": "diamond", "schemaVersion": "1.5", "workflow": {
      "specification": {
        "tasks": [
          {"name": "cut_1", "id": "cut_1", "parents": [], "children": ["join_3"],
           "inputFiles": ["raw/in.dat"], "outputFiles": ["out/a"]},
          {"name": "cut_2", "id": "cut_2", "parents": [], "children": ["join_3"],
           "inputFiles": ["raw/in.dat"], "outputFiles": ["b"]},
          {"name": "join_3", "id": "join_3", "parents": ["cut_1", "cut_2"], "children": [],
           "inputFiles": ["out/a", "b"], "outputFiles": ["c"]}],
        "files": [{"id": "raw/in.dat", "sizeInBytes": 120}, {"id": "out/a", "sizeInBytes": 60}]},
      "execution": {"makespanInSeconds": 9, "executedAt": "2026-01-01T00:00:00Z", "tasks": [
        {"id": "cut_1", "runtimeInSeconds": 2.5, "coreCount": 3},
        {"id": "cut_2", "runtimeInSeconds": 3},
        {"id": "join_3", "runtimeInSeconds": 1}]}}}
    """#

  private func failedRun() async throws -> Workspace {
    let place = try Workspace(Samples.chain("echo well", "echo no >&2; exit 4", "true"))
    _ = try await Program.run(["run", place.path, "--headless"])
    return place
  }

  private func report(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(["report", "last"] + arguments, directory: place.path)
  }

  // MARK: Runs as other formats

  @Test func `a run is a trace for Perfetto`() async throws {
    let place = try await failedRun()
    let result = try await report(place, "--trace", "-o", "run.json")
    #expect(result.exitCode == 0, "\(result.errors)")
    let events = try JSON(parsing: place.text("run.json"))["traceEvents"]?.array ?? []
    #expect(events.count { $0["ph"] == "X" && $0["pid"] != 1 } == 2)
    let printed = try await report(place, "--trace")
    #expect(printed.output.hasPrefix(#"{"traceEvents":["#))
  }

  @Test func `formats exclude each other`() async throws {
    let place = try await failedRun()
    for pair in [["--trace", "--csv"], ["--json", "--wfformat"], ["--otlp", "f", "-o", "g"]] {
      let result = try await Program.run(["report", "last", "-C", place.path] + pair)
      #expect(result.exitCode == 2, "\(pair)")
    }
  }

  @Test func `spans can be a file`() async throws {
    let place = try await failedRun()
    let result = try await report(place, "--otlp", "spans.json")
    #expect(result.output.hasSuffix("/spans.json\n"), "\(result.errors)")
    let line = try JSON(parsing: place.text("spans.json"))
    let scope = line["resourceSpans"]?.array?.first?["scopeSpans"]?.array?.first
    #expect(scope?["spans"]?.array?.count == 3)
    let odd = try await report(place, "--otlp", "ftp://host/x")
    #expect(odd.exitCode == 2)
  }

  @Test(
    .enabled(if: SpanCollector.isPossible, "needs curl and python3"))
  func `spans can be sent to a collector`() async throws {
    let place = try await failedRun()
    let collector = try SpanCollector(in: place)
    let url = collector.url
    let result = try await Program.run(
      ["report", "last", "--otlp", url],
      environment: ["OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b, x-two=c"], directory: place.path)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.output == "sent to \(url)\n")
    let got = try #require(collector.requests.first)
    #expect(got["path"] == "/v1/traces")
    #expect(got["headers"]?["x-key"] == "a b")
    #expect(got["headers"]?["Content-Type"] == "application/json")
    #expect(got["body"]?["resourceSpans"]?.array?.count == 1)
  }

  @Test(.enabled(if: Files.findExecutable("curl") != nil, "needs curl"))
  func `a collector that does not answer is named without its password`() async throws {
    let place = try await failedRun()
    let result = try await report(place, "--otlp", "http://me:secret@127.0.0.1:1/v1/traces")
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("http://127.0.0.1:1 did not take the spans"))
    #expect(!result.errors.contains("secret"))
  }

  @Test func `metrics are printed, or written until the run ends`() async throws {
    let place = try Workspace(
      Samples.chain("true", "touch up; until [ -e on ]; do :; done", "true"))
    let run = try await Program.run(["run", place.path, "--headless"]) { child in
      _ = eventually("the second job runs") { Files.exists("\(place.path)/up") }
      var request = SpawnRequest(
        Program.hflow, ["metrics", "last", "-o", "run.prom", "--every", "1"])
      request.directory = place.path
      request.environment = Program.cleanEnvironment()
      let writer = try? Child.spawn(request)
      _ = eventually("a job runs") { place.text("run.prom").contains(#"state="running"} 1"#) }
      try? place.write("", to: "on")
      _ = writer?.wait()
    }
    #expect(run.exitCode == 0)
    #expect(place.text("run.prom").contains(#"state="succeeded"} 3"#))
    let printed = try await Program.run(["metrics", "last"], directory: place.path)
    #expect(printed.output.contains("\nhflow_run_finished{"))
    let alone = try await Program.run(["metrics", "last", "--every", "1"], directory: place.path)
    #expect(alone.exitCode == 2)
  }

  // MARK: WfFormat

  @Test func `an instance of WfFormat is simulated and comes back as one`() async throws {
    let place = try Workspace()
    try place.write(Self.instance, to: "diamond.json")
    let run = try await Program.run(
      ["run", "diamond.json", "--simulate", "--speed", "100", "--headless"],
      directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors) \(run.output)")
    for file in ["out_a", "b", "c"] {
      #expect(Files.size("\(place.path)/simulated-files/\(file)") == 0, "\(file)")
    }
    let back = try await report(place, "--wfformat", "-o", "back.json")
    #expect(back.exitCode == 0, "\(back.errors)")
    let instance = try JSON(parsing: place.text("back.json"))
    let tasks = instance["workflow"]?["specification"]?["tasks"]?.array ?? []
    #expect(tasks.map { $0["id"] } == ["cut_1", "cut_2", "join_3"])
    #expect(tasks.last?["parents"] == ["cut_1", "cut_2"])
    #expect(tasks.last?["inputFiles"] == ["out/a", "b"])
    let runs = instance["workflow"]?["execution"]?["tasks"]?.array ?? []
    #expect(runs.first?["coreCount"] == 3)
    #expect(runs.allSatisfy { $0["runtimeInSeconds"]?.double ?? 0 > 0 })
    try await checkSchema("back.json", in: place)
  }

  @Test func `an ordinary run is an instance, too`() async throws {
    let place = try await failedRun()
    _ = try await report(place, "--wfformat", "-o", "back.json")
    try await checkSchema("back.json", in: place)
  }

  /// With the schema of WfFormat's repository, if its path is in `WFFORMAT_SCHEMA`.
  private func checkSchema(_ file: String, in place: Workspace) async throws {
    guard let schema = Environment["WFFORMAT_SCHEMA"] else { return }
    let script = """
      import json, sys, jsonschema
      schema, instance = (json.load(open(path)) for path in sys.argv[1:])
      jsonschema.Draft4Validator(schema).validate(instance)
      """
    let result = try await Program.run(
      ["-c", script, schema, file], of: "python3", directory: place.path)
    #expect(result.exitCode == 0, "\(result.errors)")
  }

  @Test func `what cannot be simulated or run is refused`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try place.write(Self.instance, to: "diamond.json")
    let plain = try await Program.run(["run", place.path, "--simulate", "--headless"])
    #expect(plain.exitCode == 2)
    #expect(plain.errors.contains("--simulate needs a file of WfFormat or Pegasus"))
    let work = try await Program.run(["run", "diamond.json", "--headless"], directory: place.path)
    #expect(work.exitCode == 2)
    #expect(
      work.errorLines.first?.contains("diamond.json: workflow.specification.tasks[0]") == true)
    let speed = try await Program.run(["run", place.path, "--speed", "2", "--headless"])
    #expect(speed.exitCode == 2)
  }

  @Test func `instances are checked and drawn`() async throws {
    let place = try Workspace()
    try place.write(Self.instance, to: "diamond.json")
    let valid = try await Program.run(["validate", "diamond.json"], directory: place.path)
    #expect(valid.output == "diamond.json: ok\n", "\(valid)")
    let graph = try await Program.run(["graph", "diamond.json"], directory: place.path)
    #expect(graph.output.contains("join"))
    let broken = Self.instance.replacing(#"["cut_1", "cut_2"]"#, with: #"["cut_1", "cut_9"]"#)
    try place.write(broken, to: "broken.json")
    let wrong = try await Program.run(["validate", "broken.json"], directory: place.path)
    #expect(wrong.exitCode == 2)
    #expect(
      wrong.output == "broken.json: workflow.specification.tasks[2].parents[1]: "
        + "no task with the id \"cut_9\"\n")
  }
}

/// A workflow of Pegasus, and figures over HTTP.
@Suite struct PegasusRunTests {
  private static let workflow = """
    pegasus: '5.0'
    name: black
    transformationCatalog:
      transformations:
      - {name: copy, sites: [{name: here, pfn: /bin/cp, type: installed}]}
    jobs:
    - type: job
      name: copy
      id: ID1
      arguments: [in.txt, a.txt]
      uses: [{lfn: in.txt, type: input}, {lfn: a.txt, type: output, stageOut: true}]
    - type: job
      name: copy
      id: ID2
      arguments: [a.txt, b.txt]
      uses: [{lfn: a.txt, type: input}, {lfn: b.txt, type: output}]
    jobDependencies:
    - {id: ID1, children: [ID2]}
    """

  @Test func `a workflow of Pegasus is checked, drawn and run`() async throws {
    let place = try Workspace()
    try place.write(Self.workflow, to: "workflow.yml")
    try place.write("text", to: "in.txt")
    let file = place.path + "/workflow.yml"
    let check = try await Program.run(["validate", file])
    #expect(check.exitCode == 0 && check.output.hasSuffix("workflow.yml: ok\n"), "\(check.output)")
    let graph = try await Program.run(["graph", file, "--format", "json"])
    #expect(graph.exitCode == 0)
    let run = try await Program.run(["run", file, "--headless", "--check-files"])
    #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
    #expect(place.text("b.txt") == "text")
  }

  @Test func `a mistake in the YAML is an error with its line`() async throws {
    let place = try Workspace()
    try place.write("pegasus: '5.0'\njobs: [\n", to: "workflow.yml")
    let check = try await Program.run(["validate", place.path + "/workflow.yml"])
    #expect(check.exitCode == 2)
    #expect(check.output.contains("line "))
  }

  /// Two jobs write parts, a third one joins them.
  private static let dax = """
    <?xml version="1.0" encoding="UTF-8"?>
    <adag xmlns="http://pegasus.isi.edu/schema/DAX" version="3.6" name="parts">
      <executable name="part" installed="true"><pfn url="file:///bin/sh" site="local"/></executable>
      <job id="ID1" name="part">
        <argument>-c 'echo $WORD > "$1"; cat "$2" >> "$1"' sh <file name="a.txt"/>
          <file name="in.txt"/></argument>
        <profile namespace="env" key="WORD">first</profile>
        <profile namespace="pegasus" key="runtime">30</profile>
        <uses name="in.txt" link="input"/><uses name="a.txt" link="output"/>
      </job>
      <job id="ID2" name="part">
        <argument>-c 'echo second'</argument>
        <stdout name="b.txt" link="output"/>
      </job>
      <job id="ID3" name="cat">
        <argument><file name="a.txt"/> -</argument>
        <stdin name="b.txt" link="input"/>
        <stdout name="out.txt" link="output"/>
        <uses name="a.txt" link="input"/>
      </job>
      <child ref="ID3"><parent ref="ID1"/><parent ref="ID2"/></child>
    </adag>
    """

  @Test func `a DAX is checked, drawn and run`() async throws {
    let place = try Workspace()
    try place.write(Self.dax, to: "parts.dax")
    try place.write("text\n", to: "in.txt")
    let check = try await Program.run(["validate", "parts.dax"], directory: place.path)
    #expect(
      check.output == "parts.dax: adag.job[2].name: warning: "
        + #"adag.executable has no "cat", so it is looked up in PATH"# + "\n")
    let graph = try await Program.run(["graph", "parts.dax"], directory: place.path)
    #expect(graph.output.contains("sh") && graph.output.contains("cat"), "\(graph.output)")
    let run = try await Program.run(
      ["run", "parts.dax", "--headless", "--check-files"], directory: place.path)
    #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
    #expect(place.text("out.txt") == "first\ntext\nsecond\n")
  }

  @Test func `a DAX is simulated, whatever its programs are`() async throws {
    let place = try Workspace()
    try place.write(Self.dax.replacing("file:///bin", with: "https://host.org"), to: "parts.dax")
    let refused = try await Program.run(["run", "parts.dax"], directory: place.path)
    #expect(refused.exitCode == 2)
    #expect(
      refused.errorLines == [
        #"parts.dax: adag.job[0].name: the program of "part" is at "#
          + #""https://host.org/sh"; fetch it, and give its path as pfn in adag.executable"#
      ])
    let run = try await Program.run(
      ["run", "parts.dax", "--simulate", "--speed", "300", "--headless"], directory: place.path)
    #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
    #expect(Files.size("\(place.path)/simulated-files/out.txt") == 0)
    let back = try await Program.run(["report", "last", "--wfformat"], directory: place.path)
    let tasks = try JSON(parsing: back.output)["workflow"]?["specification"]?["tasks"]?.array
    #expect(tasks?.compactMap { $0["id"]?.string } == ["ID1", "ID2", "ID3"])
  }

  @Test func `figures of a run are served over HTTP`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await Program.run(["run", place.path, "--headless"])
    let server = try BackgroundProgram(["metrics", "last", "--listen", "0"], in: place)
    let exit = try await onThread {
      _ = eventually("it listens") { server.text.contains("/metrics\n") }
      let port = server.text.split(separator: ":").last?.split(separator: "/").first ?? ""
      var request = SpawnRequest(
        "bash",
        [
          "-c",
          #"exec 3<>/dev/tcp/127.0.0.1/$1; printf 'GET /metrics HTTP/1.1\r\n\r\n' >&3; "#
            + "cat <&3 > figures",
          "bash", String(port),
        ])
      request.directory = place.path
      _ = try Child.spawn(request).wait()
      return try server.wait()
    }
    #expect(exit == 0, "\(server.text)")
    #expect(place.text("figures").contains("hflow_tasks{"))
  }
}
