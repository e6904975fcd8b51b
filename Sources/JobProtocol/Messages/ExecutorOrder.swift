/// What an engine tells executors, as a message on the executors' channel, e.g. `cancel <jobId>`.
public enum ExecutorOrder: Sendable, Equatable {
  case cancel(job: String)
  /// Run so many jobs at a time. With fewer than are running, none is taken until there is room.
  case slots(worker: String, Int)
  /// Take no more jobs, finish those that run, leave.
  case drain(worker: String)

  /// In place of a worker's name: all of the pool.
  public static let everyWorker = "*"
  public static let slotRange = 0...4096
  /// How many jobs a person may have run at a time; others are refused wherever they are asked for.
  public static let chosenSlots = 1...slotRange.upperBound

  public var text: String {
    switch self {
    case .cancel(let job): "cancel \(job)"
    case .slots(let worker, let count): "slots \(worker) \(count)"
    case .drain(let worker): "drain \(worker)"
    }
  }

  /// `nil` for what is no order. A worker's name may have blanks; a second line, a signature, is
  /// for those who have the key.
  public init?(text: String) {
    let words = text.prefix { $0 != "\n" }.split(
      separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard words.count == 2, !words[1].isEmpty else { return nil }
    let rest = words[1]
    switch words[0] {
    case "cancel": self = .cancel(job: String(rest))
    case "drain": self = .drain(worker: String(rest))
    case "slots":
      guard let blank = rest.lastIndex(of: " "), blank > rest.startIndex,
        let count = Int(rest[rest.index(after: blank)...]),
        ExecutorOrder.slotRange.contains(count)
      else { return nil }
      self = .slots(worker: String(rest[..<blank]), count)
    default: return nil
    }
  }

  /// Whether an order to a worker is meant for the one of this name.
  public static func addresses(_ worker: String, name: String) -> Bool {
    worker == everyWorker || worker == name
  }
}
