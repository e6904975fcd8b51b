import JSONValue
import JobProtocol

/// What reaches the engine's inbox from outside.
enum EngineMessage: Sendable {
  /// Entries of the reports stream up to an id.
  case reports([JobReport], upTo: String)
  case control([JSON], upTo: String)
  /// Completions of newer original executors, task ids with exit codes.
  case completions([(task: String, code: String)], upTo: String)
  /// The set of pending completions may have members.
  case pendingCompletions
  case host(HostLoop.Event)
  case javaScript(JavaScriptEvent)
  case news(InvokerNews)
  /// What people should know.
  case notice(String)
  /// A reader gave up for good.
  case failed(RunnerError)
}
