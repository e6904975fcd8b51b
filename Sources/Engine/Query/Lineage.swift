import Workflow

/// For each task, the tasks whose outputs it used, derived from events: instances of a signal are
/// queued in the order of sending, and a firing consumes the oldest.
///
/// Tasks are numbered in the order of firing. A task's parents fired before it, so one walk
/// over the numbers finds everything downstream. The data are a few flat arrays: 100,000 tasks
/// with three inputs each take some 10 MB.
struct Lineage: Sendable {
  /// Consecutive queued instances with one source.
  private struct Batch: Sendable {
    var source: Int32
    var count: Int
    var next: Int32
  }

  /// A queue of batches in `batches`; -1 for none.
  private struct Queue: Sendable {
    var head: Int32 = -1
    var tail: Int32 = -1
  }

  private var firings: [FiringID] = []
  /// `parents[ends[n - 1]..<ends[n]]` are the parents of task n.
  private var parents: [Int32] = []
  private var ends: [Int32] = []
  /// By process: the number of its first firing, or -1; later ones are in `later`.
  private var first: [Int32]
  private var later: [Int: [Int32]] = [:]
  /// By process: the index of its first queue; there is one for each input.
  private let queueStart: [Int]
  private var queues: [Queue]
  private var batches: [Batch] = []
  private var freeBatch: Int32 = -1

  init(_ workflow: Workflow) {
    var start: [Int] = []
    var count = 0
    for process in workflow.processes {
      start.append(count)
      count += process.inputs.count
    }
    queueStart = start
    queues = Array(repeating: Queue(), count: count)
    first = Array(repeating: -1, count: start.count)
  }

  // MARK: Events in

  /// Instances arrived at an input; those from outside have no source.
  mutating func arrived(
    _ count: Int, at port: Int, of process: Workflow.Process, from source: FiringID?
  ) {
    guard count > 0 else { return }
    let queue = queueStart[process.id.index] + port
    let number = source.flatMap(number) ?? -1
    if process.inputs[port].sticky { drop(Int.max, from: queue) }
    if queues[queue].tail >= 0, batches[Int(queues[queue].tail)].source == number {
      batches[Int(queues[queue].tail)].count += count
      return
    }
    let batch = newBatch(Batch(source: number, count: count, next: -1))
    if queues[queue].tail >= 0 {
      batches[Int(queues[queue].tail)].next = batch
    } else {
      queues[queue].head = batch
    }
    queues[queue].tail = batch
  }

  /// The next firing of a process consumed its inputs; `consumed` as in the event.
  mutating func fired(_ process: Workflow.Process, _ firing: FiringID, _ consumed: [SignalID: Int])
  {
    let begin = parents.count
    for (port, input) in process.inputs.enumerated() {
      let queue = queueStart[process.id.index] + port
      let count = consumed[input.signal] ?? 1
      guard input.control == nil else {
        drop(count, from: queue)
        continue
      }
      if input.sticky {
        note(queues[queue].head, since: begin)
      } else if process.kind == .join, count > 1 {
        // All instances but the last were too late for an earlier round.
        drop(count - 1, from: queue)
        consume(1, from: queue, since: begin)
      } else {
        consume(count, from: queue, since: begin)
      }
    }
    if process.kind == .splitter, parents.count == begin, let last = lastNumber(of: process.id) {
      // A splitter's next firing has the input of the previous one.
      parents.append(contentsOf: Array(parents[range(ofParents: Int(last))]))
    }
    let number = Int32(firings.count)
    firings.append(firing)
    ends.append(Int32(parents.count))
    if first[process.id.index] < 0 {
      first[process.id.index] = number
    } else {
      later[process.id.index, default: []].append(number)
    }
  }

  private mutating func consume(_ count: Int, from queue: Int, since begin: Int) {
    var left = count
    while left > 0, queues[queue].head >= 0 {
      note(queues[queue].head, since: begin)
      let taken = min(left, batches[Int(queues[queue].head)].count)
      drop(taken, from: queue)
      left -= taken
    }
  }

  /// Adds the source of a batch to the parents of the current firing, which begin at `begin`.
  /// Consecutive duplicates are left out; others do no harm.
  private mutating func note(_ batch: Int32, since begin: Int) {
    guard batch >= 0 else { return }
    let source = batches[Int(batch)].source
    guard source >= 0, parents.count == begin || parents.last != source else { return }
    parents.append(source)
  }

  private mutating func drop(_ count: Int, from queue: Int) {
    var left = count
    while left > 0, queues[queue].head >= 0 {
      let head = queues[queue].head
      let batch = batches[Int(head)]
      guard batch.count <= left else {
        batches[Int(head)].count -= left
        return
      }
      left -= batch.count
      queues[queue].head = batch.next
      if batch.next < 0 { queues[queue].tail = -1 }
      batches[Int(head)].next = freeBatch
      freeBatch = head
    }
  }

  private mutating func newBatch(_ batch: Batch) -> Int32 {
    guard freeBatch >= 0 else {
      batches.append(batch)
      return Int32(batches.count - 1)
    }
    let free = freeBatch
    freeBatch = batches[Int(free)].next
    batches[Int(free)] = batch
    return free
  }

  // MARK: Questions

  /// The tasks whose outputs a task used, by process and firing.
  func parents(of firing: FiringID) -> [FiringID] {
    guard let number = number(firing) else { return [] }
    return Set(parents[range(ofParents: Int(number))].map { firings[Int($0)] }).sorted()
  }

  /// All tasks that used outputs of these, directly or not, in the order of firing.
  func descendants(of roots: [FiringID]) -> [FiringID] {
    let numbers = roots.compactMap { number($0).map(Int.init) }
    guard let minimum = numbers.min() else { return [] }
    var isReached = [Bool](repeating: false, count: firings.count)
    for number in numbers { isReached[number] = true }
    var found: [FiringID] = []
    for number in minimum..<firings.count where !isReached[number] {
      guard parents[range(ofParents: number)].contains(where: { isReached[Int($0)] }) else {
        continue
      }
      isReached[number] = true
      found.append(firings[number])
    }
    return found
  }

  private func range(ofParents number: Int) -> Range<Int> {
    (number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])
  }

  private func number(_ firing: FiringID) -> Int32? {
    let index = firing.process.index
    guard first.indices.contains(index), first[index] >= 0 else { return nil }
    if firing.number == 1 { return first[index] }
    guard let numbers = later[index], numbers.indices.contains(firing.number - 2) else {
      return nil
    }
    return numbers[firing.number - 2]
  }

  private func lastNumber(of process: ProcessID) -> Int32? {
    later[process.index]?.last ?? (first[process.index] >= 0 ? first[process.index] : nil)
  }
}
