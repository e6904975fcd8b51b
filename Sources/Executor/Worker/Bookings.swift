import JobProtocol
import Posix

/// The resources of a worker, and what its jobs have booked.
///
/// | a taken job | then |
/// |---|---|
/// | asks for nothing | occupies one slot, books nothing |
/// | fits | occupies its cores in slots, books memory and gpus |
/// | does not fit now, and none waits | waits here and comes next (`Worker.next`) |
/// | does not fit now, and one waits | goes back to the front of the queue |
/// | asks for more than the worker has | goes back to the end of the queue, for larger workers |
///
/// While a job waits, at most as many others as the worker has slots start before it. A fraction
/// of a core occupies a slot.
struct Bookings: Equatable {
  /// What a job has got.
  struct Share: Equatable {
    var slots = 1
    var memory = 0
    var gpus: [Int] = []
  }

  /// Bytes for jobs that request memory.
  let memory: Int
  private let gpus: [Int]
  /// The shares of jobs that asked for something.
  private var shares: [String: Share] = [:]
  /// The slots of these jobs beyond one each.
  private(set) var extraSlots = 0
  private(set) var bookedMemory = 0

  init(memory: Int, gpus: [Int]) {
    self.memory = memory
    self.gpus = gpus
  }

  enum Answer: Equatable {
    case fits(Share)
    case waits
    /// This worker can never run it; what it lacks.
    case never(String)
  }

  /// - Parameters: `slots` of the worker; `used` are those that other jobs occupy.
  func answer(to needs: JobNeeds, slots: Int, used: Int) -> Answer {
    if needs.slots > max(slots, 1) { return .never("\(needs.slots) cores") }
    let bytes = needs.memory ?? 0
    if bytes > memory { return .never("\(bytes) bytes of memory") }
    let count = needs.gpus ?? 0
    if count > gpus.count { return .never("\(count) gpus") }
    let taken = Set(shares.values.flatMap(\.gpus))
    let free = gpus.filter { !taken.contains($0) }
    guard used + needs.slots <= slots, bookedMemory + bytes <= memory, count <= free.count else {
      return .waits
    }
    return .fits(Share(slots: needs.slots, memory: bytes, gpus: Array(free.prefix(count))))
  }

  mutating func book(_ share: Share, for job: String) {
    shares[job] = share
    extraSlots += share.slots - 1
    bookedMemory += share.memory
  }

  /// Releases the share of a job that has left this worker, if it has one.
  mutating func release(_ job: String) {
    guard let share = shares.removeValue(forKey: job) else { return }
    extraSlots -= share.slots - 1
    bookedMemory -= share.memory
  }

  func gpus(of job: String) -> [Int] { shares[job]?.gpus ?? [] }

  /// The memory of the host or of the executor's control group, in bytes.
  static func hostMemory(_ group: ControlGroup) -> Int {
    let total = HostLoad.now().memoryTotal
    let limits = [group.limit, total > 0 ? total : nil].compactMap(\.self)
    return limits.min().map { $0.multipliedReportingOverflow(by: 1024).partialValue } ?? .max
  }

  /// The gpus that this process may use: those of `CUDA_VISIBLE_DEVICES`, else all of NVIDIA.
  static func hostGPUs(visible: String?, devices: [String]) -> [Int] {
    if let visible {
      return visible.split(separator: ",").compactMap { Int($0.filter { $0 != " " }) }
    }
    return devices.compactMap { $0.hasPrefix("nvidia") ? Int($0.dropFirst("nvidia".count)) : nil }
      .sorted()
  }
}
