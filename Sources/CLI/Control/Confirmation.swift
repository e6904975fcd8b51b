import Engine
import Workflow

/// The journal events that confirm a request, and the lines to print for them.
struct Confirmation {
  enum Subject: Hashable {
    case task(FiringID)
    case process(ProcessID)
    case run
  }

  private(set) var pending: Set<Subject>
  private let answer: (RunEvent.Change) -> (Subject, String)?

  /// `answer` returns what an event confirms and the line to print; `nil` for any other
  /// event.
  init(
    _ pending: some Sequence<Subject>, _ answer: @escaping (RunEvent.Change) -> (Subject, String)?
  ) {
    self.pending = Set(pending)
    self.answer = answer
  }

  var isAnswered: Bool { pending.isEmpty }

  /// The line to print if the event is the first to confirm something.
  mutating func confirm(_ event: RunEvent) -> String? {
    guard let (subject, line) = answer(event.change), pending.remove(subject) != nil else {
      return nil
    }
    return line
  }
}

extension Confirmation {
  static func run(_ answer: @escaping (RunEvent.Change) -> String?) -> Confirmation {
    Confirmation([.run]) { change in answer(change).map { (.run, $0) } }
  }

  static func tasks(
    _ tasks: [FiringID], _ answer: @escaping (RunEvent.Change) -> (FiringID, String)?
  ) -> Confirmation {
    Confirmation(tasks.map(Subject.task)) { change in
      answer(change).map { (.task($0.0), $0.1) }
    }
  }
}
