public import Engine
import HumanText
public import JSONValue
import JobProtocol
import Workflow

/// A host, as far as it is known.
public struct HostDescription: Sendable, Equatable {
  public var name: String
  public var architecture: String?
  /// The kernel's release.
  public var release: String?
  public var cores: Int?
  public var memoryBytes: Int?

  public init(
    name: String, architecture: String? = nil, release: String? = nil, cores: Int? = nil,
    memoryBytes: Int? = nil
  ) {
    self.name = name
    self.architecture = architecture
    self.release = release
    self.cores = cores
    self.memoryBytes = memoryBytes
  }
}

extension RunReport {
  /// The run as an instance of WfFormat 1.5 (WfCommons); `nil` before its first task.
  ///
  /// - Parameters:
  ///   - run: the run of this report.
  ///   - version: of this program.
  ///   - now: milliseconds since 1970.
  ///   - host: what is known about one of the hosts.
  ///   - fileSize: the bytes of a signal's file; `nil` if there is no such file.
  public func wfFormat(
    of run: RunState, version: String, now: Int, host: HostDescription? = nil,
    fileSize: @escaping (String) -> Int?
  ) -> JSON? {
    guard !tasks.isEmpty else { return nil }
    let names = WfNames(tasks, run)
    var files = WfFiles(run, fileSize)
    let specified = tasks.map { specification(of: $0, in: run, names, &files) }
    let isSimulated = run.workflow.extra["wfformat"]?["simulatedAtSpeed"] != nil
    let executions = tasks.compactMap { execution(of: $0, in: run, names, isSimulated) }
    var workflow = JSONObject()
    workflow["specification"] = [
      "tasks": .array(specified), "files": .array(files.sizes),
    ]
    if !executions.isEmpty { workflow["execution"] = execution(executions, host) }
    var file = JSONObject()
    file["name"] = .string(summary.name.isEmpty ? "wf" : summary.name)
    file["description"] = .string(
      (isSimulated ? "Simulated run " : "Run ") + "\(summary.run) of HyperFlow")
    file["createdAt"] = .string(Self.date(now))
    file["schemaVersion"] = "1.5"
    file["runtimeSystem"] = [
      "name": "HyperFlow (hflow-tui)", "version": .string(version),
      "url": "https://github.com/hyperflow-wms/hyperflow",
    ]
    file["workflow"] = .object(workflow)
    return .object(file)
  }

  private func specification(
    of task: TaskFigures, in run: RunState, _ names: WfNames, _ files: inout WfFiles
  ) -> JSON {
    let process = run.workflow[task.id.process]
    let inputs = process.dataInputs.map(\.signal)
    let outputs = process.dataOutputs(ofFiring: task.id.number).map(\.signal)
    return [
      "name": .string(task.label), "id": .string(names[task.id]),
      "parents": .array(names.parents(of: task.id)),
      "children": .array(names.children(of: task.id)),
      "inputFiles": .array(inputs.compactMap { files.name(of: $0) }),
      "outputFiles": .array(outputs.compactMap { files.name(of: $0) }),
    ]
  }

  private func execution(_ tasks: [JSON], _ host: HostDescription?) -> JSON {
    var execution = JSONObject()
    execution["makespanInSeconds"] = Self.seconds(summary.elapsedMilliseconds)
    execution["executedAt"] = .string(Self.date(summary.startedAt ?? 0))
    execution["tasks"] = .array(tasks)
    if !summary.hosts.isEmpty {
      execution["machines"] = .array(
        summary.hosts.map { ($0 == host?.name ? host : nil) ?? HostDescription(name: $0) }
          .map(Self.machine))
    }
    return .object(execution)
  }

  /// The last attempt that ran; `nil` without one.
  private func execution(
    of task: TaskFigures, in run: RunState, _ names: WfNames, _ isSimulated: Bool
  ) -> JSON? {
    guard let attempt = task.attempts.last(where: { $0.endedAt != nil && $0.outcome != nil })
    else { return nil }
    let start = attempt.times.startedAt ?? attempt.madeAt
    let length = attempt.times[.run] ?? max(0, (attempt.endedAt ?? start) - start)
    let process = run.workflow[task.id.process]
    var members = JSONObject()
    members["id"] = .string(names[task.id])
    members["runtimeInSeconds"] = Self.seconds(length)
    members["executedAt"] = .string(Self.date(start))
    // The command of a simulated task only sleeps.
    if !isSimulated, let command = process.command, !command.executable.isEmpty {
      members["command"] = [
        "program": .string(command.executable),
        "arguments": .array(command.arguments.filter { !$0.isEmpty }.map(JSON.string)),
      ]
    }
    if let cores = process.executor?["cpus"], cores.double ?? 0 >= 1 {
      members["coreCount"] = cores
    }
    if let executor = attempt.executor {
      if length > 0 {
        let share = 100 * Double(attempt.cpuMilliseconds) / Double(length)
        members["avgCPU"] = JSON(number: (share * 100).rounded() / 100)
      }
      members["readBytes"] = .int(attempt.usage.bytesRead)
      members["writtenBytes"] = .int(attempt.usage.bytesWritten)
      members["memoryInBytes"] = .int(attempt.usage.maxResidentKilobytes * 1024)
      members["machines"] = [.string(executor.host)]
    }
    return .object(members)
  }

  private static func machine(_ host: HostDescription) -> JSON {
    var members = JSONObject()
    members["nodeName"] = .string(host.name)
    members["system"] = "linux"
    members["architecture"] = host.architecture.map(JSON.string)
    members["release"] = host.release.map(JSON.string)
    members["memoryInBytes"] = host.memoryBytes.map(JSON.int)
    members["cpu"] = host.cores.map { ["coreCount": .int($0)] }
    return .object(members)
  }

  private static func seconds(_ milliseconds: Int) -> JSON {
    JSON(number: Double(milliseconds) / 1000)
  }

  /// `2026-11-25T03:13:55Z`
  private static func date(_ milliseconds: Int) -> String {
    Formats.timeText(milliseconds: milliseconds, offset: 0).replacing(" ", with: "T") + "Z"
  }
}

/// The ids of tasks. WfFormat allows few characters in them.
private struct WfNames {
  private var names: [FiringID: String] = [:]
  private var parents: [FiringID: [FiringID]] = [:]
  private var children: [FiringID: [FiringID]] = [:]

  init(_ tasks: [TaskFigures], _ run: RunState) {
    var taken: Set<String> = []
    for task in tasks {
      let process = run.workflow[task.id.process]
      // A workflow that was an instance keeps its ids.
      let given = process.config["wfformat"]?["id"]?.string ?? ""
      let isUsable =
        !given.isEmpty && Self.safe(given) == given && taken.insert(given).inserted
      names[task.id] =
        isUsable
        ? given
        : "\(Self.safe(process.name))_\(task.id.process.number)_\(task.id.number)"
    }
    for task in tasks {
      let upstream = Set(run.upstream(of: task.id)).subtracting([task.id]).sorted()
      parents[task.id] = upstream
      for parent in upstream { children[parent, default: []].append(task.id) }
    }
  }

  subscript(task: FiringID) -> String { names[task] ?? "" }

  func parents(of task: FiringID) -> [JSON] { list(parents[task]) }
  func children(of task: FiringID) -> [JSON] { list(children[task]) }

  private func list(_ tasks: [FiringID]?) -> [JSON] {
    (tasks ?? []).compactMap { names[$0] }.map(JSON.string)
  }

  static func safe(_ text: String, and more: String = "") -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let isSafe =
            scalar.isASCII
            && (scalar.properties.isAlphabetic || "0"..."9" ~= scalar
              || "-_.#".unicodeScalars.contains(scalar) || more.unicodeScalars.contains(scalar))
          return isSafe ? scalar : "_"
        }))
  }
}

/// The signals that are files.
private struct WfFiles {
  private let run: RunState
  private let fileSize: (String) -> Int?
  private var known: [SignalID: String?] = [:]
  private var listed: Set<String> = []
  private(set) var sizes: [JSON] = []

  init(_ run: RunState, _ fileSize: @escaping (String) -> Int?) {
    self.run = run
    self.fileSize = fileSize
  }

  /// `nil` for a signal that names no file.
  mutating func name(of signal: SignalID) -> JSON? {
    if let name = known[signal] { return name.map(JSON.string) }
    let given = run.workflow[signal]
    let size = given.attributes["sizeInBytes"]?.int ?? fileSize(given.name)
    let isFile = size != nil || given.attributes["isFile"] == true
    let name = isFile ? WfNames.safe(given.name, and: "/:") : nil
    known[signal] = name
    if let name, let size, listed.insert(name).inserted {
      sizes.append(["id": .string(name), "sizeInBytes": .int(max(0, size))])
    }
    return name.map(JSON.string)
  }
}
