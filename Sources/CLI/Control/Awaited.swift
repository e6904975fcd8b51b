import Engine
import Workflow

/// What must be in the journal for a request to have been heard, and the line that tells of it.
struct Awaited {
  enum Subject: Hashable {
    case task(FiringID)
    case process(ProcessID)
    case run
  }

  private(set) var pending: Set<Subject>
  private let answer: (RunEvent.Change) -> (Subject, String)?

  /// `answer` says what an event answers and what to tell; `nil` for an event that does not.
  init(
    _ pending: some Sequence<Subject>, _ answer: @escaping (RunEvent.Change) -> (Subject, String)?
  ) {
    self.pending = Set(pending)
    self.answer = answer
  }

  var isAnswered: Bool { pending.isEmpty }

  /// The line to tell when the event answers something for the first time.
  mutating func take(_ event: RunEvent) -> String? {
    guard let (subject, line) = answer(event.change), pending.remove(subject) != nil else {
      return nil
    }
    return line
  }
}

extension Awaited {
  static func run(_ answer: @escaping (RunEvent.Change) -> String?) -> Awaited {
    Awaited([.run]) { change in answer(change).map { (.run, $0) } }
  }

  static func tasks(
    _ tasks: [FiringID], _ answer: @escaping (RunEvent.Change) -> (FiringID, String)?
  ) -> Awaited {
    Awaited(tasks.map(Subject.task)) { change in
      answer(change).map { (.task($0.0), $0.1) }
    }
  }
}
