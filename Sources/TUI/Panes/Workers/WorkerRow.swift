internal import Engine
internal import JobProtocol
internal import Workflow

/// What is known of one worker, from the journal and from what it says of itself.
struct WorkerRow: Equatable {
  enum Standing: Equatable {
    case serving, draining
    /// It has not been heard of for longer than it should.
    case silent
    case gone
  }

  let name: String
  let host: String
  let slots: Int
  let busy: Int
  let standing: Standing
  /// `nil` before it has said anything.
  let health: WorkerHealth?
  /// Milliseconds since it was heard of.
  let age: Int?

  /// A worker says something every five seconds.
  private static let silence = 15_000

  /// Those that serve before those that are gone, each in the order in which they came.
  static func rows(_ run: RunState, _ health: [WorkerHealth], now: Int) -> [WorkerRow] {
    // A closed run's workers have left, whatever they said last.
    let health = run.isFinished ? [] : health
    let known = run.workers.map { worker in
      WorkerRow(
        worker, health.first { $0.executor.name == worker.name }, now, isOver: run.isFinished)
    }
    // One that the journal does not name yet.
    let others = health.filter { health in
      !run.workers.contains { $0.name == health.executor.name }
    }
    let rows = known + others.map { WorkerRow($0, now) }
    return rows.filter { $0.standing != .gone } + rows.filter { $0.standing == .gone }
  }

  private init(_ worker: WorkerState, _ health: WorkerHealth?, _ now: Int, isOver: Bool) {
    (name, host) = (worker.name, worker.host)
    slots = health?.slots ?? worker.slots
    busy = worker.busy
    self.health = health
    let age = Self.age(health, now)
    self.age = age
    if worker.isGone || isOver {
      standing = .gone
    } else if age.map({ $0 > Self.silence }) ?? false {
      standing = .silent
    } else {
      standing = health?.isDraining == true ? .draining : .serving
    }
  }

  private init(_ health: WorkerHealth, _ now: Int) {
    (name, host) = (health.executor.name, health.executor.host)
    (slots, busy) = (health.slots, health.busy)
    self.health = health
    let age = Self.age(health, now)
    self.age = age
    standing =
      age ?? 0 > Self.silence ? .silent : health.isDraining ? .draining : .serving
  }

  private static func age(_ health: WorkerHealth?, _ now: Int) -> Int? {
    guard let time = health?.time, time > 0 else { return nil }
    return max(0, now - time)
  }
}
