public import JSONValue

/// The health of a worker: the value of its heartbeat key, and its heartbeat report.
public struct WorkerHealth: Sendable, Equatable {
  public var executor: ExecutorIdentity
  public var slots: Int
  public var busy: Int
  /// One-minute load average of the host, times 100.
  public var loadPercent: Int
  /// Memory that the host uses, in kilobytes; 0 if unknown. Reclaimable memory counts as unused.
  public var memoryUsed: Int
  public var memoryTotal: Int
  /// The slots that its jobs occupy, if that is more than one each; otherwise 0.
  public var bookedSlots = 0
  /// The memory that its jobs have booked, in kilobytes.
  public var bookedMemory = 0
  /// Takes no more jobs and exits after the running ones.
  public var isDraining: Bool
  /// Why it cannot take jobs although it lives, for example because Redis has no free
  /// connection; empty if it can.
  public var problem: String
  /// The time of the heartbeat, in milliseconds since 1970 on the worker's clock.
  public var time: Int

  public init(
    executor: ExecutorIdentity, slots: Int, busy: Int, loadPercent: Int, memoryUsed: Int = 0,
    memoryTotal: Int = 0, isDraining: Bool = false, problem: String = "",
    time: Int = 0
  ) {
    self.executor = executor
    self.slots = slots
    self.busy = busy
    self.loadPercent = loadPercent
    self.memoryUsed = memoryUsed
    self.memoryTotal = memoryTotal
    self.isDraining = isDraining
    self.problem = problem
    self.time = time
  }

  public var json: JSON {
    var members = figures.object ?? JSONObject()
    if bookedSlots > 0 { members["bookedSlots"] = .int(bookedSlots) }
    if bookedMemory > 0 { members["bookedMemory"] = .int(bookedMemory) }
    return .object(members)
  }

  private var figures: JSON {
    [
      "name": .string(executor.name), "host": .string(executor.host), "pid": .int(executor.pid),
      "slots": .int(slots), "busy": .int(busy), "load": .int(loadPercent),
      "memoryUsed": .int(memoryUsed), "memoryTotal": .int(memoryTotal),
      "draining": .bool(isDraining), "trouble": .string(problem), "time": .int(time),
    ]
  }

  /// Parses the key's value; `nil` if invalid. Missing figures are 0.
  public init?(parsing bytes: [UInt8]) {
    guard let value = try? JSON(parsing: bytes), let name = value["name"]?.string else {
      return nil
    }
    func number(_ key: String) -> Int { value[key]?.int ?? 0 }
    self.init(
      executor: ExecutorIdentity(
        name: name, host: value["host"]?.string ?? "?", pid: number("pid")),
      slots: number("slots"), busy: number("busy"), loadPercent: number("load"),
      memoryUsed: number("memoryUsed"), memoryTotal: number("memoryTotal"),
      isDraining: value["draining"]?.bool ?? false, problem: value["trouble"]?.string ?? "",
      time: number("time"))
    bookedSlots = number("bookedSlots")
    bookedMemory = number("bookedMemory")
  }
}

/// The one-shot executor that holds a job: the value of the job's heartbeat key.
public struct JobHolder: Sendable, Equatable {
  public var host: String
  public var pid: Int
  /// The boot id of the host: a process id of another boot is another process. Empty if
  /// unknown.
  public var bootID: String

  public init(host: String, pid: Int, bootID: String) {
    self.host = host
    self.pid = pid
    self.bootID = bootID
  }

  public var json: JSON {
    ["host": .string(host), "pid": .int(pid), "boot": .string(bootID)]
  }

  /// `nil` if invalid.
  public init?(parsing bytes: [UInt8]) {
    guard let value = try? JSON(parsing: bytes), let host = value["host"]?.string,
      let pid = value["pid"]?.int
    else { return nil }
    self.init(host: host, pid: pid, bootID: value["boot"]?.string ?? "")
  }
}
