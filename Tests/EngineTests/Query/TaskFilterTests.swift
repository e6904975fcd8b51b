import Engine
import JobProtocol
import TestSupport
import Testing
import Workflow

/// The filter language, term by term.
@Suite struct TaskFilterTests {
  /// Tasks mProject 1–4: succeeded on node-a, exit 1 on node-a, out of memory on node-b.cluster,
  /// running on node-b.cluster; mDiffFit:1 is ready, the others wait.
  static func midway() throws -> JournaledRun {
    var journaled = try JournaledRun(Mosaic.body(4))
    let near = JournaledRun.executor("node-a-17", host: "node-a")
    let far = JournaledRun.executor("node-b-4", host: "node-b.cluster")
    for tile in 0..<4 { try journaled.send("raw\(tile)") }
    try journaled.run("mProject:1", by: near)
    try journaled.run(
      "mProject:2", .failed(.exit(1)), "ERROR: no overlap between 17 and 18", by: near)
    try journaled.run("mProject:3", .failed(.outOfMemory(certain: true)), "Killed", by: far)
    let running = try journaled.fire("mProject:4")
    journaled.start(running, by: far)
    try journaled.fire("mDiffFit:1")
    return journaled
  }

  static let diffs = ["mDiffFit:1", "mDiffFit:2", "mDiffFit:3", "mDiffFit:4"]
  static let projects = ["mProject:1", "mProject:2", "mProject:3", "mProject:4"]

  @Test(arguments: [
    ("", 10), ("state:failed", 2), ("state:succeeded", 1), ("state:done", 1), ("state:running", 1),
    ("state:ready", 0), ("state:queued", 1), ("state:no-slot", 1),
    ("state:waiting", 5), ("state:active", 2), ("state:submitted", 0), ("state:fail", 2),
    ("state:FAILED", 2), ("state:failed,running", 3), ("state:skipped", 0),
    ("state:held", 0), ("state:retrying", 0), ("state:lost", 0), ("state:cancelled", 0),
    ("state:r", 1), ("-state:waiting", 5), ("!state:waiting", 5),
  ])
  func `tasks are filtered by state`(text: String, count: Int) throws {
    #expect(try Self.midway().labels(text).count == count)
  }

  @Test(arguments: [
    ("cause:exit", ["mProject:2"]), ("cause:exit:1", ["mProject:2"]), ("cause:exit:2", []),
    ("cause:exit:>0", ["mProject:2"]), ("cause:exit:1-9", ["mProject:2"]),
    ("cause:oom", ["mProject:3"]), ("cause:OOM", ["mProject:3"]),
    ("cause:out-of-memory", ["mProject:3"]), ("cause:\"out of memory\"", ["mProject:3"]),
    ("cause:exit,oom", ["mProject:2", "mProject:3"]), ("cause:lost", []),
    ("state:failed -cause:oom", ["mProject:2"]), ("cause:signal:9", []), ("cause:not-found", []),
  ])
  func `tasks are filtered by cause`(text: String, labels: [String]) throws {
    #expect(try Self.midway().labels(text) == labels)
  }

  @Test(arguments: [
    ("host:node-a", ["mProject:1", "mProject:2"]),
    ("host:node-b", ["mProject:3", "mProject:4"]),
    ("host:node-b.cluster", ["mProject:3", "mProject:4"]), ("host:node", []),
    ("host:node*", projects), ("host:*cluster", ["mProject:3", "mProject:4"]),
    ("host:NODE-A", ["mProject:1", "mProject:2"]),
    ("worker:node-a-17", ["mProject:1", "mProject:2"]), ("worker:node-a-1", []),
    ("worker:node-b*", ["mProject:3", "mProject:4"]), ("stage:mDiffFit", diffs),
    ("stage:mdifffit firing:1 process:<6", ["mDiffFit:1"]), ("stage:mDiff", []),
    ("stage:m*Fit -stage:mDiff*", ["mConcatFit:1"]), ("stage:*c*t*", projects + ["mConcatFit:1"]),
    ("process:3", ["mProject:3"]), ("process:3-5", ["mProject:3", "mProject:4", "mDiffFit:1"]),
    ("process:>8", ["mConcatFit:1", "mAdd:1"]), ("process:>=10", ["mAdd:1"]),
    ("process:<=2", ["mProject:1", "mProject:2"]), ("process:1,10", ["mProject:1", "mAdd:1"]),
    ("firing:>1", []),
  ])
  func `tasks are filtered by host and worker`(text: String, labels: [String]) throws {
    #expect(try Self.midway().labels(text) == labels)
  }

  @Test(arguments: [
    ("mAdd:1", ["mAdd:1"]), ("mProject:3", ["mProject:3"]), ("mproject:3", []),
    ("mProject:33", []), ("task:mProject:3", ["mProject:3"]),
    ("task:*:4", ["mProject:4", "mDiffFit:4"]),
    ("-mProject:3 stage:mProject", ["mProject:1", "mProject:2", "mProject:4"]),
    ("mcf", ["mConcatFit:1"]), ("add", ["mAdd:1"]), ("MADD", ["mAdd:1"]),
    ("diff 3", ["mDiffFit:3"]), ("\"iff\"", diffs), ("\"mDF\"", []), ("overlap", ["mProject:2"]),
    ("\"no overlap\"", ["mProject:2"]), ("\"memory\"", ["mProject:3"]),
    ("killed", ["mProject:3"]), ("\"exit 1\"", ["mProject:2"]), ("says:OVERLAP", ["mProject:2"]),
    ("says:\"no overlap\"", ["mProject:2"]), ("says:nothing", []),
    ("says:overlap,killed", ["mProject:2", "mProject:3"]),
    ("signature:\"ERROR: no overlap between # and #\"", ["mProject:2"]),
    ("signature:ERROR*", ["mProject:2"]), ("signature:\"ERROR*\"", []),
    ("state:failed -overlap", ["mProject:3"]), ("nothing", []),
  ])
  func `tasks are filtered by text`(text: String, labels: [String]) throws {
    #expect(try Self.midway().labels(text) == labels)
  }

  @Test func `tasks are filtered by attempts and scheduled retries`() throws {
    var journaled = try Self.midway()
    let failed = try journaled.firing("mProject:2")
    #expect(try journaled.labels("attempt:1 state:failed").count == 2)
    #expect(try journaled.labels("attempt:0").count == 5)
    journaled.append(.retryScheduled(AttemptID(failed, 2), dueAt: 9_000_000))
    #expect(try journaled.labels("state:retrying cause:exit:1") == ["mProject:2"])
    journaled.append(.attemptMade(AttemptID(failed, 2), .policy, nil))
    #expect(try journaled.labels("attempt:>1") == ["mProject:2"])
    #expect(try journaled.labels("cause:exit").isEmpty)
    journaled.append(.taskHeld(failed))
    #expect(try journaled.labels("state:held attempt:2") == ["mProject:2"])
  }

  @Test(arguments: [
    ("colour:red", "colour: is not a filter key: the keys are state, cause, stage, host, worker"),
    ("sate:failed", "sate: is not a filter key: did you mean state:; quotes make it text"),
    (
      "state:flying",
      "state:flying is not a state: waiting, held, ready, submitted, queued, starting"
    ),
    ("state:", "state: needs a value: how it stands: waiting"), ("state:,", "state: needs a value"),
    ("cause:boredom", "cause:boredom is not a cause: exit, signal, oom, timeout, notFound, lost"),
    ("cause:exit:x", "cause:exit:x is not understood: exit:1, exit:>1, exit:1-9, signal:9"),
    ("cause:oom:1", "cause:oom:1 is not understood"),
    ("cause:signal:FOO", "cause:signal:FOO is not understood"),
    ("process:x", "process:x is not a number: 3, 3-7, >3, >=3, <3 and <=3 are"),
    ("attempt:7-3", "attempt:7-3 is not a number"), ("firing:-1", "firing:-1 is not a number"),
    ("attempt:99999999999999999999", "attempt:99999999999999999999 is not a number"),
    ("-", "- has no term: write it directly before a term, as in -state:succeeded"),
    ("!", "! has no term"), ("\"\"", "\"\" is empty: write the text to look for in the quotes"),
    ("a\u{1B}b:c", "a\\u{1B}b: is not a filter key"),
  ])
  func `errors say what to write instead`(text: String, message: String) {
    let error = #expect(throws: TaskFilterError.self) { try TaskFilter(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func `signals have names and numbers`() throws {
    var journaled = try JournaledRun(Mosaic.body(2))
    try journaled.run("mProject:1", .failed(.signal(9)))
    try journaled.run("mProject:2", .failed(.signal(11)))
    for text in ["cause:signal:KILL", "cause:signal:sigkill", "cause:signal:9", "cause:signal:<10"]
    {
      #expect(try journaled.labels(text) == ["mProject:1"], "\(text)")
    }
    #expect(try journaled.labels("cause:signal").count == 2)
  }

  @Test func `quoted text is taken literally`() throws {
    let names = [#"a b"#, "-x", "state", #"q\"*,"#, "żółw"]
    let journaled = try JournaledRun(
      workflow(
        names.map { process($0, ins: "[]", outs: "[]", #""firingLimit": 1"#) }, signals: "[]"))
    for text in [#""a b""#, #"stage:"a b""#, #"stage:a" "b"#, #"stage:"a b"#] {
      #expect(try journaled.labels(text) == ["a b:1"], "\(text)")
    }
    #expect(try journaled.labels(#""-x""#) == ["-x:1"])
    #expect(try journaled.labels(#"task:"state:1""#) == ["state:1"])
    for text in ["ŻÓŁ", "żw", "stage:Ż*W"] {
      #expect(try journaled.labels(text) == ["żółw:1"], "\(text)")
    }
    for name in ["a b", "-x", "state", #"q"*,"#, "żółw"] {
      let text = "stage:\(TaskFilter.quoted(name))"
      #expect(try journaled.labels(text) == ["\(name):1"], "\(text)")
    }
    #expect(throws: TaskFilterError.self) { try TaskFilter("state:1") }
  }

  @Test func `spaces do not matter, and an empty filter matches everything`() throws {
    #expect(try TaskFilter("  ").isEmpty)
    #expect(try TaskFilter("").isEmpty)
    #expect(TaskFilter.all.isEmpty)
    #expect(try !TaskFilter(" a\t b ").isEmpty)
    #expect(try Self.midway().labels(" \t state:failed   stage:mProject ").count == 2)
  }

  @Test func `any text is a filter or an error`() {
    let pieces = ["state:", "cause:", "-", "!", "\"", "\\", ",", "*", ":", "1", ">", "ä", " ", "x"]
    var random = SeededRandom(seed: 7)
    var (filters, mistakes) = (0, 0)
    for _ in 0..<5000 {
      let text = (0..<random.below(9)).map { _ in pieces[random.below(pieces.count)] }.joined()
      if (try? TaskFilter(text)) == nil { mistakes += 1 } else { filters += 1 }
    }
    #expect(filters > 500)
    #expect(mistakes > 500)
  }
}
