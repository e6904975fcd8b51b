internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// A journal event as text: a glyph, a word, a subject, a description.
struct EventText {
  /// Routine events matter only when something is wrong.
  enum Level: Int, Comparable {
    case routine, job, important

    static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
  }

  enum Symbol: Equatable {
    case task(TaskAppearance)
    /// The run, its engine and workers.
    case note
    case warning
  }

  let symbol: Symbol
  let word: String
  let subject: String
  let text: String

  private init(_ symbol: Symbol, _ word: String, _ subject: String = "", _ text: String = "") {
    (self.symbol, self.word, self.subject, self.text) = (symbol, word, subject, text)
  }

  /// The whole line, for filters.
  var line: String { "\(word) \(subject) \(text)" }

  /// `timeZoneOffset` is in seconds east of UTC.
  init(_ event: RunEvent, in run: RunState, timeZoneOffset: Int = 0) {
    let texts = Formatter(run: run, offset: timeZoneOffset)
    self =
      texts.taskText(event.change) ?? texts.controlText(event.change) ?? texts.runText(event.change)
  }

  static func level(_ change: RunEvent.Change) -> Level {
    switch change {
    case .signalSent, .taskFired, .jobSubmitted, .jobAccepted, .jobPending,
      .jobTaken, .intervalPassed:
      .routine
    case .jobStarted, .jobFinished(_, .succeeded, _, _): .job
    default: .important
    }
  }

  // MARK: By kind

  private struct Formatter {
    let run: RunState
    let offset: Int

    func label(_ firing: FiringID) -> String { run.label(firing) }

    func label(_ attempt: AttemptID) -> String {
      attempt.number > 1
        ? "\(run.label(attempt.firing)) #\(attempt.number)" : run.label(attempt.firing)
    }

    func name(_ process: ProcessID) -> String {
      run.workflow.processes.indices.contains(process.index)
        ? run.workflow[process].name.displayName : "process \(process.number)"
    }

    func taskText(_ change: RunEvent.Change) -> EventText? {
      switch change {
      case .signalSent(let signal, let value, let source): return sent(signal, value, source)
      case .taskFired(let firing, _): return EventText(.task(.ready), "fired", label(firing))
      case .jobSubmitted(let attempt):
        return EventText(.task(.submitted), "submitted", label(attempt))
      case .jobAccepted(let attempt, let nativeID):
        return EventText(.task(.queued), "accepted", label(attempt), "as \(nativeID.displayName)")
      case .jobPending(let attempt, let reason):
        return EventText(.task(.queued), "pending", label(attempt), reason.displayName)
      case .jobTaken(let attempt, let executor):
        return EventText(
          .task(.starting), "taken", label(attempt), "by \(executor.name.displayName)")
      case .jobStarted(let attempt, let executor, let pid):
        return EventText(
          .task(.running), "started", label(attempt),
          "on \(executor.host.displayName), process \(pid)")
      case .jobFinished(let attempt, let outcome, let usage, _):
        return finished(attempt, outcome, usage)
      case .attemptMade(let attempt, let reason, let edit):
        return EventText(.task(.retrying), "again", label(attempt), reasonText(reason, edit))
      case .retryScheduled(let attempt, let dueAt):
        return EventText(
          .task(.retrying), "retry due", label(attempt),
          "at \(Formats.time(milliseconds: dueAt, offset: offset))")
      case .jobWithdrawn(let attempt):
        return EventText(
          .task(.held), "withdrawn", label(attempt), "taken out of the queue: its task is held")
      case .taskReset(let firing):
        return EventText(
          .task(.waiting), "reset", label(firing), "runs again after its upstream tasks")
      case .intervalPassed(let process):
        return EventText(.task(.waiting), "interval", name(process), "may fire again")
      default: return nil
      }
    }

    func controlText(_ change: RunEvent.Change) -> EventText? {
      switch change {
      case .cancelRequested(let attempt):
        EventText(.task(.cancelled), "cancelling", label(attempt))
      case .cancelsRequested(let attempts):
        EventText(.task(.cancelled), "cancelling", Formats.counted(attempts.count, "task"))
      case .jobsCancelled(let attempts):
        EventText(
          .task(.cancelled), "cancelled", Formats.counted(attempts.count, "task"), "never started")
      case .taskSkipped(let firing):
        EventText(
          .task(.skipped), "skipped", label(firing), "its outputs were sent")
      case .taskHeld(let firing): EventText(.task(.held), "held", label(firing))
      case .taskReleased(let firing): EventText(.task(.ready), "released", label(firing))
      case .processHeld(let process):
        EventText(.task(.held), "held", name(process), "all its tasks")
      case .processReleased(let process):
        EventText(.task(.ready), "released", name(process), "all its tasks")
      case .paused: EventText(.task(.held), "paused", "", "no new jobs")
      case .continued: EventText(.task(.running), "continued")
      case .slotsChanged(let count):
        EventText(.note, "slots", "", "\(Formats.counted(count, "job")) at a time")
      case .failFastChanged(let on):
        EventText(
          .note, "fail fast", "",
          on ? "the first failure stops the run" : "failures do not stop the run")
      case .stopRequested: EventText(.task(.cancelled), "stopping", "", "all jobs are cancelled")
      default: nil
      }
    }

    func runText(_ change: RunEvent.Change) -> EventText {
      switch change {
      case .runStarted(let info):
        return EventText(
          .note, "run", info.name.displayName,
          "\(info.run.displayName), invoker \(info.invoker.displayName), in "
            + info.directory.displayName)
      case .engineStarted(let engine):
        let before = engine.takeOvers == 0 ? "" : ", take-over \(engine.takeOvers)"
        return EventText(
          .note, "engine", engine.host.displayName, "process \(engine.pid)\(before)")
      case .workerJoined(let worker, let slots):
        return EventText(
          .note, "worker", worker.name.displayName,
          "joined with \(Formats.counted(slots, "slot"))")
      case .workerGone(let name, let reason):
        return EventText(.warning, "worker", name.displayName, "left: \(reason.displayName)")
      case .allocationChanged(let place): return changed(place)
      case .notice(let text): return EventText(.warning, "notice", "", text.displayName)
      case .finishRequested: return EventText(.note, "finishing", "", "a function ended the run")
      case .runSettled(let status, let blocked): return settled(status, blocked)
      case .runFinished(let status): return EventText(.note, "closed", "", status.word)
      default: return EventText(.note, "event")
      }
    }

    private func changed(_ place: Allocation) -> EventText {
      let reason = place.reason.isEmpty ? "" : ": \(place.reason.displayName)"
      return EventText(
        .note, "place", "\(place.site.displayName) \(place.id.displayName)",
        "\(place.state.rawValue)\(reason)")
    }

    private func sent(
      _ signal: SignalID, _ value: PortValue, _ source: FiringID?
    ) -> EventText {
      let name =
        run.workflow.signals.indices.contains(signal.number - 1)
        ? run.workflow[signal].name.displayName : "signal \(signal.number)"
      let many = value.instanceCount == 1 ? "" : "\(value.instanceCount) times, "
      return EventText(
        .task(.waiting), "signal", name, many + (source.map { "from \(label($0))" } ?? "given"))
    }

    private func finished(
      _ attempt: AttemptID, _ outcome: JobOutcome, _ usage: JobUsage
    ) -> EventText {
      var words: [String] = []
      if usage.wallMilliseconds > 0 {
        words.append("after \(Formats.mean(milliseconds: Double(usage.wallMilliseconds)))")
      }
      if usage.maxResidentKilobytes > 0, outcome == .succeeded {
        words.append("max \(Formats.size(bytes: usage.maxResidentKilobytes * 1024))")
      }
      guard case .failed(let cause) = outcome else {
        let missing =
          usage.missingFiles.isEmpty ? [] : ["warning: \(usage.missingFiles)".displayName]
        return EventText(
          .task(.succeeded), "succeeded", label(attempt),
          (missing + words).joined(separator: ", "))
      }
      let appearance: TaskAppearance
      switch cause {
      case .lost: appearance = .lost
      case .cancelled: appearance = .cancelled
      default: appearance = .failed
      }
      // The summary of a timeout has its time.
      if case .timeout = cause, !words.isEmpty { words.removeFirst() }
      let facts = [cause.summary.displayName] + words
      let lastOutput = usage.lastLine.isEmpty ? cause.detail : Summary.shown(usage.lastLine)
      let end = lastOutput.map { ": \($0.displayName)" } ?? ""
      return EventText(
        .task(appearance), appearance.word, label(attempt), facts.joined(separator: " ") + end)
    }

    private func reasonText(_ reason: AttemptReason, _ edit: JobEdit?) -> String {
      let text =
        switch reason {
        case .policy: "automatic retry"
        case .user: "retried by hand"
        case .userDownstream: "retried by hand, with all tasks downstream"
        case .upstream: "an upstream task ran again"
        }
      return edit == nil ? text : "\(text), edited"
    }

    private func settled(_ status: RunStatus, _ blocked: [BlockedProcess]) -> EventText {
      let text =
        blocked.isEmpty
        ? "nothing can run any more"
        : "\(Formats.counted(blocked.count, "process waits", "processes wait")) for "
          + "signals that nobody sends"
      return EventText(.task(TaskAppearance(status)), status.word, "", text)
    }
  }
}
