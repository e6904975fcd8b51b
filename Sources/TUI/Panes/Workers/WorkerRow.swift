internal import Engine
internal import JobProtocol
internal import Workflow

/// A worker, from the journal and from its heartbeats.
struct WorkerRow: Equatable {
  enum Status: Equatable {
    case serving, draining
    /// Its heartbeat is overdue.
    case silent
    /// Its allocation was requested and is not granted; `note` has the reason.
    case pending
    /// Its allocation is granted, but it has not registered yet.
    case starting
    case gone
  }

  let name: String
  let host: String
  let slots: Int
  let busy: Int
  let status: Status
  /// `nil` before its first heartbeat.
  let health: WorkerHealth?
  /// Milliseconds since its last heartbeat.
  let age: Int?
  /// Why an allocation is pending, in the words of the infrastructure.
  var note = ""
  /// The site that has started it; empty for other workers.
  var site = ""
  /// The site's id of its allocation.
  var nativeID = ""
  /// Milliseconds since the state of its allocation last changed; `nil` if unknown.
  var placeAge: Int?

  /// Workers send a heartbeat every five seconds.
  private static let silence = 15_000

  /// Active workers first, then those that have left, each in order of arrival.
  static func rows(_ run: RunState, _ health: [WorkerHealth], now: Int) -> [WorkerRow] {
    // After the run was closed, all workers have left.
    let health = run.isFinished ? [] : health
    let known = run.workers.map { worker in
      var row = WorkerRow(
        worker, health.first { $0.executor.name == worker.name }, now, isOver: run.isFinished)
      if let place = run.place(ofWorker: worker.name), row.status != .gone {
        row.apply(place, run, now)
      }
      return row
    }
    // A worker that is not in the journal yet.
    let others = health.filter { health in
      !run.workers.contains { $0.name == health.executor.name }
    }
    let present = known + others.map { WorkerRow($0, now) }
    let rows = present + (run.isFinished ? [] : places(run, now, besides: present))
    return rows.filter { $0.status != .gone } + rows.filter { $0.status == .gone }
  }

  /// Allocations that are pending, or whose worker has not registered yet.
  private static func places(
    _ run: RunState, _ now: Int, besides rows: [WorkerRow]
  ) -> [WorkerRow] {
    let registered = Set(rows.filter { $0.status != .gone }.map(\.name))
    return run.allocations.filter { place in
      // A worker that a scheduler has restarted has a number after its name.
      place.worker.isEmpty
        || !registered.contains { $0 == place.worker || $0.hasPrefix("\(place.worker).") }
    }.map { place in
      var row = WorkerRow(place)
      row.apply(place, run, now)
      return row
    }
  }

  private mutating func apply(_ place: Allocation, _ run: RunState, _ now: Int) {
    site = place.site
    nativeID = place.id
    placeAge = run.since(place).map { max(0, now - $0) }
  }

  private init(_ place: Allocation) {
    name = "\(place.site) \(place.id)"
    host = ""
    (slots, busy) = (0, 0)
    status = place.state == .pending ? .pending : .starting
    health = nil
    age = nil
    note = place.reason
  }

  /// The memory that its jobs have booked, in kilobytes.
  var bookedMemory: Int { busy > 0 && status != .gone ? health?.bookedMemory ?? 0 : 0 }

  /// Whether it is a worker, not only an allocation for one.
  var isWorker: Bool { status != .pending && status != .starting }

  private init(_ worker: WorkerState, _ health: WorkerHealth?, _ now: Int, isOver: Bool) {
    (name, host) = (worker.name, worker.host)
    slots = health?.slots ?? worker.slots
    let booked = worker.busy > 0 ? health?.bookedSlots ?? 0 : 0
    busy = max(worker.busy, booked)
    self.health = health
    let age = Self.age(health, now)
    self.age = age
    if worker.isGone || isOver {
      status = .gone
    } else if age.map({ $0 > Self.silence }) ?? false {
      status = .silent
    } else {
      status = health?.isDraining == true ? .draining : .serving
    }
  }

  private init(_ health: WorkerHealth, _ now: Int) {
    (name, host) = (health.executor.name, health.executor.host)
    (slots, busy) = (health.slots, health.busy)
    self.health = health
    let age = Self.age(health, now)
    self.age = age
    status =
      age ?? 0 > Self.silence ? .silent : health.isDraining ? .draining : .serving
  }

  private static func age(_ health: WorkerHealth?, _ now: Int) -> Int? {
    guard let time = health?.time, time > 0 else { return nil }
    return max(0, now - time)
  }
}
