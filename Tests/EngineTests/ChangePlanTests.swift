import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

/// Which processes need not run: each row of the table in `ChangePlan`.
struct ChangePlanTests {
  /// in.txt → make → a.txt → use → b.txt, and other → c.txt.
  private static func workflow(
    use: String = #""cp","args":["a.txt","b.txt"]"#, data: String = "{}", more: String = ""
  ) throws -> Workflow {
    func process(_ name: String, _ ends: String, _ command: String, _ more: String = "") -> String {
      #"{"name":"\#(name)","function":"command","firingLimit":1,\#(ends),\#(more)"#
        + #""config":{"executor":{"executable":\#(command)}}}"#
    }
    let text = """
      {"processes":[\
      \(process("make", #""ins":[0],"outs":[1]"#, #""./make","args":["in.txt","a.txt"]"#, more)),\
      \(process("use", #""ins":[1],"outs":[2]"#, use)),\
      \(process("other", #""ins":[4],"outs":[3]"#, #""touch","args":["c.txt"]"#))],\
      "signals":[{"name":"in.txt","data":[\(data)]},{"name":"a.txt"},{"name":"b.txt"},\
      {"name":"c.txt"},{"name":"go","data":[{}]}],"ins":[],"outs":[]}
      """
    return try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
  }

  /// What the files look like: the stamp of each, `-` if it is missing.
  private typealias Stamps = [String: String]
  private static let stamps: Stamps = [
    "./make": "00000001", "in.txt": "00000002", "a.txt": "00000003", "b.txt": "00000004",
    "c.txt": "00000005",
  ]

  private static func files(
    _ process: Workflow.Process, _ files: DeclaredFiles, _ stamps: Stamps, _ workflow: Workflow
  ) -> FileStamps {
    func stamp(_ name: String) -> String { stamps[name] ?? FileStamps.none }
    return FileStamps(
      program: stamp(process.command?.executable ?? ""),
      inputs: files.inputs.map { stamp($0.name) },
      outputs: files.outputs.map { stamp(workflow[$0].name) })
  }

  /// A run in which every process succeeded once, except as said.
  private static func former(
    _ workflow: Workflow, failed: Set<String> = [], edited: Set<String> = [],
    never: Set<String> = []
  ) -> FormerRun {
    var events: [RunEvent.Change] = []
    for process in workflow.processes where !never.contains(process.name) {
      let firing = FiringID(process.id, 1)
      let isEdited = edited.contains(process.name)
      events.append(.taskFired(firing, consumed: [:]))
      if isEdited {
        events.append(.attemptMade(AttemptID(firing, 2), .user, JobEdit(executable: "true")))
      }
      var usage = JobUsage()
      let declared = DeclaredFiles(
        of: process, firing: 1, command: process.command, in: workflow)
      usage.fileStamps = files(process, declared, stamps, workflow).text
      let outcome: JobOutcome = failed.contains(process.name) ? .failed(.exit(1)) : .succeeded
      events.append(
        .jobFinished(AttemptID(firing, isEdited ? 2 : 1), outcome, usage, outputs: nil))
    }
    return FormerRun(workflow, events.map { RunEvent(time: 1, $0) })
  }

  private static func plan(
    _ workflow: Workflow, since former: [FormerRun], _ changes: Stamps = [:], jobs: Bool = true
  ) -> ChangePlan {
    let now = stamps.merging(changes) { $1 }
    return ChangePlan(
      workflow, since: former, isJob: { _ in jobs },
      stamps: { process, declared, _ in files(process, declared, now, workflow) })
  }

  private static func reasons(_ plan: ChangePlan, _ workflow: Workflow) -> [String?] {
    plan.reasons.map { $0?.text(in: workflow) }
  }

  @Test func `nothing runs if nothing has changed`() throws {
    let workflow = try Self.workflow()
    let plan = Self.plan(workflow, since: [Self.former(workflow)])
    #expect(plan.runningCount == 0)
    #expect(plan.unchanged.count == 3)
    #expect(plan.unchanged[FiringID(ProcessID(number: 2), 1)] == "m:-,00000003;00000004")
  }

  @Test func `everything runs if nothing has run before`() throws {
    let workflow = try Self.workflow()
    let plan = Self.plan(workflow, since: [])
    #expect(plan.reasons == [.isNew, .isNew, .isNew])
    #expect(plan.unchanged.isEmpty)
  }

  @Test(arguments: [
    ("in.txt", "input in.txt has changed"), ("a.txt", "output a.txt has changed"),
    ("./make", "its program has changed"),
  ])
  func `a process and what follows run if a file has changed`(
    file: String, reason: String
  ) throws {
    let workflow = try Self.workflow()
    let plan = Self.plan(workflow, since: [Self.former(workflow)], [file: "99999999"])
    #expect(Self.reasons(plan, workflow) == [reason, "make:1 runs before it", nil])
    #expect(plan.unchanged.keys.map(\.process.number) == [3])
  }

  @Test func `a missing file is named`() throws {
    let workflow = try Self.workflow()
    let former = [Self.former(workflow)]
    let output = Self.plan(workflow, since: former, ["b.txt": FileStamps.none])
    #expect(Self.reasons(output, workflow) == [nil, "output b.txt is missing", nil])
    let input = Self.plan(workflow, since: former, ["in.txt": FileStamps.none])
    #expect(Self.reasons(input, workflow)[0] == "input in.txt is missing")
  }

  @Test func `a process runs with another command or other data`() throws {
    let workflow = try Self.workflow()
    let command = try Self.workflow(use: #""cp","args":["-p","a.txt","b.txt"]"#)
    #expect(
      Self.plan(command, since: [Self.former(workflow)]).reasons == [nil, .command, nil])
    let data = try Self.workflow(data: "7")
    #expect(Self.plan(data, since: [Self.former(workflow)]).reasons[0] == .inputs)
  }

  @Test func `a process runs that failed, or ran with an edited command`() throws {
    let workflow = try Self.workflow()
    let failed = Self.plan(workflow, since: [Self.former(workflow, failed: ["use"])])
    #expect(failed.reasons == [nil, .didNotSucceed, nil])
    let edited = Self.plan(workflow, since: [Self.former(workflow, edited: ["use"])])
    #expect(edited.reasons == [nil, .wasEdited, nil])
  }

  @Test func `functions, processes without output files and those marked to run always run`() throws
  {
    let workflow = try Self.workflow(more: #""executeWhenRecovering":true,"#)
    let former = [Self.former(workflow)]
    #expect(Self.plan(workflow, since: former, jobs: false).reasons[2] == .function)
    #expect(Self.plan(workflow, since: former).reasons[0] == .always)
    let silent = try Self.workflow(use: #""cat","args":["a.txt"]"#)
    #expect(Self.plan(silent, since: [Self.former(silent)]).reasons[1] == .noOutputs)
  }

  @Test func `a process that the newest run did not reach is compared with an older one`() throws {
    let workflow = try Self.workflow()
    let newest = Self.former(workflow, never: ["use"])
    let plan = Self.plan(workflow, since: [newest, Self.former(workflow)])
    #expect(plan.runningCount == 0)
  }

  @Test func `a firing is read as it is written`() {
    let firing = FiringID(ProcessID(number: 12), 3)
    #expect(FiringID("\(firing)") == firing)
    #expect(["", "1", "0:1", "1:0", "1:2:3", "a:1"].allSatisfy { FiringID($0) == nil })
  }
}
