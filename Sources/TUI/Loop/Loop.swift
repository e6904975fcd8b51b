internal import Glibc
internal import Posix

/// The Elm loop: wait for an event, update the model, carry out the effects, paint.
///
/// Everything runs on the calling thread. It paints only after a change and at most every 33
/// ms, except after input (see ``PaintSchedule``). It wakes up only for a due painting and,
/// during a live run, once a second for the clock.
struct Loop {
  private(set) var model: Model
  private var display: Display
  private let openDisplay: (_ plain: Bool) throws(TerminalError) -> Display
  private let messageQueue: MessageQueue
  private let perform: (WorldEffect) -> Void
  private let userProgram: (ProgramText, TerminalSignals?) -> ProgramOutcome
  private let kind: TerminalKind
  private var paintSchedule = PaintSchedule()
  private var lastClock = Int.min / 2
  private var reason: LeaveReason?
  /// Whether another program has used the terminal since signals were last read.
  private var wasReleased = false
  private var linePrinter: LinePrinter
  private var signals: TerminalSignals?

  /// - Parameter openDisplay: opens the other kind of display after the current one is
  ///   closed.
  init(
    model: Model, display: Display, messageQueue: MessageQueue,
    openDisplay: @escaping (_ plain: Bool) throws(TerminalError) -> Display,
    userProgram: @escaping (ProgramText, TerminalSignals?) -> ProgramOutcome = UserProgram.run,
    kind: TerminalKind = TerminalKind { Environment[$0] },
    perform: @escaping (WorldEffect) -> Void
  ) {
    self.model = model
    self.display = display
    self.openDisplay = openDisplay
    linePrinter = LinePrinter(since: Clock.steadyMilliseconds)
    self.messageQueue = messageQueue
    self.perform = perform
    self.userProgram = userProgram
    self.kind = kind
  }

  mutating func run(signals: TerminalSignals) -> LeaveReason {
    self.signals = signals
    carryOut(model.start())
    while true {
      paintIfDue()
      var entries = [terminal.inputDescriptor, signals.descriptor, messageQueue.descriptor]
        .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = Poll.wait(&entries, milliseconds: waitMilliseconds)
      tick()
      let messages = messageQueue.drain()
      if !messages.isEmpty || model.hasWork { handle(.world(messages)) }
      for signal in signals.drain() { handle(signal) }
      wasReleased = false
      let isDue = terminal.inputDueAt.map { Clock.monotonicMilliseconds >= $0 } ?? false
      if entries[0].revents != 0 || isDue { readInput(entries[0].revents) }
      if let reason { return reason }
    }
  }

  /// Restores the terminal.
  func close() { terminal.close() }

  // MARK: Waiting

  /// Milliseconds until something is due; -1 for never.
  private var waitMilliseconds: Int {
    if model.hasWork { return 0 }
    let now = Clock.monotonicMilliseconds
    var moments: [Int] = []
    if let due = paintSchedule.due(every: display.frameMilliseconds) { moments.append(due) }
    if model.needsClock { moments.append(lastClock + 1000) }
    if let due = terminal.inputDueAt { moments.append(due) }
    return moments.min().map { max(0, $0 - now) } ?? -1
  }

  private mutating func tick() {
    let now = Clock.monotonicMilliseconds
    guard now - lastClock >= 1000 else { return model.setTime(Clock.steadyMilliseconds) }
    lastClock = now
    if model.needsClock { handle(.clock(Clock.steadyMilliseconds)) }
  }

  private mutating func paintIfDue() {
    let now = Clock.monotonicMilliseconds
    guard let due = paintSchedule.due(every: display.frameMilliseconds), now >= due else { return }
    switch display {
    case .screen(let terminal):
      terminal.paint(model.draw())
      model.recordShownTarget()
    case .lines(let terminal):
      if linePrinter.write(model, on: terminal) { model.recordShownTarget() }
    }
    paintSchedule.painted(at: now)
  }

  // MARK: Messages in

  private mutating func readInput(_ revents: Int16) {
    let terminal = self.terminal
    while let input = terminal.nextInput() {
      handle(.input(input))
      // The new display reads keys only after it has shown something.
      if reason != nil || self.terminal !== terminal { return }
    }
    let gone = Int32(revents) & (POLLHUP | POLLERR | POLLNVAL) != 0
    if gone || terminal.inputEnded { reason = .hangUp }
  }

  private mutating func handle(_ signal: TerminalSignals.Signal) {
    switch signal {
    case .interrupt:
      // The signal was meant for the program that had the terminal.
      if !wasReleased { reason = reason ?? .terminated }
    case .terminate: reason = reason ?? .terminated
    case .hangUp: reason = reason ?? .hangUp
    case .resized: resize()
    case .continued:
      // The program was stopped from outside, so the terminal was not restored and the
      // shell has set its own modes.
      if TerminalModes.areLost { terminal.release {} }
      carryOut([.redraw])
    }
  }

  private mutating func handle(_ message: Message) {
    let effects = model.update(message)
    if case .input = message, case .screen = display {
      paintSchedule.changed(byUser: true)
    } else {
      paintSchedule.changed(byUser: false)
    }
    if case .lines(let terminal) = display {
      linePrinter.record(message, model)
      // Without input, the end of the run ends the program.
      if !terminal.hasKeys, model.phase != .live {
        _ = linePrinter.write(model, on: terminal)
        reason = reason ?? (model.phase == .closed ? .closed : .detach)
      }
    }
    carryOut(effects)
  }

  private mutating func resize() {
    guard case .screen(let terminal) = display else { return }
    terminal.resize()
    if terminal.size != model.size { handle(.resized(terminal.size)) }
    paintSchedule.changed(byUser: false)
  }

  // MARK: Effects out

  mutating func carryOut(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .world(let effect): perform(effect)
      case .redraw: redraw()
      case .suspend:
        terminal.suspend()
        resize()
      case .setMouse(let on):
        if case .screen(let terminal) = display { terminal.setMouse(on) }
      case .setPlain(let on): change(toPlain: on)
      case .copy(let text): copy(text)
      case .bell: terminal.ringBell()
      case .notify(let text): terminal.send(TerminalMessage.notification(text, terminal: kind))
      case .runProgram(let text): runProgram(text)
      case .leave(let leaveReason): reason = leaveReason
      }
    }
  }

  private var terminal: any Terminal { display.terminal }

  private mutating func redraw() {
    switch display {
    case .screen(let terminal): terminal.invalidate()
    case .lines: linePrinter.repeatAll()
    }
    paintSchedule.changed(byUser: false)
  }

  /// Switches between screen and lines.
  private mutating func change(toPlain plain: Bool) {
    terminal.close()
    do throws(TerminalError) {
      display = try openDisplay(plain)
      model.setPlain(plain, colors: display.colors)
    } catch {
      // The previous display still works.
      if let before = try? openDisplay(!plain) { display = before }
      model.showMessage("\(error)")
    }
    if case .screen(let terminal) = display {
      terminal.setMouse(model.mouseIsOn)
      handle(.resized(terminal.size))
    }
    paintSchedule.begin()
    redraw()
  }

  private mutating func copy(_ text: String) {
    guard let sequence = TerminalMessage.clipboard(text, terminal: kind) else {
      return model.showMessage("too long for the terminal's clipboard: save it to a file")
    }
    terminal.send(sequence)
  }

  private mutating func runProgram(_ text: ProgramText) {
    var outcome = ProgramOutcome.failed("")
    terminal.release { outcome = userProgram(text, signals) }
    if case .left(let leaveReason) = outcome {
      reason = reason ?? leaveReason
      return
    }
    wasReleased = true
    resize()
    handle(.programEnded(text, outcome))
  }
}
