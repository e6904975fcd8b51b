import JSONValue
import JobProtocol
import Posix
import Workflow

/// What a job needs while it runs; `nil` if nothing was requested.
///
/// | | from | else from |
/// |---|---|---|
/// | cores | `cpus` or `cpuRequest` of `config.executor` | `HF_VAR_CPU_REQUEST` |
/// | memory | `memory` or `memRequest` of `config.executor` | `HF_VAR_MEM_REQUEST` |
/// | gpus | `gpus` of `config.executor` | – |
/// | time | `config.timeout`, or what a user has edited | – |
///
/// Only `memory` is also a limit, in containers that can have one: HyperFlow's workflows name small
/// requests that their jobs exceed.
struct JobResources: Sendable, Equatable {
  /// Processor cores; may be a fraction.
  var cores: Double?
  var memoryBytes: Int?
  var gpus: Int?
  /// How long the job may run, in seconds.
  var seconds: Double?
  private var limitsMemory = false

  init() {}

  /// - Parameters: `timeout` is an edited limit in seconds, `nil` for the process's own; `growth`
  ///   is by how much a retry asks for more.
  init(
    of process: Workflow.Process, timeout: Double? = nil, growth: ResourceGrowth = .one,
    environment: (String) -> String? = { Environment[$0] }
  ) {
    let command = process.executor
    cores =
      Self.first(["cpus", "cpuRequest"], in: command, Quantity.cores)
      ?? environment("HF_VAR_CPU_REQUEST").flatMap { Quantity.cores(.string($0)) }
    let memory =
      Self.first(["memory", "memRequest"], in: command, Quantity.bytes)
      ?? environment("HF_VAR_MEM_REQUEST").flatMap { Quantity.bytes(.string($0)) }
    memoryBytes = memory.map { growth.memory(of: $0) }
    limitsMemory = command?["memory"].flatMap(Quantity.bytes) != nil
    gpus = command?["gpus"]?.int.flatMap { $0 > 0 ? $0 : nil }
    let limit = timeout ?? growth.time(of: process.timeout ?? 0)
    seconds = limit > 0 ? limit : nil
  }

  private static func first<Value>(
    _ keys: [String], in command: JSONObject?, _ read: (JSON) -> Value?
  ) -> Value? {
    for key in keys {
      if let value = command?[key].flatMap(read) { return value }
    }
    return nil
  }

  /// What the executor books.
  var needs: JobNeeds {
    var needs = JobNeeds(cores: cores, memory: memoryBytes, gpus: gpus)
    needs.limitsMemory = limitsMemory && memoryBytes != nil
    return needs
  }

  static let coresForm = "a number of cores, such as 2, 0.5 or \"500m\""
  static let bytesForm = "a number of bytes, such as \"50Mi\" or \"2G\""

  private static let forms: [(key: String, form: String, isReadable: @Sendable (JSON) -> Bool)] = {
    return [
      ("cpus", coresForm, { Quantity.cores($0) != nil }),
      ("cpuRequest", coresForm, { Quantity.cores($0) != nil }),
      ("memory", bytesForm, { Quantity.bytes($0) != nil }),
      ("memRequest", bytesForm, { Quantity.bytes($0) != nil }),
      ("gpus", "a number of gpus, 0 or more", { ($0.int ?? -1) >= 0 }),
    ]
  }()

  /// Keys of `config.executor` whose values cannot be read, each with its valid form.
  static func unreadable(in process: Workflow.Process) -> [(key: String, form: String)] {
    let command = process.executor
    return forms.compactMap { key, form, isReadable in
      command?[key].map(isReadable) == false ? (key, form) : nil
    }
  }
}
