/// An order of an engine to executors: a message on their channel, for example `cancel
/// <jobId>`.
public enum ExecutorOrder: Sendable, Equatable {
  case cancel(job: String)
  /// Run this many jobs at a time. While more are running, take no new job.
  case slots(worker: String, Int)
  /// Take no more jobs, finish the running ones, exit.
  case drain(worker: String)

  /// Stands for all workers of the pool.
  public static let everyWorker = "*"
  public static let slotRange = 0...4096
  /// The numbers of slots that users may choose.
  public static let chosenSlots = 1...slotRange.upperBound

  public var text: String {
    switch self {
    case .cancel(let job): "cancel \(job)"
    case .slots(let worker, let count): "slots \(worker) \(count)"
    case .drain(let worker): "drain \(worker)"
    }
  }

  /// `nil` if the text is not an order. A worker's name may have spaces; the second line is a
  /// signature.
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

  /// Whether an order is for the worker with this name.
  public static func addresses(_ worker: String, name: String) -> Bool {
    worker == everyWorker || worker == name
  }
}
