import JSONValue
public import Workflow

/// Many attempts in little space, in the order of addition.
///
/// Attempts with the same number, of neighbouring processes or of neighbouring firings of one
/// process, form a block. So the 100,000 tasks of a `foreach` take one block, and an event
/// about all of them is one short line of the journal.
public struct AttemptList: Sendable, Equatable {
  /// The attempts `attempt` of the firings `firings` of the processes `processes`, by process and
  /// then by firing.
  private struct Block: Sendable, Equatable {
    var processes: Range<Int>
    var firings: Range<Int>
    let attempt: Int

    /// Adds the attempt to the end of the block. Returns whether that is possible.
    mutating func extend(with other: AttemptID) -> Bool {
      guard other.number == attempt else { return false }
      let process = other.firing.process.number
      let firing = other.firing.number
      if processes.count == 1, process == processes.lowerBound, firing == firings.upperBound {
        firings = firings.lowerBound..<firing + 1
        return true
      }
      if firings.count == 1, firing == firings.lowerBound, process == processes.upperBound {
        processes = processes.lowerBound..<process + 1
        return true
      }
      return false
    }
  }

  private var blocks: [Block] = []
  public private(set) var count = 0

  public init(_ attempts: some Sequence<AttemptID>) {
    for attempt in attempts { append(attempt) }
  }

  public var isEmpty: Bool { count == 0 }

  private mutating func append(_ attempt: AttemptID) {
    count += 1
    if let last = blocks.indices.last, blocks[last].extend(with: attempt) { return }
    let process = attempt.firing.process.number
    let firing = attempt.firing.number
    blocks.append(
      Block(
        processes: process..<process + 1, firings: firing..<firing + 1, attempt: attempt.number))
  }

  func contains(_ attempt: AttemptID) -> Bool {
    blocks.contains {
      $0.attempt == attempt.number && $0.processes.contains(attempt.firing.process.number)
        && $0.firings.contains(attempt.firing.number)
    }
  }

  /// The attempts of existing tasks. A parsed list is not trusted: it may name others.
  ///
  /// - Parameters:
  ///   - processCount: How many processes the workflow has.
  ///   - firingCount: How often a process has fired.
  public func attempts(
    processCount: Int, firingCount: (ProcessID) -> Int
  ) -> [AttemptID] {
    var attempts: [AttemptID] = []
    let known = 1..<processCount + 1
    for block in blocks {
      for number in block.processes.clamped(to: known) {
        let process = ProcessID(number: number)
        let fired = 1..<firingCount(process) + 1
        for firing in block.firings.clamped(to: fired) {
          attempts.append(AttemptID(FiringID(process, firing), block.attempt))
        }
      }
    }
    return attempts
  }
}

extension AttemptList {
  /// For each block: process, number of processes, firing, number of firings, attempt.
  var json: JSON {
    .array(
      blocks.map { block in
        [
          .int(block.processes.lowerBound), .int(block.processes.count),
          .int(block.firings.lowerBound), .int(block.firings.count), .int(block.attempt),
        ]
      })
  }

  /// `nil` if the JSON is not a list of attempts, or is empty.
  init?(_ json: JSON) {
    guard let array = json.array, !array.isEmpty else { return nil }
    for item in array {
      guard let numbers = item.array?.map({ $0.int ?? 0 }), numbers.count == 5,
        numbers.allSatisfy({ $0 >= 1 && $0 <= Int(Int32.max) })
      else { return nil }
      let processes = numbers[0]..<numbers[0] + numbers[1]
      let firings = numbers[2]..<numbers[2] + numbers[3]
      blocks.append(Block(processes: processes, firings: firings, attempt: numbers[4]))
      count += processes.count * firings.count
    }
  }
}
