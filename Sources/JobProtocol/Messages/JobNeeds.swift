public import JSONValue

/// What a job needs while it runs. A worker books it; `nil` is one slot and no memory.
public struct JobNeeds: Sendable, Equatable {
  /// Processor cores; may be a fraction.
  public var cores: Double?
  /// Bytes.
  public var memory: Int?
  public var gpus: Int?
  /// Whether the memory is also the limit of the job's container.
  public var limitsMemory = false

  public init(cores: Double? = nil, memory: Int? = nil, gpus: Int? = nil) {
    self.cores = cores
    self.memory = memory
    self.gpus = gpus
  }

  public var isEmpty: Bool { self == JobNeeds() }

  /// The slots that the job occupies on a worker: its cores, rounded up.
  public var slots: Int { max(1, Int(min(cores ?? 1, 1e6).rounded(.up))) }

  /// Whether a worker must book more than the slot that every job occupies.
  public var isMoreThanASlot: Bool { slots > 1 || memory != nil || gpus != nil }

  public var json: JSON {
    var members = JSONObject()
    members["cores"] = cores.map(JSON.init(number:))
    members["memory"] = memory.map(JSON.int)
    members["gpus"] = gpus.map(JSON.int)
    if limitsMemory { members["limitsMemory"] = true }
    return .object(members)
  }

  init(_ value: JSON) {
    cores = value["cores"]?.double.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    memory = value["memory"]?.int.flatMap { $0 > 0 ? $0 : nil }
    gpus = value["gpus"]?.int.flatMap { $0 > 0 ? $0 : nil }
    limitsMemory = value["limitsMemory"]?.bool ?? false
  }
}
