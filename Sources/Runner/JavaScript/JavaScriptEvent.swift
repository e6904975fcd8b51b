import Engine
import JSONValue
import Posix

/// What Node.js reports about the functions that it runs. `job` is the id of the call's job.
enum JavaScriptEvent: Sendable, Equatable {
  /// One value for each data output.
  case done(job: String, [PortValue])
  case failed(job: String, text: String, stack: String)
  /// The function printed `text`; before it, `leftOut` lines were left out.
  case printed(job: String, isError: Bool, text: String, leftOut: Int = 0)
  /// The function called `process.exit`.
  case exit(job: String, code: Int)
  /// The function asks for an operation in Redis; the answer goes to question `id`.
  case asked(Question, id: Int, task: String)
  case pong
  /// Node.js itself has ended.
  case ended(Child, ExitStatus?)

  enum Question: Sendable, Equatable {
    case send(message: String)
    case mark
    case check
  }

  /// Reads one answer; `nil` if it is none: functions run in the same process and could write
  /// anything.
  init?(_ json: JSON) {
    switch json["op"]?.string {
    case "pong": self = .pong
    case "send", "mark", "check":
      guard let id = json["id"]?.int, let task = json["task"]?.string,
        let question = Question(json)
      else { return nil }
      self = .asked(question, id: id, task: task)
    default:
      guard let job = json["call"]?.string, let event = Self.event(of: job, json) else {
        return nil
      }
      self = event
    }
  }

  private static func event(of job: String, _ json: JSON) -> JavaScriptEvent? {
    switch json["op"]?.string {
    case "done": .done(job: job, (json["outs"]?.array ?? []).map { PortValue($0) ?? .bare })
    case "failed":
      .failed(
        job: job, text: json["text"]?.string ?? "it failed", stack: json["stack"]?.string ?? "")
    case "log":
      .printed(
        job: job, isError: json["stream"]?.int == 2, text: json["text"]?.string ?? "")
    case "exit": .exit(job: job, code: json["code"]?.int ?? 0)
    default: nil
    }
  }

}

extension JavaScriptEvent {
  /// The event, with the count of lines left out before it; `nil` if the limiter accepts no more
  /// text.
  func limited(by limiter: PrintLimiter) -> JavaScriptEvent? {
    guard case .printed(let job, let isError, let text, _) = self else { return self }
    return limiter.accept(text, of: job)
      .map { .printed(job: job, isError: isError, text: text, leftOut: $0) }
  }
}

extension JavaScriptEvent.Question {
  fileprivate init?(_ json: JSON) {
    switch json["op"]?.string {
    case "send": self = .send(message: json["message"]?.string ?? "")
    case "mark": self = .mark
    case "check": self = .check
    default: return nil
    }
  }
}
