import JSONValue
import Posix
public import Runs
import Workflow

/// The content of a persistence log: what `recover` needs to know before it starts.
public struct PersistenceLog: Sendable {
  public let path: String
  /// The workflow's directory, according to the log.
  public private(set) var directory = ""
  /// The workflow's file.
  public var workflowPath: String { Files.join(directory, fileName) }
  public private(set) var variables: [String: String] = [:]
  /// Remarks about entries that were left out, one line each.
  public private(set) var notes: [String] = []
  private(set) var inputs: [(line: Int, signal: JSONObject)] = []
  private(set) var firings: [(line: Int, Firing)] = []
  private var fileName = "workflow.json"

  struct Firing: Sendable {
    let process: Int
    let number: Int
    let outputs: JSON
    let isForced: Bool
  }

  public static func read(_ path: String) throws(RunnerError) -> PersistenceLog {
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path)
    } catch {
      throw RunnerError(.invalidWorkflow, "\(path.displayName): \(error.reason)")
    }
    return try PersistenceLog(path: path, bytes)
  }

  init(path: String, _ bytes: [UInt8]) throws(RunnerError) {
    self.path = path
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let last = lines.lastIndex { !$0.isEmpty } ?? -1
    for (index, line) in lines.enumerated() where !line.isEmpty {
      let json: JSON?
      do throws(JSONSyntaxError) {
        json = try JSON(parsing: Array(line))
      } catch {
        if error.isEncoding { throw problem(line: index + 1, error.problem) }
        json = nil
      }
      if let entry = json.flatMap({ PersistenceEntry($0) }) {
        add(entry, line: index + 1)
      } else if index == last {
        notes.append("\(name): line \(index + 1): it is incomplete and left out")
      } else {
        throw problem(line: index + 1, "it is no entry of a persistence log; remove or mend it")
      }
    }
    guard !directory.isEmpty else {
      throw RunnerError(
        .invalidWorkflow,
        "\(name): there is no \"info\" line that says where the workflow is; is it a log of "
          + "run --persist?")
    }
  }

  private var name: String { path.displayName }

  func problem(line: Int, _ text: String) -> RunnerError {
    RunnerError(.invalidWorkflow, "\(name): line \(line): \(text)")
  }

  private mutating func add(_ entry: PersistenceEntry, line: Int) {
    switch entry {
    case .info(let directory, let options):
      self.directory = directory
      readOptions(options)
    case .input(let signal): inputs.append((line, signal))
    case .fired(let process, let firing, let outputs, let isForced):
      firings.append(
        (line, Firing(process: process, number: firing, outputs: outputs, isForced: isForced)))
    case .other: notes.append("\(name): line \(line): an entry of an unknown kind is left out")
    }
  }

  private mutating func readOptions(_ options: JSON) {
    if let given = options["<workflow_dir_or_file>"]?.string, given.hasSuffix(".json") {
      fileName = Files.name(of: given)
    }
    let pairs = options["--var"]?.array ?? options["--var"].map { [$0] } ?? []
    for pair in pairs.compactMap(\.string) {
      guard let equal = pair.firstIndex(of: "="), equal > pair.startIndex else { continue }
      variables[String(pair[..<equal])] = String(pair[pair.index(after: equal)...])
    }
  }
}
