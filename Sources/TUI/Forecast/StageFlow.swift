/// The remaining tasks of a stage, for a forecast: they flow through the slots like a liquid.
///
/// A stage whose tasks are about as many as those of the one before it follows that one; any
/// other waits for its end. The last tasks of a stage take as long as the longest of them.
struct StageFlow {
  /// Tasks that wait for other stages, and tasks that could run now.
  let waiting: Int
  let ready: Int
  /// All tasks of the stage.
  let total: Int
  /// Slot time of a task, in milliseconds.
  let cost: Double
  /// How many of its tasks may run at a time; 0 means no limit.
  let width: Int
  let predecessors: [Int]
  /// The remaining times of its running jobs.
  let remainingTimes: [Double]
  /// Durations of its jobs, ascending.
  let longest: [Double]

  /// The time until all tasks have ended, in milliseconds.
  static func time(_ stages: [StageFlow], slots: Int) -> Double {
    var states = stages.map { State($0) }
    let work = states.reduce(0) { $0 + $1.left * $1.stage.cost }
    let chain = stages.reduce(0) {
      $0 + ($1.waiting + $1.ready + $1.remainingTimes.count > 0 ? $1.cost : 0)
    }
    let step = max(0.5, (work / Double(slots) + chain) / 200)
    var now = 0.0
    for _ in 0..<2000 {
      guard states.contains(where: { !$0.isOver(now) }) else { break }
      now += advance(&states, slots: Double(slots), now: now, step: step)
    }
    return states.reduce(now) { max($0, $1.endsAt ?? 0) }
  }

  private struct State {
    let stage: StageFlow
    let whole: Double
    /// In tasks; a running task counts as its remaining fraction.
    var left: Double
    var lanes = 0.0
    /// When its last task ends; `nil` until all have been started.
    var endsAt: Double?

    init(_ stage: StageFlow) {
      self.stage = stage
      let running = stage.remainingTimes.reduce(0) { $0 + min(1, $1 / stage.cost) }
      left = Double(stage.waiting + stage.ready) + running
      whole = left
      if stage.waiting + stage.ready == 0 {
        // Only running jobs remain: the last of them ends the stage.
        endsAt = stage.remainingTimes.max() ?? 0
        lanes = Double(stage.remainingTimes.count)
      }
    }

    func isOver(_ now: Double) -> Bool { endsAt.map { $0 <= now + 0.001 } ?? false }

    /// The fraction of the initial work that is done.
    var part: Double { whole <= 0 ? 1 : 1 - left / whole }

    /// The last tasks have started: the longest of them ends the stage.
    mutating func finish(at now: Double) {
      let durations = stage.longest
      let rank = Double(durations.count) * lanes / (lanes + 1)
      let last = durations.isEmpty ? 0 : durations[min(durations.count - 1, Int(rank))]
      let running = stage.remainingTimes.max() ?? 0
      left = 0
      endsAt = max(now + max(0, last - stage.cost), running)
    }
  }

  /// Lets time pass, at most `step`; returns how much.
  private static func advance(
    _ states: inout [State], slots: Double, now: Double, step: Double
  ) -> Double {
    var free = slots
    var step = step
    var rates = [Double](repeating: 0, count: states.count)
    for index in states.indices {
      if let end = states[index].endsAt {
        if end > now { step = min(step, max(0.01, end - now)) }
        if states[index].left > 0, end > now { free = max(0, free - states[index].lanes) }
        continue
      }
      let stage = states[index].stage
      let open = stage.predecessors.reduce(1.0) { min($0, opening(of: stage, states[$1], now)) }
      let available = states[index].left - Double(stage.waiting) * (1 - open)
      guard available > 0.0001 else { continue }
      let isWhole = open >= 1
      let wanted = max(available.rounded(.up), isWhole ? states[index].lanes : 0)
      let limit = stage.width == 0 ? wanted : min(wanted, Double(stage.width))
      let lanes = min(free, limit)
      guard lanes > 0 else { continue }
      states[index].lanes = lanes
      free -= lanes
      rates[index] = lanes / stage.cost
      if isWhole { step = min(step, states[index].left / rates[index]) }
    }
    for index in states.indices where rates[index] > 0 {
      states[index].left -= rates[index] * step
      if states[index].left <= 0.0001 { states[index].finish(at: now + step) }
    }
    return step
  }

  /// The fraction of the waiting tasks whose inputs another stage has produced.
  private static func opening(of stage: StageFlow, _ before: State, _ now: Double) -> Double {
    if before.isOver(now) { return 1 }
    let follows = before.stage.total >= 2 && stage.total * 2 >= before.stage.total
    return follows ? before.part : 0
  }
}
