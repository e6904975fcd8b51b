internal import Engine
internal import HumanText
internal import JobProtocol

/// A request about tasks that was sent, until its effects are in the journal.
struct TaskRequest: Equatable {
  private let verb: TaskVerb
  /// The tasks without an effect in the journal so far; `nil` if the request did not name its
  /// tasks.
  private var open: Set<FiringID>?
  private let count: Int
  private var done = 0
  /// Tasks that ended before they were cancelled.
  private var endedBefore = 0
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

  var isOver: Bool { done + endedBefore >= count }

  /// Returns whether the event is an effect of the request.
  mutating func apply(_ change: RunEvent.Change, _ run: RunState) -> Bool {
    switch (verb, change) {
    case (.retry, .attemptMade(let made, let reason, _)) where reason == .user || open != nil:
      attempt = made.number
      return markDone(made.firing)
    case (.edit, .attemptMade(let made, _, _)):
      attempt = made.number
      return markDone(made.firing)
    case (.skip, .taskSkipped(let task)), (.hold, .taskHeld(let task)),
      (.release, .taskReleased(let task)):
      return markDone(task)
    case (.cancel, .jobFinished(let attempt, .failed(.cancelled), _, _)):
      return markDone(attempt.firing)
    case (.cancel, .jobFinished(let attempt, _, _, _)):
      return markDone(attempt.firing, inTime: false)
    case (.cancel, .jobsCancelled(let attempts)):
      var isAnswer = false
      let all = attempts.attempts(processCount: run.processes.count) {
        run.processes[$0.index].tasks.count
      }
      for attempt in all where markDone(attempt.firing) { isAnswer = true }
      return isAnswer
    default: return false
    }
  }

  private mutating func markDone(_ task: FiringID, inTime: Bool = true) -> Bool {
    if open != nil, open?.remove(task) == nil { return false }
    if inTime { done += 1 } else { endedBefore += 1 }
    last = task
    return true
  }

  /// `mAdd:1 retried: attempt 2`, or `7 of 12 tasks cancelled, 1 ended before`.
  func text(_ run: RunState) -> String {
    if count == 1, let last {
      if endedBefore > 0 { return "\(run.label(last)) ended before it was cancelled" }
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
    return "\(part) \(verb.participle)" + (endedBefore > 0 ? ", \(endedBefore) ended before" : "")
  }
}

extension Model {
  /// Shows the message of a request, and tracks its effects in the journal.
  mutating func track(_ verb: TaskVerb, _ tasks: [FiringID], _ text: String) {
    showMessage(text)
    taskRequest = tasks.isEmpty ? nil : TaskRequest(verb, tasks)
  }

  /// Shows the effect of the tracked request, if the event is one.
  mutating func answerRequest(_ change: RunEvent.Change) {
    guard var request = taskRequest, request.apply(change, run) else { return }
    showMessage(request.text(run))
    taskRequest = request.isOver ? nil : request
  }
}
