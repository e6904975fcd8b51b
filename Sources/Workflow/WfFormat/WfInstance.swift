import JSONValue

/// An instance of WfFormat 1.5 (WfCommons): the tasks and files of a workflow, and what one
/// execution of it took.
///
/// | of the instance | in the workflow |
/// |---|---|
/// | task | a process that fires once, named by its program |
/// | file between a task and its parent | a signal |
/// | parent without a common file | a signal with the parent's id |
/// | file that no task makes | a signal in `ins`, sent at the start |
/// | file that no task reads | a signal in `outs` |
/// | `command` of the execution | the command, or a pause of `runtimeInSeconds` when simulated |
/// | `coreCount`, `memoryInBytes` | `cpus` and `memory` of `config.executor` |
///
/// Only `parents` and `children` order tasks. A file that several tasks make orders nothing.
public struct WfInstance: Sendable {
  public let name: String
  let tasks: [Task]
  /// Bytes by file.
  let sizes: [String: Int]
  /// The array of the tasks in the file that was read, for findings.
  var taskList = WfInstanceDecoder.taskList

  struct Task: Sendable {
    let id: String
    let name: String
    /// Indices of tasks in ascending order.
    var parents: [Int] = []
    var inputs: [String] = []
    var outputs: [String] = []
    /// `nil` if the instance has no execution of it.
    var execution: Execution?
  }

  struct Execution: Sendable {
    /// In milliseconds.
    let runtime: Double
    let program: String?
    let arguments: [String]
    let cores: Double?
    let memoryBytes: Int?
    /// Files of `stdin`, `stdout` and `stderr`.
    var streams: [String: String] = [:]
    var environment: [(name: String, value: String)] = []
  }

  /// How tasks run without doing their work.
  public struct Simulation: Sendable, Equatable {
    /// Recorded times are divided by it.
    public var speed: Double
    /// Whether tasks request their recorded memory.
    public var booksMemory: Bool

    public init(speed: Double = 1, booksMemory: Bool = false) {
      self.speed = speed
      self.booksMemory = booksMemory
    }
  }

  /// The result of reading an instance: it exists exactly if no finding is an error.
  public struct Reading: Sendable {
    public let instance: WfInstance?
    /// Paths are those of the instance.
    public let findings: [Finding]

    public init(instance: WfInstance?, findings: [Finding]) {
      self.instance = instance
      self.findings = findings
    }
  }

  /// The largest number of cores of a task, at least 1.
  public var mostCores: Int {
    let maximum = tasks.compactMap(\.execution?.cores).max() ?? 1
    return max(1, Int(min(maximum, 1_000_000).rounded(.up)))
  }
}

extension WfInstance {
  private static let mark = Array(#""schemaVersion""#.utf8)
  /// Only `workflow` is long, so `schemaVersion` is near the start or the end of the file.
  private static let searched = 65_536

  /// Reads an instance. `nil` if the text is none; it may be a workflow of HyperFlow.
  ///
  /// - Parameters:
  ///   - needsCommands: whether tasks are to do their work.
  ///   - findingLimit: how many findings to report; by default a few dozen.
  public static func read(
    _ bytes: [UInt8], needsCommands: Bool = false, findingLimit: Int? = nil
  ) -> Reading? {
    let isMarked =
      contains(mark, in: bytes.prefix(searched)) || contains(mark, in: bytes.suffix(searched))
    guard isMarked, case .object(let file)? = try? JSON(parsing: bytes),
      file["schemaVersion"] != nil, file["workflow"] != nil, file["processes"] == nil
    else { return nil }
    var findings = findingLimit.map { Findings(limit: $0) } ?? Findings()
    let instance = WfInstanceDecoder.decode(file, &findings)
    if needsCommands, let instance {
      for (index, task) in instance.tasks.enumerated() where task.execution?.program == nil {
        findings.error(
          WfInstanceDecoder.place(index),
          "\(task.id.quotedForMessage) has no command in the execution; to run it without doing "
            + "its work: --simulate")
      }
    }
    return Reading(
      instance: findings.hasErrors ? nil : instance, findings: findings.all)
  }

  private static func contains(_ text: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= text.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for start in 0...(bytes.count - text.count) where bytes[start] == text[0] {
        if text.indices.allSatisfy({ bytes[start + $0] == text[$0] }) { return true }
      }
      return false
    }
  }

  /// A place in the converted workflow as one of the instance: their tasks have the same numbers.
  public func place(ofWorkflow path: String) -> String {
    guard path.hasPrefix("processes[") else { return path }
    return "\(taskList)[" + path.dropFirst("processes[".count)
  }
}
