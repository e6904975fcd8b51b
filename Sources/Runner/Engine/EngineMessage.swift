import JSONValue
import JobProtocol

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
