import Glibc
import JSONValue
import TestSupport
import Testing
import Workflow

/// Damaged files: reading reports errors and never traps.
///
/// The suite tries a few; `make fuzz`, or `HFLOW_FUZZ_ROUNDS`, any number.
@Suite struct MutationTests {
  private static let valid = """
    {"name":"w","processes":[
      {"name":"p","type":"choice","function":"{{function}}","firingLimit":3,"parlevel":0,
       "sticky":["a"],"ordering":"true","ins":["a","b:2",2],"outs":["c:n","d"],
       "config":{"executor":{"executable":"echo -n","args":["x",1,2.5e-7],"shell":true}}},
      {"name":"q","function":"f","ins":["c:n","d"],"outs":[],"config":{"executor":
       {"executable":"ls","args":"-l 'a b'","stdout":"{{{out}}}"}}}],
     "signals":[{"name":"a","data":[{"v":"\\u00e9"}]},{"name":"b","data":[1]},
       {"name":7,"data":["x"]},{"name":"c"},{"name":"d"},{"name":"n","control":"count"}],
     "ins":["a",1],"outs":["d"],"functions":[{"name":"f","module":"m"}]}
    """

  /// The files to damage: one file with every feature, the examples, and other available files.
  private static let files: [[UInt8]] = {
    let examples = ["BagOfJobs", "ChoiceJoinMerge", "CollectionsExample", "Comet", "ParallelSleep"]
    let paths =
      ["\(projectFolder)/Examples/RemoteJobs/workflow.json"]
      + examples.flatMap { name in
        ["workflow", "sleep3"].map { "\(ExampleFileTests.folder ?? "")/\(name)/\($0).json" }
      }
    return [Array(valid.utf8)] + paths.compactMap(fileBytes)
  }()

  private static let rounds: Int = {
    let given = getenv("HFLOW_FUZZ_ROUNDS").flatMap { Int(String(cString: $0)) }
    return max(given ?? 2_000, 500)
  }()

  private static let seed: UInt64 = {
    let given = getenv("HFLOW_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) }
    return given ?? 20_261_124
  }()

  private static let snippets = [
    "{", "}", "[", "]", "\"", ",", ":", "{{", "}}", "null", "-1", "1e999", "\\", "\\u", "\u{0}",
    "true", "9223372036854775808", "a:n", "\"n\"", "é",
  ].map { Array($0.utf8) }

  private func mutated(_ file: [UInt8], _ generator: inout SeededRandom) -> [UInt8] {
    var bytes = file
    for _ in 0...Int.random(in: 0..<4, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, place + Int.random(in: 0..<12, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(place..<end)
      case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 3:
        bytes.insert(contentsOf: Self.snippets.randomElement(using: &generator) ?? [], at: place)
      default:
        bytes.replaceSubrange(
          place..<end, with: Self.snippets.randomElement(using: &generator) ?? [])
      }
      if bytes.isEmpty { return bytes }
    }
    return bytes
  }

  @Test func `no mutation of a valid file crashes, and the result is consistent`() throws {
    #expect(Self.files.count >= 2, "Examples/RemoteJobs is missing")
    var generator = SeededRandom(seed: Self.seed)
    var valid = 0
    for round in 0..<Self.rounds {
      let bytes = mutated(Self.files[round % Self.files.count], &generator)
      let reading = Workflow.read(bytes, variables: ["function": "f", "out": "o"])
      let hasError = reading.findings.contains { $0.severity == .error }
      if (reading.workflow == nil) != hasError {
        Issue.record("seed \(Self.seed), round \(round): \(reading.findings)")
      }
      guard let workflow = reading.workflow else { continue }
      valid += 1
      check(workflow)
    }
    #expect(valid > Self.rounds / 20, "hardly anything was read, so hardly anything was checked")
  }

  /// Uses everything that could trap on an id out of range.
  private func check(_ workflow: Workflow) {
    let graph = workflow.graph()
    #expect(graph.topologicalOrder.count == workflow.processes.count)
    for process in workflow.processes {
      for input in process.inputs {
        #expect(workflow.consumers(of: input.signal).contains(process.id))
      }
      for output in process.outputs {
        #expect(workflow.producers(of: output.signal).contains(process.id))
      }
      #expect(!process.summary.utf8.contains { $0 < 0x20 })
      let label = workflow.label(process: process.id, firing: 2)
      #expect(workflow.parse(label: label)?.0 == process.id)
    }
  }
}
