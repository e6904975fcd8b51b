internal import Engine
internal import HumanText
internal import JobProtocol

/// A request about tasks that was sent, until the journal says what became of it.
struct TaskRequest: Equatable {
  private let verb: TaskVerb
  /// The tasks that nothing has been heard about; `nil` if they are not known by name.
  private var open: Set<FiringID>?
  private let count: Int
  private var done = 0
  /// Tasks that ended before they were cancelled.
  private var late = 0
  private var last: FiringID?
  private var attempt = 1

  init(_ verb: TaskVerb, _ tasks: [FiringID]) {
    self.verb = verb
    open = Set(tasks)
    count = tasks.count
  }

  /// Retries all failed tasks.
  init(retryOf count: Int) {
    verb = .retry
    self.count = count
  }

  var isOver: Bool { done + late >= count }

  /// Returns whether the event is about it.
  mutating func note(_ change: RunEvent.Change, _ run: RunState) -> Bool {
    switch (verb, change) {
    case (.retry, .attemptMade(let made, let reason, _)) where reason == .user || open != nil:
      attempt = made.number
      return settle(made.firing)
    case (.edit, .attemptMade(let made, _, _)):
      attempt = made.number
      return settle(made.firing)
    case (.skip, .taskSkipped(let task)), (.hold, .taskHeld(let task)),
      (.release, .taskReleased(let task)):
      return settle(task)
    case (.cancel, .jobFinished(let attempt, .failed(.cancelled), _, _)):
      return settle(attempt.firing)
    case (.cancel, .jobFinished(let attempt, _, _, _)):
      return settle(attempt.firing, inTime: false)
    case (.cancel, .jobsCancelled(let attempts)):
      var isAnswer = false
      let all = attempts.attempts(processCount: run.processes.count) {
        run.processes[$0.index].tasks.count
      }
      for attempt in all where settle(attempt.firing) { isAnswer = true }
      return isAnswer
    default: return false
    }
  }

  private mutating func settle(_ task: FiringID, inTime: Bool = true) -> Bool {
    if open != nil, open?.remove(task) == nil { return false }
    if inTime { done += 1 } else { late += 1 }
    last = task
    return true
  }

  /// `mAdd:1 retried: attempt 2`, or `7 of 12 tasks cancelled, 1 ended before`.
  func words(_ run: RunState) -> String {
    if count == 1, let last {
      if late > 0 { return "\(run.label(last)) ended before it was cancelled" }
      let more =
        switch verb {
        case .retry, .edit: ": attempt \(attempt)"
        case .skip: ": its outputs were sent"
        case .hold, .release, .cancel: ""
        }
      return "\(run.label(last)) \(verb.participle)\(more)"
    }
    let all = Formats.counted(count, "task")
    let part = done == count ? all : "\(done) of \(all)"
    return "\(part) \(verb.participle)" + (late > 0 ? ", \(late) ended before" : "")
  }
}

extension Model {
  /// Says what is being done; what then happens is said when the engine has done it.
  mutating func request(_ verb: TaskVerb, _ tasks: [FiringID], _ words: String) {
    say(words)
    taskRequest = tasks.isEmpty ? nil : TaskRequest(verb, tasks)
  }

  /// Says what has become of a request.
  mutating func answerRequest(_ change: RunEvent.Change) {
    guard var request = taskRequest, request.note(change, run) else { return }
    say(request.words(run))
    taskRequest = request.isOver ? nil : request
  }
}
