import JSONValue
import JobProtocol
import Posix
import Redis
import Runs

/// Reads everything that comes to the engine over Redis and puts it into the inbox.
struct EngineReaders: Sendable {
  let plan: RunPlan
  let url: RedisURL
  let inbox: Inbox<EngineMessage>
  let pace: ReadingPace
  /// The key whose keyspace notifications announce completions; `nil` if Redis sends none, or no
  /// job needs them.
  let pendingKeyToWatch: String?
  let outages: OutageWatch

  /// Returns when its task is cancelled. A reader that fails for good ends the engine.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await readStreams() }
      if let pendingKeyToWatch { group.addTask { await watch(key: pendingKeyToWatch) } }
    }
  }

  /// One blocking read for all streams, from their beginning: entries that were committed have been
  /// trimmed.
  private func readStreams() async {
    let streams = [plan.keys.reports, plan.keys.control, plan.keys.completions]
    let reader = RedisStreamReader(url, streams: streams.map { ($0, "0") }, pace: pace)
    let states = reader.states
    let following = Task { await outages.follow(states, as: 1) }
    defer { following.cancel() }
    do {
      for try await batch in reader { deliver(batch) }
    } catch {
      inbox.send(.failed(RunnerError(.infrastructure, "\(error)").afterStart(of: plan.run)))
    }
  }

  private func deliver(_ batch: [StreamEntry]) {
    for (stream, entries) in Dictionary(grouping: batch, by: \.stream) {
      guard let last = entries.last?.id else { continue }
      switch stream {
      case plan.keys.reports:
        for message in Self.reports(entries) { inbox.send(message) }
      case plan.keys.control:
        inbox.send(.control(entries.map { ($0.id, Self.request($0)) }))
      case plan.keys.completions:
        inbox.send(.completions(entries.compactMap(Self.completion), upTo: last))
      default: break
      }
    }
  }

  /// Messages of a bounded number of reports, because an entry may have many: each message is
  /// handled in one turn.
  static func reports(_ entries: [StreamEntry]) -> [EngineMessage] {
    var messages: [EngineMessage] = []
    var reports: [JobReport] = []
    for (index, entry) in entries.enumerated() {
      reports += JobReport.reports(in: entry.textFields)
      guard reports.count >= reportsInMessage || index == entries.count - 1 else { continue }
      messages.append(.reports(reports, upTo: entry.id))
      reports = []
    }
    return messages
  }

  private static let reportsInMessage = 500

  private static func request(_ entry: StreamEntry) -> JSON? {
    entry["c"].flatMap { try? JSON(parsing: $0) }
  }

  private static func completion(_ entry: StreamEntry) -> (task: String, code: String)? {
    guard let task = entry.string("taskId"), let code = entry.string("code") else { return nil }
    return (task, code)
  }

  private func watch(key: String) async {
    let channel = "__keyspace@\(url.database)__:\(key)"
    do {
      for try await event in RedisSubscription(url, channels: [channel]) {
        switch event {
        case .subscribed, .resubscribed: inbox.send(.pendingCompletions)
        case .message(let push) where push.payload == Array("sadd".utf8):
          inbox.send(.pendingCompletions)
        case .message, .lost: break
        }
      }
    } catch {
      inbox.send(.failed(RunnerError(.infrastructure, "\(error)").afterStart(of: plan.run)))
    }
  }
}

extension StreamEntry {
  fileprivate var textFields: [(String, String)] {
    fields.map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
  }
}

/// A message to the engine's inbox.
enum EngineMessage: Sendable {
  /// Entries of the reports stream, up to and including an entry's id.
  case reports([JobReport], upTo: String)
  /// Entries of the control stream, in order, with their ids; `nil` for invalid ones.
  case control([(id: String, request: JSON?)])
  /// Entries of the completions stream, which newer original executors write.
  case completions([(task: String, code: String)], upTo: String)
  /// The set of pending completions may have members.
  case pendingCompletions
  case host(HostLoop.Event)
  case javaScript(JavaScriptEvent)
  case news(InvokerNews)
  /// A notice for the journal.
  case notice(String)
  /// A reader gave up for good.
  case failed(RunnerError)
}
