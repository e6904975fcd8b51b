import DequeModule
import JSONValue
import Workflow

/// A join fires when some of its branches have arrived, and starts a new round when all active
/// ones have. The numbers are `Nj` (`joinCount`) and `Nb` (`activeBranchesCount`), or those of
/// the round's `merge` signal.
///
/// Instances are sorted into rounds. A round has each branch once and at most `Nb` branches; an
/// instance goes into the first round with room for it.
///
/// | first round | effect |
/// |---|---|
/// | fewer than `Nj` branches | it waits |
/// | at least `Nj`, not fired | it fires with the first `Nj` |
/// | fired, fewer than `Nb` | it waits for the late branches |
/// | fired, all `Nb` | the late ones are discarded, the next round begins |
/// | no `merge` for a round yet | instances wait unsorted |
struct JoinProcess: FiringRule {
  /// The numbers of branches: to wait for, and in the round.
  private struct Counts {
    let join: Int
    let active: Int
  }

  private struct Round {
    var ports: [Int] = []
    var hasFired = false
  }

  var queues: InputQueues
  private let dataPorts: [Int]
  private let mergePort: Int?
  private let fixed: Counts
  private var merged: Deque<Counts> = []
  private var rounds: Deque<Round> = []
  /// By port: instances in a round that were neither consumed nor discarded.
  private var sorted: [Int: Int] = [:]
  private var unsorted: Deque<Int> = []
  /// By port: instances discarded since the last firing, and used `merge` signals.
  private var discarded: [Int: Int] = [:]

  init(_ definition: Workflow.Process) {
    queues = InputQueues(definition.inputs)
    dataPorts = definition.inputs.indices.filter { definition.inputs[$0].control == nil }
    mergePort = definition.inputs.firstIndex { $0.control == .merge }
    let active = definition.activeBranchesCount ?? dataPorts.count
    fixed = Counts(join: min(definition.joinCount ?? dataPorts.count, active), active: active)
  }

  mutating func receive(_ instances: [SignalInstance], port: Int) {
    queues.append(instances, port)
    if port == mergePort {
      merged.append(contentsOf: instances.map(counts))
      let waiting = unsorted
      unsorted = []
      for port in waiting { sort(port) }
    } else if dataPorts.contains(port) {
      for _ in instances { sort(port) }
    }
    startNextRound()
  }

  var isReady: Bool {
    guard let round = rounds.first, !round.hasFired, let counts = counts(ofRound: 0) else {
      return false
    }
    return round.ports.count >= counts.join
  }

  var missingInputs: [BlockedProcess.MissingInput] {
    if isReady { return [] }
    let front = rounds.first { !$0.hasFired }
    var missing = dataPorts.filter { front?.ports.contains($0) != true }
    if let mergePort, merged.isEmpty { missing.insert(mergePort, at: 0) }
    return missing.map { .init(signal: queues.inputs[$0].signal, have: 0, need: 1) }
  }

  mutating func consume() -> ConsumedInputs {
    guard let counts = counts(ofRound: 0) else { return ConsumedInputs() }
    var taken = ConsumedInputs()
    taken.counts = discarded
    discarded = [:]
    for port in rounds[0].ports.prefix(counts.join).sorted() {
      let instances = queues.consume(port, 1)
      taken.counts[port, default: 0] += 1
      sorted[port, default: 0] -= 1
      taken.shown.append(ConsumedInput(signal: queues.inputs[port].signal, instances: instances))
    }
    rounds[0].hasFired = true
    startNextRound()
    return taken
  }

  /// Adds an instance of a branch to a round.
  private mutating func sort(_ port: Int) {
    var index = sorted[port, default: 0]
    while true {
      guard let counts = counts(ofRound: index) else { return unsorted.append(port) }
      if index >= rounds.count { break }
      if rounds[index].ports.count < counts.active, !rounds[index].ports.contains(port) { break }
      index += 1
    }
    if index >= rounds.count { rounds.append(Round()) }
    rounds[min(index, rounds.count - 1)].ports.append(port)
    sorted[port, default: 0] += 1
  }

  /// Discards the late branches of a complete round.
  private mutating func startNextRound() {
    while let round = rounds.first, round.hasFired, let counts = counts(ofRound: 0),
      round.ports.count >= counts.active
    {
      for port in round.ports.dropFirst(counts.join) {
        _ = queues.consume(port, 1)
        sorted[port, default: 0] -= 1
        discarded[port, default: 0] += 1
      }
      rounds.removeFirst()
      if let mergePort {
        merged.removeFirst()
        _ = queues.consume(mergePort, 1)
        discarded[mergePort, default: 0] += 1
      }
    }
  }

  /// `nil` while the round's `merge` has not arrived.
  private func counts(ofRound index: Int) -> Counts? {
    if mergePort == nil { return fixed }
    return merged.indices.contains(index) ? merged[index] : nil
  }

  /// The numbers of a `merge` signal, limited to one and the number of branches.
  private func counts(_ instance: SignalInstance) -> Counts {
    func bounded(_ key: String) -> Int {
      min(max(1, instance.datum?[key]?.int ?? dataPorts.count), max(1, dataPorts.count))
    }
    let active = bounded("Nb")
    return Counts(join: min(bounded("Nj"), active), active: active)
  }
}
